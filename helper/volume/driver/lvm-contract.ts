/**
 * What the LVM driver does on every {@link LvmHost}: under vitest on the fake one, and in a guest on LVM itself. Plain
 * functions, as the contract of the host.
 */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { DiskHost } from '../../host/disk/interface.ts';
import type { StateFiles } from '../../host/files/interface.ts';
import { dirty, isZero, type LvmWorld } from '../../host/lvm/contract.ts';
import { LvmDriver } from './lvm.ts';
import type { Stored } from './interface.ts';

const MIB = 2 ** 20;

export interface LvmDriverWorld extends LvmWorld {
  readonly disks: DiskHost;
  /** For files of the test's own. */
  readonly directory: string;
  /** The same. */
  readonly files: StateFiles;
}

/** A driver as after a start of the helper. */
export async function startDriver(world: LvmDriverWorld, pool?: string): Promise<LvmDriver> {
  const { host, disks, group, directory, files } = world;
  const backend = {
    name: 'lvm',
    directory: join(directory, 'lvm-scratch'),
    format: 'raw' as const,
    reservedPercentage: 0,
    maxOverSubscription: 1,
    goodness: 0,
  };
  const driver = new LvmDriver(backend, disks, {
    host,
    group,
    ...(pool === undefined ? {} : { pool }),
    directory: { files, path: ['lvm-scratch'] },
  });
  await driver.start();
  return driver;
}

const volume = (): Stored => ({ kind: 'volume', id: randomUUID() });

/** Leaves bytes that are not zero in room that is free afterwards. */
async function soil({ host, group }: LvmWorld): Promise<void> {
  const name = `volume-${randomUUID()}`;
  await host.create({ group, name, sizeBytes: 48 * MIB });
  dirty(host.path(group, name), 0, 48 * MIB);
  await host.remove(group, name);
}

/** A raw file of 3 MiB and a sector, with a word in its first MiB and one at its end. */
function image({ directory }: LvmDriverWorld): string {
  const path = join(directory, 'image');
  writeFileSync(path, '');
  truncateSync(path, 3 * MIB + 512);
  put(path, 512, 'first');
  put(path, 3 * MIB + 500, 'last');
  return path;
}

function put(path: string, at: number, text: string): void {
  const file = openSync(path, 'r+');
  writeSync(file, text, at);
  closeSync(file);
}

function textAt(path: string, at: number, length: number): string {
  const file = openSync(path, 'r');
  const bytes = Buffer.alloc(length);
  readSync(file, bytes, 0, length, at);
  closeSync(file);
  return bytes.toString('latin1');
}

/** Whether it holds the image, and nothing but zeros behind it. */
function assertImage(path: string, size: number): void {
  assert.equal(textAt(path, 512, 5), 'first');
  assert.equal(textAt(path, 3 * MIB + 500, 4), 'last');
  assert.equal(isZero(path, MIB, 3 * MIB), true);
  assert.equal(textAt(path, 3 * MIB + 512, 4096), '\0'.repeat(4096));
  assert.equal(isZero(path, 4 * MIB, size), true);
}

type Check = (world: LvmDriverWorld, pool: string | undefined) => Promise<void>;

const CHECKS: Readonly<Record<string, Check>> = {
  'shows nothing of what was there before: empty, grown, cloned, overwritten (S46)': async (world, pool) => {
    const driver = await startDriver(world, pool);
    if (pool === undefined) await soil(world);
    const [empty, filled, copy] = [volume(), volume(), { ...volume(), kind: 'snapshot' as const }];
    await driver.createEmpty(empty, 8 * MIB);
    await driver.createEmpty(empty, 8 * MIB);
    await assert.rejects(driver.createEmpty(empty, 16 * MIB), { reason: 'exists' });
    const { path } = driver.local(empty);
    assert.equal(isZero(path, 0, 8 * MIB), true);
    for (let n = 0; n < 2; n += 1) await driver.extend(empty, 16 * MIB);
    assert.equal(await world.disks.sizeOf({ path, format: 'raw' }), 16 * MIB);
    assert.equal(isZero(path, 0, 16 * MIB), true);

    const fractions: number[] = [];
    const source = { path: image(world), format: 'raw' as const };
    const onProgress = (fraction: number) => fractions.push(fraction);
    await driver.clone(filled, source, { sizeBytes: 12 * MIB, onProgress });
    assert.equal(fractions.at(-1), 1);
    assertImage(driver.local(filled).path, 12 * MIB);
    await assert.rejects(driver.clone(filled, source, { sizeBytes: MIB }), { reason: 'shrink' });
    // A snapshot stands alone.
    await driver.clone(copy, driver.local(filled), { sizeBytes: 12 * MIB });
    dirty(driver.local(filled).path, 0, 12 * MIB);
    assertImage(driver.local(copy).path, 12 * MIB);
    // And goes back into the volume, over what was written to it.
    await driver.clone(filled, driver.local(copy), { sizeBytes: 12 * MIB });
    assertImage(driver.local(filled).path, 12 * MIB);
    const all = [`_snapshot-${copy.id}`, `volume-${empty.id}`, `volume-${filled.id}`].sort();
    assert.deepEqual(await driver.list(), all);
    const backupLike = await world.disks.openRaw(driver.local(copy));
    const head = Buffer.alloc(5);
    await backupLike.read(head, 512);
    await backupLike.close();
    assert.deepEqual([backupLike.sizeBytes, head.toString()], [12 * MIB, 'first']);
    // Onto a back end of files.
    const file = join(world.directory, 'out');
    const out = { destination: file, destinationFormat: 'raw' as const, sizeBytes: 12 * MIB };
    await world.disks.clone({ ...out, source: driver.local(copy).path, sourceFormat: 'raw' });
    assertImage(file, 12 * MIB);
    for (const one of [empty, filled, copy, copy]) await driver.remove(one);
    assert.deepEqual(await driver.list(), []);
  },

  'leaves nothing of what was ended in the middle, and what was there before stays': async (world, pool) => {
    const { host, group } = world;
    const driver = await startDriver(world, pool);
    const stored = volume();
    const source = { path: image(world), format: 'raw' as const };
    await driver.clone(stored, source, { sizeBytes: 8 * MIB });
    const signal = AbortSignal.abort();
    await assert.rejects(driver.clone(stored, source, { sizeBytes: 8 * MIB, signal }));
    await assert.rejects(driver.clone(volume(), source, { sizeBytes: 8 * MIB, signal }));
    const name = `volume-${stored.id}`;
    assert.deepEqual(await driver.list(), [name]);
    assertImage(driver.local(stored).path, 8 * MIB);

    // The helper was killed: in the middle of a copy, of one that takes a volume's place, and of a growth.
    const thin = pool === undefined ? {} : { pool };
    await host.create({ group, name: `volume-${randomUUID()}.new`, sizeBytes: 4 * MIB, ...thin });
    await host.create({ group, name: `${name}.new`, sizeBytes: 12 * MIB, ...thin });
    await host.unmark(group, `${name}.new`, 'unfinished');
    const growing = `_snapshot-${randomUUID()}`;
    await host.create({ group, name: growing, sizeBytes: 4 * MIB, ...thin });
    await host.unmark(group, growing, 'unfinished');
    await host.mark(group, growing, `growing-from-${4 * MIB}`);
    await host.extend(group, growing, 8 * MIB);
    const again = await startDriver(world, pool);
    const { volumes } = await host.look(group);
    assert.deepEqual(
      volumes.map((one) => [one.name, one.sizeBytes, one.marks]),
      [
        [growing, 4 * MIB, []],
        [name, 12 * MIB, []],
      ],
    );
    await host.remove(group, growing);
    await again.remove(stored);
    assert.deepEqual(await again.list(), []);
  },
};

export const LVM_DRIVER_CONTRACT: Readonly<Record<string, (world: LvmDriverWorld) => Promise<void>>> =
  Object.fromEntries(
    Object.entries(CHECKS).flatMap(([name, check]) => [
      [`a thick back end ${name}`, (world: LvmDriverWorld) => check(world, undefined)],
      [`a thin back end ${name}`, (world: LvmDriverWorld) => check(world, world.pool)],
    ]),
  );
