import { onDestroy } from 'svelte';

export interface Shortcut {
  /** 'ctrl+k', '/', 'g s' (one after the other). */
  readonly keys: string;
  readonly label: string;
  readonly run: () => void;
}

const SEQUENCE_MS = 900;
let all: readonly Shortcut[] = $state.raw([]);
let before = '';
let beforeAt = 0;

/** What can be pressed now; for the help. */
export const shortcuts = (): readonly Shortcut[] => all;

/** Shortcuts for as long as this component is there. */
export function useShortcuts(...wanted: readonly Shortcut[]): void {
  all = [...all, ...wanted];
  onDestroy(() => {
    all = all.filter((one) => !wanted.includes(one));
  });
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target.closest('[data-keys="own"]') !== null ||
    (['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName) &&
      !['checkbox', 'radio'].includes((target as HTMLInputElement).type)));

/** The window's one listener for keys. The latest shortcut of the same keys wins. */
export function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.altKey || event.isComposing) return;
  const held = event.ctrlKey || event.metaKey ? 'ctrl+' : '';
  // While a person types only what is held counts; an open dialog has the keys to itself.
  if (held === '' && (isTyping(event.target) || document.querySelector('[role="dialog"]') !== null)) return;
  const key = held + (event.key.length === 1 ? event.key.toLowerCase() : event.key);
  const sequence = Date.now() - beforeAt < SEQUENCE_MS ? `${before} ${key}` : key;
  const found = all.findLast((one) => one.keys === sequence) ?? all.findLast((one) => one.keys === key);
  before = key;
  beforeAt = Date.now();
  if (found === undefined) return;
  event.preventDefault();
  before = '';
  found.run();
}
