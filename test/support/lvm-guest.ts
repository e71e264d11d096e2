/**
 * What runs in the guest of lvm.e2e.test.ts, on a kernel with device-mapper: the contracts of LVM's host and driver, on
 * LVM itself. One line of JSON for each.
 */
import { mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { LinuxCommandRunner } from '../../helper/host/command/linux.ts';
import { LinuxDiskHost } from '../../helper/host/disk/linux.ts';
import { LinuxStateFiles } from '../../helper/host/files/linux.ts';
import { LVM_CONTRACT } from '../../helper/host/lvm/contract.ts';
import { LinuxLvmHost } from '../../helper/host/lvm/linux.ts';
import { LVM_DRIVER_CONTRACT } from '../../helper/volume/driver/lvm-contract.ts';

/** Begins each line that is meant for the test. */
export const MARK = '@@lvm ';

/** A group of each disk: one for thin volumes, whose pool takes all of it, and one for thick ones. */
const GROUPS = { thin: 'thin', thick: 'thick' } as const;

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
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === import.meta.filename) await main();
