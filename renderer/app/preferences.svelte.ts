import type { Preferences } from '../../main/contract/shell.ts';
import { shell } from '../shell/shell.ts';

type Value = Preferences[string];

let all: Preferences = $state.raw({});
let timer: ReturnType<typeof setTimeout> | undefined;
const SAVE_MS = 300;

export async function loadPreferences(): Promise<void> {
  all = await shell.preferences({});
}

/** What the person chose before, or the fallback when they did not, or it is of another form by now. Reactive. */
export function preference<T extends Value>(key: string, fallback: T): T {
  const value = all[key];
  return typeof value === typeof fallback && Array.isArray(value) === Array.isArray(fallback)
    ? (value as T)
    : fallback;
}

/** Remembers a choice, at once here and soon in the person's file. */
export function savePreference(key: string, value: Value): void {
  all = { ...all, [key]: value };
  clearTimeout(timer);
  timer = setTimeout(() => void shell.setPreferences(all).catch(() => undefined), SAVE_MS);
}
