import { readFileSync } from 'node:fs';
import type { Locator } from 'playwright-core';

/** The VGA BIOS of the guests, which has the font of the text mode in it (package seabios). */
const BIOS = '/usr/share/seabios/vgabios-stdvga.bin';
const ROWS = 16;
/** 'A' in the font of 8 by 16 that all VGA cards have; a byte a row. */
const LETTER_A = Buffer.from('000010386cc6c6fec6c6c6c600000000', 'hex');

/** Characters by their picture: 16 bytes of 8 pixels, as hexadecimal digits. */
function readFont(): ReadonlyMap<string, string> {
  const bios = readFileSync(BIOS);
  const at = bios.indexOf(LETTER_A) - 0x41 * ROWS;
  if (at < 0) throw new Error(`${BIOS} has no font of 8 by 16 in it`);
  const font = new Map<string, string>();
  for (let code = 0x20; code < 0x7f; code += 1)
    font.set(
      bios.subarray(at + code * ROWS, at + (code + 1) * ROWS).toString('hex'),
      String.fromCharCode(code),
    );
  return font;
}

let font: ReadonlyMap<string, string> | undefined;

/** A picture in black and white: a byte a pixel, 0 or 1. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint8Array;
}

/** What is written on a text screen, read from its pixels alone; what is no letter is left blank. A line a row. */
export function textIn({ width, height, pixels }: Picture): string {
  font ??= readFont();
  // Text modes of 80 columns: letters are 9 pixels apart on VGA cards, 8 in a framebuffer.
  const step = width === 720 ? 9 : 8;
  const lines: string[] = [];
  for (let top = 0; top + ROWS <= height; top += ROWS) {
    let line = '';
    for (let left = 0; left + step <= width; left += step) {
      const glyph = Buffer.alloc(ROWS);
      for (let y = 0; y < ROWS; y += 1)
        for (let x = 0; x < 8; x += 1)
          if (pixels[(top + y) * width + left + x] === 1) glyph[y] = (glyph[y] ?? 0) | (0x80 >> x);
      line += font.get(glyph.toString('hex')) ?? ' ';
    }
    lines.push(line.trimEnd());
  }
  return lines.join('\n').trimEnd();
}

/** The picture that a canvas of a page shows. */
export async function pictureOf(canvas: Locator): Promise<Picture> {
  const { width, height, bits } = await canvas.evaluate((element) => {
    const shown = element as unknown as {
      width: number;
      height: number;
      getContext(kind: '2d'): {
        getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray };
      };
    };
    const { width: columns, height: rows } = shown;
    const { data } = shown.getContext('2d').getImageData(0, 0, columns, rows);
    let text = '';
    for (let at = 0; at < data.length; at += 4)
      text += (data[at] ?? 0) + (data[at + 1] ?? 0) + (data[at + 2] ?? 0) > 240 ? '1' : '0';
    return { width: columns, height: rows, bits: text };
  });
  return { width, height, pixels: Uint8Array.from(bits, Number) };
}
