import { en, type Messages } from './en/index.ts';

export type Language = 'en' | 'zh';
export const LANGUAGES: Readonly<Record<Language, string>> = { en: 'English', zh: '中文' };

let current: Messages = $state.raw(en);
let language: Language = $state('en');

/**
 * The window's words in the person's language: `m().servers.title`, `m().servers.deleted(3)`. Reactive. A message that
 * a language lacks, or has with other arguments, is a type error.
 */
export const m = (): Messages => current;

export const currentLanguage = (): Language => language;

/** Loads a language and shows everything in it. */
export async function setLanguage(wanted: Language): Promise<void> {
  current = wanted === 'en' ? en : (await import('./zh/index.ts')).zh;
  language = wanted;
  document.documentElement.lang = wanted === 'zh' ? 'zh-CN' : 'en';
}

/** The language for what a desktop says it speaks, as 'zh-CN'. */
export const languageFor = (tag: string): Language => (tag.toLowerCase().startsWith('zh') ? 'zh' : 'en');

const locale = (): string => (language === 'zh' ? 'zh-CN' : 'en-GB');

/** '1,234'. */
export const number = (value: number, options: Intl.NumberFormatOptions = {}): string =>
  new Intl.NumberFormat(locale(), options).format(value);

/** '1.5 GiB'. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${number(value, { maximumFractionDigits: value < 10 && unit > 0 ? 1 : 0 })} ${units[unit] ?? ''}`;
}

/** '12 ms', '3.4 s', '2 min 5 s'. */
export function duration(ms: number): string {
  if (ms < 10) return `${number(ms, { maximumFractionDigits: 1 })} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${number(ms / 1000, { maximumFractionDigits: 1 })} s`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = Math.round((ms % 60_000) / 1000);
  return minutes < 60 ? `${minutes} min ${seconds} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The day and the time, to the second. */
export const dateTime = (at: number | string): string =>
  new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'medium' }).format(new Date(at));

/** '5 minutes ago'. */
export function ago(at: number | string, now: number): string {
  const seconds = Math.round((now - new Date(at).getTime()) / 1000);
  const format = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto', style: 'short' });
  if (seconds < 5) return m().common.justNow;
  if (seconds < 60) return format.format(-seconds, 'second');
  if (seconds < 3600) return format.format(-Math.floor(seconds / 60), 'minute');
  if (seconds < 86_400) return format.format(-Math.floor(seconds / 3600), 'hour');
  return format.format(-Math.floor(seconds / 86_400), 'day');
}
