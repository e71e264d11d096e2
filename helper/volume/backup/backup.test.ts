import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObjectKey } from '../../host/backup/interface.ts';
import { S3BackupStore } from '../../host/backup/s3.ts';
import { TestS3 } from '../../host/backup/test-s3.ts';
import { FakeDiskHost } from '../../host/disk/fake.ts';
import type { Range, RawSource } from '../../host/disk/interface.ts';
import {
  BLOCK_BYTES,
  CHUNK_BYTES,
  decodeChunk,
  decodeManifest,
  encodeChunk,
  Index,
  NOWHERE,
  PART_BYTES,
  type Codec,
  type Folder,
} from './format.ts';
import { inParallel, readManifest } from './objects.ts';
import { readBackup } from './read.ts';
import { writeBackup } from './write.ts';

const MIB = 1024 ** 2;

/** A disk of some GiB with text at some places. */
class TestDisk implements RawSource {
  readonly sizeBytes: number;
  readonly #pieces: ReadonlyMap<number, Buffer>;
  readonly asked: Range[] = [];

  constructor(sizeGib: number, pieces: Readonly<Record<number, Buffer>>) {
    this.sizeBytes = sizeGib * PART_BYTES;
    this.#pieces = new Map(Object.entries(pieces).map(([at, data]) => [Number(at), data]));
  }

  dataIn({ start, length }: Range): Promise<readonly Range[]> {
    return Promise.resolve(
      [...this.#pieces]
        .map(([at, data]) => ({ start: at, length: data.length }))
        .filter((one) => one.start >= start && one.start < start + length),
    );
  }

  read(buffer: Buffer, position: number): Promise<void> {
    this.asked.push({ start: position, length: buffer.length });
    buffer.fill(0);
    for (const [at, data] of this.#pieces) {
      const from = Math.max(at, position);
      const to = Math.min(at + data.length, position + buffer.length);
      if (from < to) data.copy(buffer, from - position, from - at, to - at);
    }
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const noise = (bytes: number, seed: number): Buffer => {
  const data = Buffer.alloc(bytes);
  let state = seed;
  for (let at = 0; at < bytes; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    data.writeUInt32LE(state, at);
  }
  return data;
};

const volume = {
  id: 'v',
  name: 'v',
  description: null,
  volumeTypeId: 't',
  bootable: false,
  encryptionKeyId: null,
  metadata: { a: 'b' },
  imageMetadata: {},
};

describe('backups', () => {
  let server: TestS3;
  let store: S3BackupStore;
  let root = '';
  const disks = new FakeDiskHost();
  beforeEach(async () => {
    server = await new TestS3().start();
    store = new S3BackupStore(server.options());
    root = mkdtempSync(join(tmpdir(), 't-backup-'));
  });
  afterEach(async () => {
    await server.stop();
    rmSync(root, { recursive: true, force: true });
  });

  const at = (folder: string): Folder => ({ container: 'box', folder });
  const fractions: number[] = [];
  const write = (
    folder: string,
    source: RawSource,
    options: { readonly parent?: string; readonly codec?: Codec; readonly signal?: AbortSignal } = {},
  ) =>
    writeBackup({
      store,
      folder: at(folder),
      parent: options.parent === undefined ? null : at(options.parent),
      source,
      sizeGib: source.sizeBytes / PART_BYTES,
      codec: options.codec ?? 'zstd',
      volume,
      createdAt: 1,
      signal: options.signal ?? new AbortController().signal,
      onProgress: (fraction) => fractions.push(fraction),
    });

  async function restored(folder: string, sizeGib = 1): Promise<(from: number, length: number) => Buffer> {
    const path = join(root, folder);
    const target = await disks.createRaw({ path, sizeBytes: sizeGib * PART_BYTES });
    const signal = new AbortController().signal;
    try {
      await readBackup({ store, folder: at(folder), target, signal, onProgress: () => undefined });
    } finally {
      await target.close();
    }
    const disk = await disks.openRaw({ path, format: 'raw' });
    const whole = Buffer.alloc(64 * MIB);
    await disk.read(whole, 0);
    await disk.close();
    return (from, length) => whole.subarray(from, from + length);
  }

  const names = (folder: string): string[] =>
    [...server.objects.keys()]
      .filter((key) => key.startsWith(`box/${folder}/`))
      .map((key) => key.slice(`box/${folder}/`.length))
      .toSorted();

  it.each([
    ['zstd', MIB],
    ['zlib', MIB],
    ['none', 5 * MIB],
  ] as const)('come back as they were (%s)', async (codec, atMost) => {
    const first = noise(100_000, 1);
    const second = Buffer.alloc(3 * MIB, 'text');
    const source = new TestDisk(1, { 70_000: first, [30 * MIB]: second });
    fractions.length = 0;
    const { objectCount, storedBytes } = await write('full', source, { codec });
    expect(names('full')).toEqual([
      'chunk-00000000',
      'chunk-00000001',
      'chunk-00000002',
      'index-00000',
      'metadata',
    ]);
    expect(objectCount).toBe(5);
    expect(storedBytes).toBeLessThan(atMost);
    const part = await restored('full');
    expect(part(70_000, first.length).equals(first)).toBe(true);
    expect(part(30 * MIB, second.length).equals(second)).toBe(true);
    expect(part(0, 70_000).every((byte) => byte === 0)).toBe(true);
    expect(fractions.at(-1)).toBe(1);
    expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
  });

  it('leave out zeros, and do not read what the disk has not', async () => {
    const source = new TestDisk(3, { [PART_BYTES + 5 * CHUNK_BYTES]: Buffer.alloc(CHUNK_BYTES) });
    const { objectCount } = await write('empty', source);
    expect(objectCount).toBe(1);
    expect(source.asked).toEqual([{ start: PART_BYTES + 5 * CHUNK_BYTES, length: CHUNK_BYTES }]);
    expect((await readManifest(store, at('empty'))).indexes).toEqual([null, null, null]);
    await restored('empty', 3);
  });

  it('are read through a chain, each block from who has it, also when the volume grew', async () => {
    const old = noise(2 * BLOCK_BYTES, 2);
    const grown = noise(BLOCK_BYTES, 3);
    await write('full', new TestDisk(1, { 0: old, [20 * MIB]: old }));
    const changed = Buffer.from(old);
    changed[BLOCK_BYTES] = (changed[BLOCK_BYTES] ?? 0) ^ 1;
    await write('second', new TestDisk(2, { 0: changed, [20 * MIB]: old, [PART_BYTES]: grown }), {
      parent: 'full',
    });
    expect(names('second')).toEqual([
      'chunk-00000000',
      'chunk-00000064',
      'index-00000',
      'index-00001',
      'metadata',
    ]);
    // One block went back to what it was, and one is zeros now.
    await write('third', new TestDisk(2, { 0: old, [PART_BYTES]: grown }), { parent: 'second' });
    expect(names('third')).toEqual(['chunk-00000000', 'index-00000', 'index-00001', 'metadata']);
    const second = await restored('second', 2);
    expect(second(0, old.length).equals(changed)).toBe(true);
    expect(second(20 * MIB, old.length).equals(old)).toBe(true);
    const third = await restored('third', 2);
    expect(third(0, old.length).equals(old)).toBe(true);
    expect(third(20 * MIB, old.length).every((byte) => byte === 0)).toBe(true);
    expect((await readManifest(store, at('third'))).chain.map(({ folder }) => folder)).toEqual([
      'full',
      'second',
      'third',
    ]);
  });

  const flip =
    (position: number) =>
    (object: Buffer): Buffer => {
      const copy = Buffer.from(object);
      const where = position < 0 ? copy.length + position : position;
      copy[where] = (copy[where] ?? 0) ^ 0x10;
      return copy;
    };
  const cut = (object: Buffer): Buffer => object.subarray(0, object.length - 1);
  const gone = (): undefined => undefined;

  it.each([
    ['metadata', flip(-10)],
    ['metadata', gone],
    ['index-00000', flip(100)],
    ['index-00000', gone],
    ['chunk-00000000', flip(-1000)],
    ['chunk-00000000', flip(0)],
    ['chunk-00000000', flip(32)],
    ['chunk-00000000', cut],
    ['chunk-00000000', gone],
  ] as const)('say that %s is damaged', async (name, damage) => {
    await write('full', new TestDisk(1, { 0: noise(5 * BLOCK_BYTES, 4) }));
    const key = `box/full/${name}`;
    const damaged = damage(server.objects.get(key) ?? Buffer.alloc(0));
    if (damaged === undefined) server.objects.delete(key);
    else server.objects.set(key, damaged);
    await expect(restored('full')).rejects.toThrow(new RegExp(`damaged.*${name}`));
  });

  it('begin anew when they were interrupted, and end when they are cancelled', async () => {
    await store.put(['box', 'full', 'chunk-00000999'] as ObjectKey, Buffer.from('old'));
    await write('full', new TestDisk(1, { 0: noise(100, 5) }));
    expect(names('full')).toEqual(['chunk-00000000', 'index-00000', 'metadata']);
    await expect(
      write('other', new TestDisk(1, { 0: noise(100, 5) }), { signal: AbortSignal.abort() }),
    ).rejects.toThrow(/abort/i);
    expect(names('other')).toEqual([]);
  });

  it('are the same bytes as ever', async () => {
    const chunk = await encodeChunk('none', [{ number: 9, data: Buffer.alloc(BLOCK_BYTES, 1) }]);
    expect(chunk.subarray(0, 34).toString('hex')).toBe(`0002${'00'.repeat(30)}0001`);
    expect([...(await decodeChunk(chunk)).keys()]).toEqual([9]);
    expect(new Index().isEmpty).toBe(true);
    expect(new Index().holder(5)).toBe(NOWHERE);
    await write('full', new TestDisk(1, {}));
    const text = server.objects.get('box/full/metadata') ?? Buffer.alloc(0);
    expect(decodeManifest(text)).toMatchObject({
      format: 'deskcloud-backup',
      version: 1,
      sizeGib: 1,
      volume,
    });
  });

  it('wait for all work before a failure is told', async () => {
    const ended: number[] = [];
    await expect(
      inParallel(10, 3, async (index) => {
        if (index === 1) throw new Error('no');
        await Promise.resolve();
        ended.push(index);
      }),
    ).rejects.toThrow('no');
    expect(ended).toEqual([0, 2]);
  });
});
