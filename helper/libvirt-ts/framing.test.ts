import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { errorOf } from './fake-daemon.ts';
import { FrameDecoder } from './framing.ts';
import { decodePacket, encodePacket, HEADER_BYTES, MESSAGE_MAX, Program } from './protocol.ts';
import { XdrError } from './xdr.ts';

const packet = (payload: Uint8Array, serial = 1) => ({
  program: Program.REMOTE,
  procedure: 7,
  type: 1,
  serial,
  status: 0,
  payload: Buffer.from(payload),
});

test('packets come out whole and in order, however the stream is cut', () => {
  const payloads = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 });
  const cuts = fc.array(fc.integer({ min: 1, max: 97 }), { minLength: 1 });
  fc.assert(
    fc.property(payloads, cuts, (list, sizes) => {
      const sent = list.map((payload, index) => packet(payload, index + 1));
      const bytes = Buffer.concat(sent.map(encodePacket));
      const decoder = new FrameDecoder();
      const received = [];
      for (let at = 0, cut = 0; at < bytes.length; cut += 1) {
        const size = sizes[cut % sizes.length] ?? 1;
        received.push(...decoder.push(bytes.subarray(at, at + size)).map(decodePacket));
        at += size;
      }
      expect(received).toEqual(sent);
    }),
  );
});

test('a length out of bounds is an error at once', () => {
  const word = (length: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(length);
    return bytes;
  };
  for (const length of [0, 4, HEADER_BYTES + 3, MESSAGE_MAX + 5, 0xffff_ffff]) {
    expect(() => new FrameDecoder().push(word(length))).toThrow(XdrError);
  }
  expect(new FrameDecoder().push(word(MESSAGE_MAX + 4))).toEqual([]);
});

test('whatever comes, the answer is packets or XdrError', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 })), (chunks) => {
      const decoder = new FrameDecoder();
      const error = errorOf(() => {
        for (const chunk of chunks) for (const frame of decoder.push(Buffer.from(chunk))) decodePacket(frame);
      });
      expect(error === undefined || error instanceof XdrError).toBe(true);
    }),
  );
});

test('a header that is not libvirt’s is refused', () => {
  const good = encodePacket(packet(Buffer.alloc(0))).subarray(4);
  const broken = (offset: number): Buffer => {
    const bytes = Buffer.from(good);
    bytes.writeUInt32BE(99, offset);
    return bytes;
  };
  expect(decodePacket(good).procedure).toBe(7);
  for (const offset of [0, 4, 12, 20]) expect(() => decodePacket(broken(offset))).toThrow(XdrError);
});

test('a message above the limit is not sent', () => {
  expect(() => encodePacket(packet(Buffer.alloc(MESSAGE_MAX)))).toThrow('32 MiB');
});
