import { execFile } from 'node:child_process';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { assertSafe, inspectFile, inspectImage, StreamInspector, UnsafeImageError } from './index.ts';
import type { DeclaredFormat, ImageInspection } from './index.ts';

const run = promisify(execFile);
const MIB = 1024 * 1024;
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 't-inspect-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

async function fromBuffer(bytes: Buffer): Promise<ImageInspection> {
  return await inspectImage(
    (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)),
    bytes.length,
  );
}

function streamed(bytes: Buffer, pieces: readonly number[]): ImageInspection {
  const inspector = new StreamInspector();
  let at = 0;
  for (let turn = 0; at < bytes.length; turn += 1) {
    const length = Math.max(1, pieces[turn % pieces.length] ?? 65536);
    inspector.push(bytes.subarray(at, at + length));
    at += length;
  }
  return inspector.finish();
}

async function created(name: string, format: string, size: string, options = ''): Promise<string> {
  const path = join(directory, name);
  const option = options === '' ? [] : ['-o', options];
  await run('qemu-img', ['create', '-q', '-f', format, ...option, path, size]);
  return path;
}

async function virtualSizeByQemu(path: string, format: string): Promise<number> {
  const { stdout } = await run('qemu-img', ['info', '-f', format, '--output=json', path]);
  return (JSON.parse(stdout) as { 'virtual-size': number })['virtual-size'];
}

function check(inspection: ImageInspection, declared: DeclaredFormat): string {
  try {
    assertSafe(inspection, declared);
    return 'safe';
  } catch (error) {
    if (error instanceof UnsafeImageError) return error.check;
    throw error;
  }
}

const KINDS: readonly (readonly [name: string, declared: DeclaredFormat, qemu: string, options: string])[] = [
  ['qcow2 v2', 'qcow2', 'qcow2', 'compat=0.10'],
  ['qcow2 v3', 'qcow2', 'qcow2', 'compat=1.1'],
  ['qcow2 small clusters', 'qcow2', 'qcow2', 'cluster_size=512'],
  ['qcow2 large clusters', 'qcow2', 'qcow2', 'cluster_size=2M'],
  ['qcow2 extended', 'qcow2', 'qcow2', 'extended_l2=on'],
  ['qcow2 zstd', 'qcow2', 'qcow2', 'compression_type=zstd'],
  ['vmdk sparse', 'vmdk', 'vmdk', 'subformat=monolithicSparse'],
  ['vmdk stream', 'vmdk', 'vmdk', 'subformat=streamOptimized'],
  ['vdi dynamic', 'vdi', 'vdi', ''],
  ['vdi static', 'vdi', 'vdi', 'static=on'],
  ['vhd dynamic', 'vhd', 'vpc', 'subformat=dynamic'],
  ['vhd fixed', 'vhd', 'vpc', 'subformat=fixed'],
  ['vhd forced size', 'vhd', 'vpc', 'force_size=on'],
  ['vhdx', 'vhdx', 'vhdx', ''],
  ['raw', 'raw', 'raw', ''],
];

describe('images made by qemu-img', () => {
  test.each(KINDS)(
    '%s: same size as qemu says, safe, and the same when streamed',
    async (name, declared, qemu, options) => {
      const path = await created(`${name}.img`, qemu, '37M', options);
      const handle = await open(path);
      const inspection = await inspectFile(handle);
      await handle.close();
      expect(inspection.safety).toEqual([]);
      expect(inspection.virtualSize).toBe(await virtualSizeByQemu(path, qemu));
      expect(check(inspection, declared)).toBe('safe');
      const bytes = await readFile(path);
      expect(streamed(bytes, [65536])).toEqual(inspection);
      expect(streamed(bytes, [1_000_003, 511])).toEqual(inspection);
    },
  );

  test.each(KINDS)('%s: with data in it', async (name, declared, qemu, options) => {
    const source = join(directory, 'data.raw');
    await writeFile(source, Buffer.alloc(9 * MIB, 'data'));
    const path = join(directory, `${name}.data`);
    const option = options === '' ? [] : ['-o', options];
    await run('qemu-img', ['convert', '-f', 'raw', '-O', qemu, ...option, source, path]);
    const inspection = await fromBuffer(await readFile(path));
    expect(check(inspection, declared)).toBe('safe');
  });

  test('a streamOptimized VMDK with its directory at the end needs an equal footer', async () => {
    const bytes = await readFile(await created('footer.vmdk', 'vmdk', '8M', 'subformat=streamOptimized'));
    bytes.writeBigUInt64LE(0xffff_ffff_ffff_ffffn, 56);
    const footer = Buffer.from(bytes.subarray(0, 512));
    footer.writeBigUInt64LE(21n, 56);
    const whole = Buffer.concat([bytes, footer, Buffer.alloc(512)]);
    expect(check(await fromBuffer(whole), 'vmdk')).toBe('safe');
    footer.writeBigUInt64LE(0n, 12);
    expect(check(await fromBuffer(Buffer.concat([bytes, footer, Buffer.alloc(512)])), 'vmdk')).toBe('header');
    expect(check(await fromBuffer(bytes), 'vmdk')).toBe('header');
  });
});

describe('images that name other files (S1, S2, S3)', () => {
  test('qcow2 with a backing file', async () => {
    const base = await created('base.raw', 'raw', '1M');
    const path = join(directory, 'backed.qcow2');
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', base, path]);
    const inspection = await fromBuffer(await readFile(path));
    expect(check(inspection, 'qcow2')).toBe('backing-file');
    const inspector = new StreamInspector();
    inspector.push((await readFile(path)).subarray(0, 65536));
    expect(() => inspector.assertSoFar('qcow2')).toThrow('has a backing file');
  });

  test('qcow2 with an external data file', async () => {
    const path = await created('data.qcow2', 'qcow2', '1M', `data_file=${join(directory, 'canary')}`);
    expect(check(await fromBuffer(await readFile(path)), 'qcow2')).toBe('data-file');
  });

  test('qcow2 that names a data file in an extension only', async () => {
    const bytes = await readFile(
      await created('named.qcow2', 'qcow2', '1M', `data_file=${join(directory, 'c2')}`),
    );
    bytes.writeBigUInt64BE(0n, 72);
    bytes.writeBigUInt64BE(0n, 88);
    expect(check(await fromBuffer(bytes), 'qcow2')).toBe('data-file');
  });

  test.each(['monolithicFlat', 'twoGbMaxExtentSparse', 'twoGbMaxExtentFlat'])(
    'VMDK %s',
    async (subformat) => {
      const path = await created(`${subformat}.vmdk`, 'vmdk', '1M', `subformat=${subformat}`);
      expect(check(await fromBuffer(await readFile(path)), 'vmdk')).toBe('extents');
    },
  );

  test('VMDK with a parent', async () => {
    const base = await created('parent.vmdk', 'vmdk', '1M');
    const path = join(directory, 'child.vmdk');
    await run('qemu-img', ['create', '-q', '-f', 'vmdk', '-F', 'vmdk', '-b', base, path]);
    expect(check(await fromBuffer(await readFile(path)), 'vmdk')).toBe('backing-file');
  });

  test.each([
    ['RW 2048 FLAT "/etc/shadow" 0', 'extents'],
    ['RW 2048 SPARSE "/etc/shadow"', 'extents'],
    ['RW 2048 SPARSE "a"\nRW 2048 FLAT "b" 0', 'extents'],
    ['RW 4096 SPARSE "a"', 'size'],
    ['RW 2048 SPARSE "a"\0\nparentFileNameHint="/etc/shadow"', 'backing-file'],
    ['RW 2048 SPARSE "a"\ncreateType="monolithicFlat"', 'extents'],
  ])('VMDK with the hostile extent %j', async (extent, expected) => {
    const bytes = await readFile(await created('hostile.vmdk', 'vmdk', '1M'));
    const descriptor = `# Disk DescriptorFile\nversion=1\nparentCID=ffffffff\ncreateType="monolithicSparse"\n${extent}\n`;
    bytes.fill(0, 512, 512 + 20 * 512).write(descriptor, 512, 'latin1');
    expect(check(await fromBuffer(bytes), 'vmdk')).toBe(expected);
  });

  test('VMDK whose header has no capacity, or whose descriptor is elsewhere', async () => {
    const bytes = await readFile(await created('empty.vmdk', 'vmdk', '1M'));
    const moved = Buffer.from(bytes);
    moved.writeBigUInt64LE(2n, 28);
    bytes.writeBigUInt64LE(0n, 12);
    expect(check(await fromBuffer(bytes), 'vmdk')).toBe('size');
    expect(check(await fromBuffer(moved), 'vmdk')).toBe('header');
  });

  test('VHD, VDI and VHDX differences', async () => {
    const vhd = await readFile(await created('d.vhd', 'vpc', '1M'));
    vhd[512 + 40] = 1;
    expect(check(await fromBuffer(vhd), 'vhd')).toBe('backing-file');
    const vdi = await readFile(await created('d.vdi', 'vdi', '1M'));
    vdi.writeUInt32LE(4, 76);
    expect(check(await fromBuffer(vdi), 'vdi')).toBe('backing-file');
    const vhdx = await readFile(await created('d.vhdx', 'vhdx', '1M'));
    const parameters = vhdx.indexOf(Buffer.from('3767a1ca36fa434db3b633f0aa44e76b', 'hex'));
    const at = vhdx.lastIndexOf('metadata', parameters) + vhdx.readUInt32LE(parameters + 16);
    vhdx.writeUInt32LE(2, at + 4);
    expect(check(await fromBuffer(vhdx), 'vhdx')).toBe('backing-file');
  });
});

describe('files that are not what they are declared to be (S4)', () => {
  test.each(['qcow2', 'vmdk', 'vdi', 'vpc', 'vhdx', 'qed'])('raw that is %s', async (format) => {
    const bytes = await readFile(await created(`as-raw.${format}`, format, '2M'));
    expect(check(await fromBuffer(bytes), 'raw')).toBe('mismatch');
    const inspector = new StreamInspector();
    inspector.push(Buffer.concat([bytes, Buffer.alloc(40960)], 40960));
    expect(() => inspector.assertSoFar('raw')).toThrow('declared as raw');
  });

  test('raw that is encrypted with LUKS', async () => {
    const inspection = await fromBuffer(Buffer.from('LUKS\xba\xbe\0\x01'.padEnd(65536, '\0'), 'latin1'));
    expect([inspection.format, check(inspection, 'raw')]).toEqual(['luks', 'mismatch']);
    expect(inspection.safety[0]?.check).toBe('encrypted');
  });

  test('formats that QEMU would guess and nobody takes', async () => {
    for (const format of ['qcow', 'parallels']) {
      const bytes = await readFile(await created(`x.${format}`, format, '2M'));
      const inspection = await fromBuffer(bytes);
      expect(inspection.format).toBe('foreign');
      expect(check(inspection, 'raw')).toBe('unsupported');
    }
  });

  test('text that VMDK drivers would take as a descriptor', async () => {
    const text = '# comment\n\n \nversion=1\ncreateType="monolithicFlat"\nRW 1 FLAT "/etc/shadow" 0\n';
    expect((await fromBuffer(Buffer.from(text.padEnd(4096, '\0')))).format).toBe('vmdk');
    expect((await fromBuffer(Buffer.from('#!/bin/sh\necho hello\n'))).format).toBe('raw');
  });

  test('a fixed VHD and a disk with a partition table', async () => {
    const vhd = await readFile(await created('fixed.vhd', 'vpc', '1M', 'subformat=fixed'));
    expect(check(await fromBuffer(vhd), 'raw')).toBe('mismatch');
    expect(check(await fromBuffer(vhd.subarray(0, -512)), 'raw')).toBe('safe');
    const disk = Buffer.alloc(MIB);
    disk.writeUInt16LE(0xaa55, 510);
    expect((await fromBuffer(disk)).format).toBe('raw');
    disk[450] = 0x83;
    expect((await fromBuffer(disk)).format).toBe('mbr');
    disk.write('EFI PART', 512);
    const gpt = await fromBuffer(disk);
    expect(gpt.format).toBe('gpt');
    expect([check(gpt, 'raw'), check(gpt, 'qcow2'), check(gpt, 'iso')]).toEqual([
      'safe',
      'mismatch',
      'mismatch',
    ]);
  });

  test('ISO, and an ISO that is a qcow2 too', async () => {
    const iso = Buffer.alloc(MIB);
    iso.write('\x01CD001', 32768, 'latin1');
    expect(check(await fromBuffer(iso), 'iso')).toBe('safe');
    expect(check(await fromBuffer(iso), 'raw')).toBe('safe');
    iso.write('QFI\xfb\0\0\0\x03', 0, 'latin1');
    for (const declared of ['iso', 'raw', 'qcow2'] as const) {
      expect(check(await fromBuffer(iso), declared)).toBe('ambiguous');
    }
    iso.fill(0, 0, 512);
    iso.write('conectix', MIB - 512);
    expect(check(await fromBuffer(iso), 'iso')).toBe('ambiguous');
  });
});

describe('impossible qcow2 headers', () => {
  const patches: readonly (readonly [name: string, expected: string, patch: (bytes: Buffer) => unknown])[] = [
    ['version 4', 'unsupported', (b) => b.writeUInt32BE(4, 4)],
    ['backing length without offset', 'backing-file', (b) => b.writeUInt32BE(5, 16)],
    ['tiny clusters', 'header', (b) => b.writeUInt32BE(8, 20)],
    ['huge clusters', 'header', (b) => b.writeUInt32BE(0xffffffff, 20)],
    ['absurd size', 'size', (b) => b.writeBigUInt64BE(1n << 62n, 24)],
    ['no size', 'size', (b) => b.writeBigUInt64BE(0n, 24)],
    ['encryption', 'encrypted', (b) => b.writeUInt32BE(2, 32)],
    ['absurd L1', 'header', (b) => b.writeUInt32BE(0x7fffffff, 36)],
    ['L1 too small', 'header', (b) => b.writeUInt32BE(0, 36)],
    ['L1 outside', 'truncated', (b) => b.writeBigUInt64BE(1n << 40n, 40)],
    ['L1 unaligned', 'header', (b) => b.writeBigUInt64BE(513n, 40)],
    ['absurd refcounts', 'header', (b) => b.writeUInt32BE(0xffffff, 56)],
    ['absurd snapshots', 'header', (b) => b.writeUInt32BE(0xffffff, 60)],
    ['corrupt', 'features', (b) => b.writeBigUInt64BE(2n, 72)],
    ['unknown feature', 'features', (b) => b.writeBigUInt64BE(1n << 63n, 72)],
    ['data file', 'data-file', (b) => b.writeBigUInt64BE(4n, 72)],
    ['header length', 'header', (b) => b.writeUInt32BE(0xfffffff8, 100)],
    ['extension past the cluster', 'header', (b) => b.writeUInt32BE(0xfffffff0, 116)],
  ];
  test.each(patches)('%s', async (_name, expected, patch) => {
    const bytes = await readFile(await created('patched.qcow2', 'qcow2', '1M'));
    patch(bytes);
    expect(check(await fromBuffer(bytes), 'qcow2')).toBe(expected);
  });

  test('cut off', async () => {
    const bytes = await readFile(await created('cut.qcow2', 'qcow2', '1M'));
    expect(check(await fromBuffer(bytes.subarray(0, 100)), 'qcow2')).toBe('truncated');
    expect(check(await fromBuffer(bytes.subarray(0, 65536)), 'qcow2')).toBe('truncated');
  });
});

test('no descriptor takes long to read', async () => {
  const bytes = await readFile(await created('slow.vmdk', 'vmdk', '1M'));
  bytes.writeBigUInt64LE(128n, 36);
  for (const hostile of [
    `a=${' '.repeat(60_000)}"b"c`,
    `RW ${'9'.repeat(60_000)} SPARSE "a"`,
    `RW${' '.repeat(60_000)}x`,
  ]) {
    bytes.fill(0, 512, 65536).write(hostile, 512, 'latin1');
    const started = performance.now();
    expect(check(await fromBuffer(bytes), 'vmdk')).toBe('extents');
    expect(performance.now() - started).toBeLessThan(2500);
  }
});

describe('any bytes', () => {
  const MAGICS = [
    'QFI\xfb\0\0\0\x02',
    'QFI\xfb\0\0\0\x03',
    'KDMV\x01\0\0\0',
    'COWD',
    'conectix',
    'vhdxfile',
    'LUKS\xba\xbe',
    'QED\0',
  ];
  const bytes = fc
    .tuple(
      fc.constantFrom('', ...MAGICS),
      fc.uint8Array({ maxLength: 2048 }),
      fc.array(fc.tuple(fc.nat(300_000), fc.uint8Array({ maxLength: 64 })), { maxLength: 4 }),
      fc.boolean(),
      fc.boolean(),
    )
    .map(([magic, body, patches, footer, vdi]) => {
      const length = Math.max(0, ...patches.map(([at, patch]) => at + patch.length));
      const image = Buffer.alloc(Math.max(magic.length + body.length, length));
      image.write(magic, 'latin1');
      image.set(body, magic.length);
      for (const [at, patch] of patches) image.set(patch, at);
      if (vdi && image.length > 72) image.writeUInt32LE(0xbeda107f, 64);
      return footer ? Buffer.concat([image, Buffer.from('conectix'.padEnd(512, '\0'))]) : image;
    });

  test('give a verdict, reading a bounded amount, the same as a file and as a stream', async () => {
    await fc.assert(
      fc.asyncProperty(
        bytes,
        fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1 }),
        async (image, pieces) => {
          let read = 0;
          const inspection = await inspectImage((offset, length) => {
            read += length;
            return Promise.resolve(image.subarray(offset, offset + length));
          }, image.length);
          expect(read).toBeLessThan(9 * MIB);
          expect(inspection.virtualSize).toBeGreaterThanOrEqual(0);
          expect(streamed(image, pieces)).toEqual(inspection);
        },
      ),
      { numRuns: 1500 },
    );
  });

  test('a real image with bytes changed never reads as safe while naming another file', async () => {
    const base = join(directory, 'canary.raw');
    await writeFile(base, Buffer.alloc(MIB));
    const path = join(directory, 'fuzz.qcow2');
    await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', base, path]);
    const original = await readFile(path);
    await fc.assert(
      fc.asyncProperty(fc.nat(700), fc.nat(255), async (at, value) => {
        const image = Buffer.from(original);
        image[at] = value;
        const verdict = check(await fromBuffer(image), 'qcow2');
        expect(image.readBigUInt64BE(8) === 0n || verdict !== 'safe').toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
