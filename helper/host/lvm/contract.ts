/**
 * What every {@link LvmHost} does, the real one and the fake. Plain functions: they run under vitest, and in a guest that has
 * nothing but Node.
 */
import assert from 'node:assert/strict';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { LvmError, type LvmHost } from './interface.ts';

const MIB = 2 ** 20;
export const SIZE = 8 * MIB;

export interface LvmWorld {
  readonly host: LvmHost;
  /** A volume group with some 100 MiB of room, of which nothing is used. */
  readonly group: string;
  readonly pool: string;
}

/** Fills the end of a volume's MiB from `from` to `to` with bytes that are not zero. */
export function dirty(path: string, from: number, to: number): void {
  const file = openSync(path, 'r+');
  for (let at = from; at < to; at += MIB) writeSync(file, Buffer.alloc(4096, 0xa5), 0, 4096, at + MIB - 4096);
  closeSync(file);
}

/** Whether all bytes of a range are zero. */
export function isZero(path: string, from: number, to: number): boolean {
  const file = openSync(path, 'r');
  const piece = Buffer.alloc(MIB);
  try {
    for (let at = from; at < to; at += MIB) {
      const length = readSync(file, piece, 0, Math.min(MIB, to - at), at);
      if (!piece.subarray(0, length).equals(Buffer.alloc(length))) return false;
    }
    return true;
  } finally {
    closeSync(file);
  }
}

const refused = (reason: LvmError['reason']) => (error: unknown) =>
  error instanceof LvmError && error.reason === reason;

export const LVM_CONTRACT: Readonly<Record<string, (world: LvmWorld) => Promise<void>>> = {
  'makes a thick volume, zeroes, grows, renames and removes it; each twice is the same': async (world) => {
    const { host, group } = world;
    const free = (await host.look(group)).freeBytes;
    await host.create({ group, name: 'volume-1', sizeBytes: SIZE });
    await host.create({ group, name: 'volume-1', sizeBytes: SIZE });
    const [made] = (await host.look(group)).volumes;
    assert.deepEqual(made, { group, name: 'volume-1', sizeBytes: SIZE, active: true, marks: ['unfinished'] });
    assert.equal((await host.look(group)).freeBytes, free - SIZE);
    const path = host.path(group, 'volume-1');
    dirty(path, 0, SIZE);
    await host.zero(group, 'volume-1', 4 * MIB);
    assert.equal(isZero(path, 4 * MIB, SIZE), true);
    assert.equal(isZero(path, 0, 4 * MIB), false);
    await host.unmark(group, 'volume-1', 'unfinished');
    await host.unmark(group, 'volume-1', 'unfinished');
    await assert.rejects(host.create({ group, name: 'volume-1', sizeBytes: SIZE }), refused('failed'));
    await host.mark(group, 'volume-1', `growing-from-${SIZE}`);
    await host.mark(group, 'volume-1', `growing-from-${SIZE}`);
    for (let n = 0; n < 2; n += 1) await host.extend(group, 'volume-1', 2 * SIZE);
    assert.equal((await host.look(group)).volumes[0]?.sizeBytes, 2 * SIZE);
    for (let n = 0; n < 2; n += 1) await host.takeBack(group, 'volume-1');
    const [back] = (await host.look(group)).volumes;
    assert.deepEqual([back?.sizeBytes, back?.marks], [SIZE, []]);
    for (let n = 0; n < 2; n += 1) await host.rename(group, 'volume-1', '_snapshot-1');
    await host.activate(group, '_snapshot-1');
    assert.equal(isZero(host.path(group, '_snapshot-1'), 4 * MIB, SIZE), true);
    for (let n = 0; n < 2; n += 1) await host.remove(group, '_snapshot-1');
    const { volumes, freeBytes } = await host.look(group);
    assert.deepEqual([volumes, freeBytes], [[], free]);
  },

  'makes a pool once; thin volumes take what is written, may promise more, and read zeros where others wrote':
    async (world) => {
      const { host, group, pool } = world;
      for (let n = 0; n < 2; n += 1) await host.ensurePool(group, pool);
      const empty = (await host.look(group, pool)).pool;
      assert.equal(empty?.zeroes, true);
      assert.ok(empty.freeBytes > 32 * MIB, `${empty.freeBytes} bytes are free in a new pool`);
      assert.deepEqual((await host.look(group, pool)).volumes, []);
      const sizeBytes = 1024 * MIB;
      await host.create({ group, name: 'volume-2', sizeBytes, pool });
      const [thin] = (await host.look(group)).volumes;
      assert.deepEqual([thin?.sizeBytes, thin?.pool], [sizeBytes, pool]);
      dirty(host.path(group, 'volume-2'), 0, 16 * MIB);
      await host.extend(group, 'volume-2', sizeBytes + SIZE);
      assert.equal(isZero(host.path(group, 'volume-2'), sizeBytes, sizeBytes + SIZE), true);
      await host.remove(group, 'volume-2');
      await host.create({ group, name: 'volume-3', sizeBytes, pool });
      // In the room that the first one had.
      const path = host.path(group, 'volume-3');
      const file = openSync(path, 'r+');
      for (let at = 0; at < 16 * MIB; at += MIB) writeSync(file, Buffer.alloc(512, 1), 0, 512, at);
      closeSync(file);
      for (let at = 0; at < 16 * MIB; at += MIB) assert.equal(isZero(path, at + 512, at + MIB), true);
      await host.remove(group, 'volume-3');
      assert.deepEqual((await host.look(group, pool)).volumes, []);
    },

  'takes no name that LVM would read as something else': async ({ host, group }) => {
    for (const name of [
      '--force',
      '-v',
      'a/b',
      '..',
      '',
      'snapshot-1',
      'pvmove0',
      'a_tdata',
      'a b',
      "a'b",
      'ä',
    ])
      await assert.rejects(host.create({ group, name, sizeBytes: SIZE }), refused('invalid-name'), name);
    for (const name of ['--help', '/dev/sda', '.', 'a b', '@tag'])
      await assert.rejects(host.look(name), refused('invalid-name'), name);
    await assert.rejects(host.zero(group, 'nothing', 0), refused('missing'));
    await host.remove(group, 'nothing');
  },
};
