/**
 * SIGKILL of a helper that works on LVM, in the guest of lvm.e2e.test.ts: a process of its own does one thing, and dies
 * before its n-th command that changes something. The next start leaves nothing of it.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandRunner } from '../../helper/host/command/interface.ts';
import { LinuxCommandRunner } from '../../helper/host/command/linux.ts';
import { LinuxDiskHost } from '../../helper/host/disk/linux.ts';
import { LinuxStateFiles } from '../../helper/host/files/linux.ts';
import { LinuxLvmHost } from '../../helper/host/lvm/linux.ts';
import type { VolumeDriver } from '../../helper/volume/driver/interface.ts';
import { startDriver, type LvmDriverWorld } from '../../helper/volume/driver/lvm-contract.ts';

const CHANGES = /^(blkdiscard|lv(create|remove|extend|reduce|change|rename)|qemu-img (convert|dd)) /;

/** What a helper is told to do before it dies; both processes read it. */
export interface KillOrder {
  readonly owner: string;
  readonly directory: string;
  readonly group: string;
  readonly pool: string | undefined;
  readonly deed: keyof typeof DEEDS;
  readonly id: string;
  readonly sizeBytes: number;
  /** Before which change, from 1. */
  readonly killAt: number;
  /** Bytes of the volume that the next start leaves; undefined when there is to be none. */
  readonly expected: number | undefined;
}

const DEEDS = {
  create: (driver: VolumeDriver, { id, sizeBytes }: KillOrder) =>
    driver.createEmpty({ kind: 'volume', id }, sizeBytes),
  /** Over what is there. */
  clone: (driver: VolumeDriver, { id, sizeBytes, directory }: KillOrder) =>
    driver.clone({ kind: 'volume', id }, { path: join(directory, 'image'), format: 'raw' }, { sizeBytes }),
  extend: (driver: VolumeDriver, { id, sizeBytes }: KillOrder) =>
    driver.extend({ kind: 'volume', id }, sizeBytes),
  remove: (driver: VolumeDriver, { id }: KillOrder) => driver.remove({ kind: 'volume', id }),
};

/** @param commands those that the driver runs. */
function worldOf(order: Omit<KillOrder, 'expected'>, commands: CommandRunner): LvmDriverWorld {
  const { owner, directory, group, pool = '' } = order;
  const host = new LinuxLvmHost({ owner, commands });
  const files = new LinuxStateFiles(directory);
  return { host, group, pool, directory, files, disks: new LinuxDiskHost(commands) };
}

/** The process that is killed. It ends by itself when it is done before its time. */
export async function obey(order: KillOrder): Promise<void> {
  const real = new LinuxCommandRunner();
  let changes = 0;
  const run: CommandRunner['run'] = (argv, options) => {
    if (CHANGES.test(`${argv.join(' ')} `)) changes += 1;
    if (changes === order.killAt) process.kill(process.pid, 'SIGKILL');
    return real.run(argv, options);
  };
  const driver = await startDriver(worldOf(order, { run }), order.pool);
  await DEEDS[order.deed](driver, order);
}

/** One deed whose helper is killed before its n-th change, and the start after it. */
export async function killAt(order: KillOrder, program: string): Promise<void> {
  const child = spawn(process.execPath, [program, JSON.stringify(order)], { stdio: 'inherit' });
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  assert.deepEqual([code, signal], [null, 'SIGKILL']);
  await look(order);
}

/** As the next start finds and leaves it: the volume as it was or as it is to be, and nothing else. */
async function look({ expected, ...order }: KillOrder): Promise<void> {
  const { group, pool, directory, id } = order;
  const world = worldOf(order, new LinuxCommandRunner());
  await startDriver(world, pool);
  const { volumes } = await world.host.look(group, pool);
  assert.deepEqual(
    volumes.map(({ name, sizeBytes, active, marks }) => ({ name, sizeBytes, active, marks })),
    expected === undefined ? [] : [{ name: `volume-${id}`, sizeBytes: expected, active: true, marks: [] }],
  );
  assert.deepEqual(readdirSync(join(directory, 'lvm-scratch')), []);
}
