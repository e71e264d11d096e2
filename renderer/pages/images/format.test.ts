import { expect, test } from 'vitest';
import { detect, nameOfFile, type Detected } from './format.ts';

const NONE = new Uint8Array(512);
const bytes = (length: number, parts: Readonly<Record<number, string | readonly number[]>>): Uint8Array => {
  const all = new Uint8Array(length);
  for (const [at, part] of Object.entries(parts))
    all.set(typeof part === 'string' ? Buffer.from(part, 'latin1') : part, Number(at));
  return all;
};
const GIB_BE = [0, 0, 0, 0, 0x40, 0, 0, 0];
const GIB_LE = [0, 0, 0, 0x40, 0, 0, 0, 0];

const disk = (format: string, virtualSize?: number): Partial<Detected> =>
  ({ kind: 'disk', format, virtualSize, needsBacking: false }) as Partial<Detected>;

test.each([
  ['qcow2', bytes(104, { 0: 'QFI\xfb', 24: GIB_BE }), 2 ** 30],
  ['vmdk', bytes(512, { 0: 'KDMV', 12: [0, 0, 0x20, 0, 0, 0, 0, 0] }), 2 ** 30],
  ['vmdk', bytes(512, { 0: '# Disk DescriptorFile' }), undefined],
  ['vhdx', bytes(512, { 0: 'vhdxfile' }), undefined],
  ['vhd', bytes(512, { 0: 'conectix', 48: GIB_BE }), 2 ** 30],
  ['vdi', bytes(512, { 0: '<<< Oracle VM', 0x40: [0x7f, 0x10, 0xda, 0xbe], 0x170: GIB_LE }), 2 ** 30],
  ['iso', bytes(0x9000, { 0x8001: 'CD001' }), undefined],
  ['raw', bytes(512, { 510: [0x55, 0xaa] }), undefined],
] as const)('%s is told by its first bytes', (format, head, size) => {
  expect(detect(head, NONE)).toMatchObject(disk(format, size));
});

test('a fixed VHD is told by its last sector; what is nothing known is raw, and not for sure', () => {
  expect(detect(NONE, bytes(512, { 0: 'conectix', 48: GIB_BE }))).toMatchObject(disk('vhd', 2 ** 30));
  expect(detect(new Uint8Array(0), new Uint8Array(0))).toMatchObject({ format: 'raw', sure: false });
});

test('what stands on another file, and what is packed, is said', () => {
  expect(detect(bytes(104, { 0: 'QFI\xfb', 15: [104], 24: GIB_BE }), NONE)).toMatchObject({
    needsBacking: true,
  });
  expect(detect(bytes(64, { 0: [0x1f, 0x8b] }), NONE)).toEqual({ kind: 'packed', by: 'gzip' });
  expect(detect(bytes(64, { 0: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0] }), NONE)).toEqual({
    kind: 'packed',
    by: 'xz',
  });
});

test('a name is made of the file name', () => {
  expect(nameOfFile('debian-12-generic-amd64.qcow2')).toBe('debian-12-generic-amd64');
  expect(nameOfFile('my.disk')).toBe('my.disk');
});
