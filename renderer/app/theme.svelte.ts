import { preference, savePreference } from './preferences.svelte.ts';

export type Theme = 'system' | 'light' | 'dark';

const dark = matchMedia('(prefers-color-scheme: dark)');
let systemIsDark = $state(dark.matches);
dark.addEventListener('change', () => {
  systemIsDark = dark.matches;
});

export const theme = (): Theme => preference<string>('theme', 'system') as Theme;
export const isDark = (): boolean => (theme() === 'system' ? systemIsDark : theme() === 'dark');
export const setTheme = (wanted: Theme): void => savePreference('theme', wanted);
