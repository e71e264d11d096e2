import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findNamed, make } from '../main/demo/ensure.ts';
import { DEMO } from '../main/demo/plan.ts';
import type { OpenStackClient } from '../main/openstack-client.ts';
import { ratio, type Figure } from './figures.ts';
import { timed } from './pace.ts';
import type { Ends } from './servers.ts';
import { median } from './statistics.ts';
import { run, type Workplace } from './workplace.ts';

const SIZE_GIB = 1;
/** Requests of qemu-img bench: many small ones far apart, and few large ones in a row. */
const PATTERNS = {
  sequential: ['-s', '1M', '-c', '256'],
  // A stride that comes by every place of the disk in no order.
  random: ['-s', '4k', '-S', '37793792', '-c', '4000'],
} as const;

/** What the bench of volumes works with. */
export interface VolumeBench {
  readonly place: Workplace;
  readonly client: OpenStackClient;
  readonly ends: Ends;
  /** A server that runs. */
  readonly serverId: string;
  /** The image from which the demo's servers are made, as a file. */
  readonly imagePath: string;
  /** Where the helper keeps volumes. */
  readonly volumeDirectory: string;
}

type Times = Record<'ours' | 'bare', number[]>;
const times = (): Times => ({ ours: [], bare: [] });

/** Volumes against bare commands in turn: making them, and plugging them into a guest. */
export async function measureVolumes(
  bench: VolumeBench,
  samples: number,
  onProgress: (fraction: number, text: string) => void,
): Promise<readonly Figure[]> {
  const { place, client } = bench;
  const image = await findNamed(client, 'image', '/images', 'images', DEMO.image);
  const bare = join(await place.makeDirectory('volumes'), 'bare');
  const [empty, ofImage, attach] = [times(), times(), times()];
  for (let round = 0; round < samples; round++) {
    onProgress(round / samples, `volumes, round ${round + 1} of ${samples}`);
    const size = `${SIZE_GIB}G`;
    empty.bare.push((await timed(() => run('qemu-img', 'create', '-q', '-f', 'qcow2', bare, size))).ms);
    const made = await timed(() => makeVolume(bench, {}));
    empty.ours.push(made.ms);
    attach.bare.push(await attachBare(bench, bare));
    attach.ours.push(await attachVolume(bench, made.result));
    const filled = async (): Promise<void> => {
      await run('qemu-img', 'convert', '-f', 'qcow2', '-O', 'qcow2', bench.imagePath, bare);
      await run('qemu-img', 'resize', '-q', '-f', 'qcow2', bare, size);
    };
    ofImage.bare.push((await timed(filled)).ms);
    const copied = await timed(() => makeVolume(bench, { imageRef: image?.id }));
    ofImage.ours.push(copied.ms);
    for (const id of [made.result, copied.result]) await removeVolume(bench, id);
  }
  const figure = (name: Figure['name'], { ours, bare: floor }: Times): Figure =>
    ratio(name, median(ours), median(floor));
  return [
    figure('volume_create_empty_ratio', empty),
    figure('volume_create_image_ratio', ofImage),
    figure('volume_attach_ratio', attach),
  ];
}

async function makeVolume({ client, ends }: VolumeBench, more: object): Promise<string> {
  const { id } = await make(client, 'volume', '/volumes', 'volume', { size: SIZE_GIB, ...more });
  await ends.of('volume-create', id);
  return id;
}

async function removeVolume({ client, ends }: VolumeBench, id: string): Promise<void> {
  await client.delete('volume', `/volumes/${id}`);
  await ends.of('volume-delete', id);
}

/** @returns milliseconds from the request until the volume is in use. */
async function attachVolume({ client, ends, serverId }: VolumeBench, volumeId: string): Promise<number> {
  const path = `/servers/${serverId}/os-volume_attachments`;
  const operation = (name: string): Promise<void> => ends.next(name, serverId);
  const { ms } = await timed(async () => {
    const attached = operation('server-attach-volume');
    await client.post('compute', path, { volumeAttachment: { volumeId } });
    await attached;
  });
  const detached = operation('server-detach-volume');
  await client.delete('compute', `${path}/${volumeId}`);
  await detached;
  return ms;
}

async function attachBare({ place, serverId }: VolumeBench, path: string): Promise<number> {
  const xml = join(place.directory, 'bare-disk.xml');
  await writeFile(
    xml,
    `<disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='writeback' discard='unmap'/>
     <source file='${path}'/><target dev='vdy' bus='virtio'/></disk>`,
  );
  const { ms } = await timed(() => run('virsh', 'attach-device', '--live', serverId, xml));
  for (;;) {
    // A guest that is busy does not hear the first request.
    await run('virsh', 'detach-device', '--live', serverId, xml).catch(() => '');
    await delay(200);
    if (!(await run('virsh', 'dumpxml', serverId)).includes("dev='vdy'")) return ms;
  }
}

/**
 * Reads and writes through QEMU's block layer (qemu-img bench, 16 requests at a time, cache writeback as guests have it)
 * of a volume's file beside those of a file that qemu-img made: lines for people, since the program of both is the same.
 */
export async function measureDisk(bench: VolumeBench, samples: number): Promise<readonly string[]> {
  const bare = join(bench.place.directory, 'volumes', 'bare');
  await run('qemu-img', 'create', '-q', '-f', 'qcow2', bare, `${SIZE_GIB}G`);
  const id = await makeVolume(bench, {});
  const ours = join(bench.volumeDirectory, `volume-${id}`);
  const lines: string[] = [];
  for (const [name, pattern] of Object.entries(PATTERNS))
    for (const write of [true, false]) {
      const taken = times();
      const once = (path: string): Promise<string> =>
        run(
          'qemu-img',
          'bench',
          '-f',
          'qcow2',
          '-t',
          'writeback',
          '-d',
          '16',
          ...(write ? ['-w'] : []),
          ...pattern,
          path,
        );
      for (let round = 0; round < samples; round++) {
        taken.bare.push((await timed(() => once(bare))).ms);
        taken.ours.push((await timed(() => once(ours))).ms);
      }
      const [ourMs, bareMs] = [median(taken.ours), median(taken.bare)];
      lines.push(
        `  volume's file, ${name} ${write ? 'writes' : 'reads'}: ${(ourMs / bareMs).toFixed(2)} x of a bare file (${ourMs.toFixed(0)} ms, ${bareMs.toFixed(0)} ms)`,
      );
    }
  await removeVolume(bench, id);
  return lines;
}
