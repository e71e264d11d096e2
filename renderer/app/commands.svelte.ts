import { onDestroy, type Component } from 'svelte';

/** Something that the command palette offers beside the pages. */
export interface Command {
  readonly id: string;
  readonly label: string;
  /** Under which heading. */
  readonly group: string;
  readonly icon?: Component<{ size?: number }>;
  readonly run: () => void;
}

let sources: readonly (() => readonly Command[])[] = $state.raw([]);

export const commands = (): readonly Command[] => sources.flatMap((source) => source());

/** Commands of a page, for as long as this component is there; read anew whenever the palette opens. */
export function useCommands(source: () => readonly Command[]): void {
  sources = [...sources, source];
  onDestroy(() => {
    sources = sources.filter((one) => one !== source);
  });
}
