import { currentLanguage } from './index.svelte.ts';
import { inChinese } from './zh/in-chinese.ts';

/** What the helper says of its work (notes, reasons, findings), in the window's language. Reactive. */
export const said = (text: string): string => (currentLanguage() === 'zh' ? inChinese(text) : text);
