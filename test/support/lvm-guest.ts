/**
 * What runs in the guest of lvm.e2e.test.ts, on a kernel with device-mapper: the contracts of LVM's host and driver, on
 * LVM itself. One line of JSON for each.
 */
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LinuxCommandRunner } from '../../helper/host/command/linux.ts';
import { LinuxDiskHost } from '../../helper/host/disk/linux.ts';
import { LinuxStateFiles } from '../../helper/host/files/linux.ts';
import { LVM_CONTRACT } from '../../helper/host/lvm/contract.ts';
import { LinuxLvmHost } from '../../helper/host/lvm/linux.ts';
import { LVM_DRIVER_CONTRACT } from '../../helper/volume/driver/lvm-contract.ts';
import { killAt, obey, type KillOrder } from './lvm-kill-guest.ts';

/** Begins each line that is meant for the test. */
export const MARK = '@@lvm ';

/** A group of each disk: one for thin volumes, whose pool takes all of it, and one for thick ones. */
const GROUPS = { thin: 'thin', thick: 'thick' } as const;

const MIB = 2 ** 20;
const VOLUME = '5b1f3c9e-2d44-4e0f-9a53-0d2f6c1b7a10';

type Kill = Pick<KillOrder, 'deed' | 'sizeBytes' | 'killAt' | 'expected'>;
const kill = (deed: KillOrder['deed'], sizeBytes: number, at: number, expected?: number): Kill => ({
  deed,
  sizeBytes: sizeBytes * MIB,
  killAt: at,
  expected: expected === undefined ? undefined : expected * MIB,
});

/**
 * One after the other on the same volume, each moment that leaves something else behind. A thin volume is made as a thick
 * one, without the zeros.
 */
const KILLS: Readonly<Record<keyof typeof GROUPS, Readonly<Record<string, Kill>>>> = {
  thick: {
    'made, not zeroed': kill('create', 8, 2),
    'complete, without its name': kill('create', 8, 4, 8),
    'a copy is written, and not said to be complete': kill('clone', 12, 4, 8),
    'a copy is complete': kill('clone', 12, 5, 12),
    'has grown, not zeroed': kill('extend', 16, 3, 12),
    'is to be removed': kill('remove', 0, 1, 12),
  },
  thin: { 'a copy is complete': kill('clone', 12, 4, 12) },
};
const KILLED = 'after SIGKILL there is all or nothing of';

/** The names of what is reported of them. */
export const KILL_NAMES = Object.entries(KILLS).flatMap(([kind, kills]) =>
  Object.keys(kills).map((name) => `${KILLED} a ${kind} volume: ${name}`),
);

export interface GuestResult {
  readonly name: string;
  readonly error?: string;
  readonly seconds: number;
}

async function report(name: string, work: () => Promise<unknown>): Promise<void> {
  const started = performance.now();
  const end = (error?: string): void => {
    const seconds = Math.round((performance.now() - started) / 100) / 10;
    const result = { name, seconds, ...(error === undefined ? {} : { error }) };
    process.stdout.write(`${MARK}${JSON.stringify(result)}\n`);
  };
  try {
    await work();
    end();
  } catch (error) {
    end(error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

async function main(): Promise<void> {
  const commands = new LinuxCommandRunner();
  const host = new LinuxLvmHost({ owner: 'guest', commands });
  const directory = '/tmp/lvm';
  mkdirSync(directory);
  await report('a group that is not there is said to be missing', async () => {
    const said: unknown = await host.look('nowhere').then(
      () => 'nothing',
      (error: Error) => error.message,
    );
    if (!String(said).includes('sudo vgcreate nowhere /dev/DISK')) throw new Error(String(said));
    if (!/\bdevice-mapper$/m.test(readFileSync('/proc/misc', 'utf8'))) throw new Error('it was not loaded');
  });
  await commands.run(['vgcreate', '--yes', GROUPS.thin, '/dev/vda'], { timeoutMs: 120_000 });
  await commands.run(['vgcreate', '--yes', GROUPS.thick, '/dev/vdb'], { timeoutMs: 120_000 });
  const files = new LinuxStateFiles(directory);
  const world = { host, pool: 'pool', disks: new LinuxDiskHost(commands), directory, files };
  for (const [name, check] of Object.entries(LVM_CONTRACT))
    await report(name, () => check({ ...world, group: GROUPS.thin }));
  for (const [name, check] of Object.entries(LVM_DRIVER_CONTRACT)) {
    const group = name.startsWith('a thin') ? GROUPS.thin : GROUPS.thick;
    await report(name, () => check({ ...world, group }));
  }
  writeFileSync(join(directory, 'image'), Buffer.alloc(3 * MIB, 'image '));
  for (const [kind, kills] of Object.entries(KILLS)) {
    const pool = kind === 'thin' ? world.pool : undefined;
    const order = { owner: 'guest', directory, group: GROUPS[kind as keyof typeof GROUPS], pool, id: VOLUME };
    for (const [name, one] of Object.entries(kills))
      await report(`${KILLED} a ${kind} volume: ${name}`, () =>
        killAt({ ...order, ...one }, import.meta.filename),
      );
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === import.meta.filename) {
  const order = process.argv[2];
  await (order === undefined ? main() : obey(JSON.parse(order) as KillOrder));
}
