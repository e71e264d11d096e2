/** A guest of 512 bytes for tests, and what its domain needs on the host. */
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Owner } from '../files/interface.ts';
import type { DomainSpec } from './interface.ts';

/**
 * sti; switch on the power button's event (PM1 enable, port 0x602); send 'D' to the serial port; wait: hlt until the
 * button's bit is set (PM1 status, 0x600); switch off (PM1 control, 0x604: S5). The ports are machine 'pc' under
 * SeaBIOS.
 */
const BOOT_SECTOR = 'fbba0206b80001efbaf803b044eef4ba0006edf6c40174f6ba0406b80020eff4ebfd';

export interface TestGround {
  readonly directory: string;
  /** A spec of a guest that boots at once and obeys the power button. */
  spec(index: number, changes?: Partial<DomainSpec>): DomainSpec;
  remove(): Promise<void>;
}

/** @param owner QEMU's user, who makes its sockets in a server's run directory. */
export async function testGround(prefix: string, owner?: Owner): Promise<TestGround> {
  const directory = await mkdtemp(join(tmpdir(), `${prefix}-`));
  await chmod(directory, 0o711);
  const sector = Buffer.alloc(1_048_576);
  sector.write(BOOT_SECTOR, 0, 'hex');
  sector.writeUInt16LE(0xaa55, 510);
  const disks = [1, 2, 3].map((index) => join(directory, `disk-${index}.raw`));
  for (const disk of disks) await writeFile(disk, sector, { mode: 0o600 });
  const run = join(directory, 'run');
  await mkdir(run, { mode: 0o700 });
  if (owner !== undefined) await chown(run, owner.uid, owner.gid);
  return {
    directory,
    spec: (index, changes = {}) => ({
      uuid: `5c1fd0a1-0000-4000-8000-${String(index).padStart(12, '0')}`,
      name: `instance-${index.toString(16).padStart(8, '0')}`,
      labels: { serverName: 'web', projectId: 'p'.repeat(32), flavorName: 'm1.tiny', imageId: null },
      vcpus: 1,
      memoryMib: 32,
      disks: [
        {
          target: 'vda',
          bus: 'virtio',
          device: 'disk',
          format: 'raw',
          source: { kind: 'file', path: disks[index - 1] ?? '' },
          bootIndex: 1,
        },
      ],
      nics: [],
      consoleLogPath: join(directory, `console-${index}.log`),
      serialSocketPath: join(run, `serial-${index}.sock`),
      vncSocketPath: join(run, `vnc-${index}.sock`),
      hardware: { rng: true },
      ...changes,
    }),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}
