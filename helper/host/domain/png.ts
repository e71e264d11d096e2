/** PNG out of PPM, which is what QEMU gives where it was built without a PNG library (RFC 2083; netpbm's P6). */
import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex');

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
}

/** A PNG of 8-bit RGB pixels, `width` * `height` * 3 bytes. */
export function encodePng(width: number, height: number, rgb: Buffer): Buffer {
  const stride = width * 3;
  const rows = Buffer.alloc((stride + 1) * height);
  for (let y = 0; y < height; y += 1) rgb.copy(rows, y * (stride + 1) + 1, y * stride, (y + 1) * stride);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // 8 bits a sample, colour type 2 (RGB), deflate, no interlace.
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** @throws {RangeError} where the bytes are no PPM (P6) of 8 bits a sample. */
export function ppmToPng(ppm: Buffer): Buffer {
  const head = /^P6\s+(?:#[^\n]*\n\s*)*(\d+)\s+(\d+)\s+255\s/.exec(ppm.subarray(0, 512).toString('latin1'));
  if (head === null) throw new RangeError('not a PPM image');
  const [width, height] = [Number(head[1]), Number(head[2])];
  const rgb = ppm.subarray(head[0].length);
  if (rgb.length < width * height * 3) throw new RangeError('the PPM image is cut off');
  return encodePng(width, height, rgb);
}
