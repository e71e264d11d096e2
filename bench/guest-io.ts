import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { make } from '../main/demo/ensure.ts';
import { sshArguments, type SshTarget } from '../main/demo/ssh.ts';
import { ratio, type Figure } from './figures.ts';
import { parseRound, PATTERNS, roundScript, type Took } from './guest-dd.ts';
import { median } from './statistics.ts';
import {
  attachVolume,
  detachVolume,
  makeVolume,
  plugBare,
  removeVolume,
  SIZE_GIB,
  unplugBare,
  type BareDisk,
  type VolumeBench,
} from './volumes.ts';
import { IO_BACKENDS, run } from './workplace.ts';

const HOTPLUG_MS = 60_000;
/** What tells the disk that libvirt got from us in the guest. */
const BARE_SERIAL = 'bench-bare';

/** A guest with three disks of one size and format, and how its root is spoken to. */
export interface IoBench extends VolumeBench {
  readonly ssh: SshTarget;
}

/**
 * Reads and writes inside a guest: a volume that is a file, one that comes by iSCSI, and a file that a bare script gave
 * the same guest, in turn.
 */
export async function measureGuestIo(
  bench: IoBench,
  rounds: number,
  onProgress: (fraction: number, text: string) => void,
): Promise<readonly Figure[]> {
  onProgress(0, 'three disks for a guest');
  const file = await volumeOf(bench, IO_BACKENDS.file);
  const iscsi = await volumeOf(bench, IO_BACKENDS.iscsi);
  const bare = await bareDisk(bench);
  await plugBare(bench, bare);
  const disks = await devicesOf(bench, { file, iscsi, bare: BARE_SERIAL });
  // The first writes give the files their blocks.
  await inGuest(bench, roundScript(Object.values(disks), 0));
  const took: ReadonlyMap<string, Took>[] = [];
  for (let round = 0; round < rounds; round++) {
    onProgress((round + 1) / (rounds + 1), `reads and writes in a guest, round ${round + 1} of ${rounds}`);
    // Each is the first one as often as the others.
    const order = Object.values(disks);
    const turned = [...order.slice(round % order.length), ...order.slice(0, round % order.length)];
    took.push(parseRound(await inGuest(bench, roundScript(turned, round + 1))));
  }
  await unplugBare(bench, bare);
  for (const id of [file, iscsi]) {
    await detachVolume(bench, id);
    await removeVolume(bench, id);
  }
  const ms = (disk: string, pattern: keyof Took): number =>
    median(took.map((round) => round.get(disk)?.[pattern] ?? NaN));
  return (['file', 'iscsi'] as const).flatMap((way) =>
    PATTERNS.map((pattern) =>
      ratio(`io_${way}_${pattern}_ratio`, ms(disks[way], pattern), ms(disks.bare, pattern)),
    ),
  );
}

/** Makes a volume on the back end, and plugs it in. @returns its id. */
async function volumeOf(bench: IoBench, backend: string): Promise<string> {
  await make(bench.client, 'volume', '/types', 'volume_type', {
    name: backend,
    extra_specs: { volume_backend_name: backend },
  });
  const id = await makeVolume(bench, { volume_type: backend });
  await attachVolume(bench, id);
  return id;
}

async function bareDisk({ place }: IoBench): Promise<BareDisk> {
  const path = join(place.directory, 'bare-io');
  await run('qemu-img', 'create', '-q', '-f', 'raw', path, `${SIZE_GIB}G`);
  return { path, format: 'raw', target: 'vdz', serial: BARE_SERIAL };
}

/** Waits for the disks. @returns their names in the guest, as 'vdb', by those of the serial numbers. */
async function devicesOf<T extends string>(
  bench: IoBench,
  serials: Record<T, string>,
): Promise<Record<T, string>> {
  const limit = Date.now() + HOTPLUG_MS;
  for (;;) {
    const lines = (await inGuest(bench, 'grep . /sys/block/vd*/serial || true')).split('\n');
    const found = Object.entries<string>(serials).flatMap(([name, serial]) => {
      // All that virtio-blk has room for.
      const line = lines.find((one) => one.endsWith(`:${serial.slice(0, 20)}`));
      return line === undefined ? [] : [[name, line.split('/')[3]]];
    });
    if (found.length === Object.keys(serials).length) return Object.fromEntries(found) as Record<T, string>;
    if (Date.now() > limit) throw new Error(`the guest has only these disks: ${lines.join(' ')}`);
    await delay(200);
  }
}

const inGuest = ({ ssh }: IoBench, script: string): Promise<string> =>
  run('ssh', '-o', 'BatchMode=yes', ...sshArguments(ssh), script);
