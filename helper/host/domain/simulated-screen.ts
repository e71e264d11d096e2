/** What a simulated guest shows: one word in big pixels, so that nobody takes it for a real machine. */

export const SCREEN_WIDTH = 320;
export const SCREEN_HEIGHT = 200;

/** 5 by 7 pixels a letter, a row a number, most significant bit left. */
const GLYPHS: Readonly<Record<string, readonly number[]>> = {
  A: [0x0e, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11],
  D: [0x1e, 0x11, 0x11, 0x11, 0x11, 0x11, 0x1e],
  E: [0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x1f],
  I: [0x0e, 0x04, 0x04, 0x04, 0x04, 0x04, 0x0e],
  L: [0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x1f],
  M: [0x11, 0x1b, 0x15, 0x15, 0x11, 0x11, 0x11],
  S: [0x0f, 0x10, 0x10, 0x0e, 0x01, 0x01, 0x1e],
  T: [0x1f, 0x04, 0x04, 0x04, 0x04, 0x04, 0x04],
  U: [0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0e],
};

const WORD = 'SIMULATED';
const SCALE = 5;
const LEFT = Math.floor((SCREEN_WIDTH - WORD.length * 6 * SCALE) / 2);
const TOP = Math.floor((SCREEN_HEIGHT - 7 * SCALE) / 2);

/** Whether the pixel belongs to the word. */
export function isLit(x: number, y: number): boolean {
  const column = Math.floor((x - LEFT) / SCALE);
  const row = Math.floor((y - TOP) / SCALE);
  if (x < LEFT || y < TOP || row > 6 || column % 6 > 4) return false;
  const bits = GLYPHS[WORD.charAt(Math.floor(column / 6))]?.[row] ?? 0;
  return ((bits >> (4 - (column % 6))) & 1) === 1;
}

/** Red, green, blue of 0 to 255. */
export type Colour = readonly [number, number, number];
const LIT: Colour = [255, 200, 60];
const DARK: Colour = [24, 28, 48];

/** The whole screen, each pixel as `encode` gives it. */
export function paint(encode: (colour: Colour) => Buffer): Buffer {
  const [lit, dark] = [encode(LIT), encode(DARK)];
  const pixels: Buffer[] = [];
  for (let y = 0; y < SCREEN_HEIGHT; y += 1) {
    for (let x = 0; x < SCREEN_WIDTH; x += 1) pixels.push(isLit(x, y) ? lit : dark);
  }
  return Buffer.concat(pixels);
}
