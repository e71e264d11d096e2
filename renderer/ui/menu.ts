import type { Component } from 'svelte';

/** An entry of a menu, or a line between two groups. */
export type MenuItem =
  | {
      readonly label: string;
      readonly icon?: Component<{ size?: number }>;
      readonly run: () => void;
      readonly danger?: boolean;
      /** It is one of several to choose from, and is chosen. */
      readonly checked?: boolean;
      /** What it means, below its name. */
      readonly hint?: string;
      /** Why it cannot be chosen now; it is shown all the same. */
      readonly why?: string | undefined;
    }
  | 'line';
