import { expect, test } from 'vitest';
import { strokesOf, type LayoutId } from './keyboard-layouts.ts';

/** 'KeyA', '+KeyA' with Shift, '~KeyQ' with AltGr. */
const typed = (text: string, layout: LayoutId): string =>
  strokesOf(text, layout)
    .strokes.map(({ code, shift, altGr }) => `${shift ? '+' : ''}${altGr ? '~' : ''}${code}`)
    .join(' ');

test('each layout has a key for all of ASCII', () => {
  const ascii = Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)).join('');
  for (const layout of ['us', 'uk', 'de', 'fr'] as const)
    expect([layout, strokesOf(ascii, layout).missing]).toEqual([layout, []]);
});

test('the same text is other keys on other keyboards', () => {
  expect(typed('z@1\n', 'us')).toBe('KeyZ +Digit2 Digit1 Enter');
  expect(typed('z@1\n', 'uk')).toBe('KeyZ +Quote Digit1 Enter');
  expect(typed('z@1\n', 'de')).toBe('KeyY ~KeyQ Digit1 Enter');
  expect(typed('z@1\n', 'fr')).toBe('KeyW ~Digit0 +Digit1 Enter');
});

test('what people type into a shell', () => {
  expect(typed('a|b', 'de')).toBe('KeyA ~IntlBackslash KeyB');
  expect(typed('{[]}\\', 'de')).toBe('~Digit7 ~Digit8 ~Digit9 ~Digit0 ~Minus');
  expect(typed('{[|\\]}', 'fr')).toBe('~Digit4 ~Digit5 ~Digit6 ~Digit8 ~Minus ~Equal');
  expect(typed('#~\\|', 'uk')).toBe('Backslash +Backslash IntlBackslash +IntlBackslash');
  expect(typed('€', 'uk')).toBe('~Digit4');
});

test('dead keys give the accent alone with the space, and join the letter after them', () => {
  expect(typed('^', 'de')).toBe('Backquote Space');
  expect(typed('é', 'de')).toBe('Equal KeyE');
  expect(typed('É', 'de')).toBe('Equal +KeyE');
  expect(typed('ê', 'fr')).toBe('BracketLeft KeyE');
  // AltGr gives it at once there.
  expect(typed('~', 'fr')).toBe('~Digit2');
});

test('lines of any kind end in Enter, and what no key gives is told once', () => {
  expect(typed('a\r\nb\rc', 'us')).toBe('KeyA Enter KeyB Enter KeyC');
  expect(strokesOf('日本日é', 'us')).toEqual({ strokes: [], missing: ['日', '本', 'é'] });
});
