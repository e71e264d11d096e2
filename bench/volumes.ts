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

/** Of each volume. */
export const SIZE_GIB = 1;
/** What the bench of volumes works with. */
export interface VolumeBench {
  readonly place: Workplace;
  readonly client: OpenStackClient;
  readonly ends: Ends;
  /** A server that runs. */
  readonly serverId: string;
  /** The image from which the demo's servers are made, as a file. */
  readonly imagePath: string;
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
    const disk: BareDisk = { path: bare, format: 'qcow2', target: 'vdy' };
    attach.bare.push((await timed(() => plugBare(bench, disk))).ms);
    await unplugBare(bench, disk);
    attach.ours.push((await timed(() => attachVolume(bench, made.result))).ms);
    await detachVolume(bench, made.result);
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

/** @returns the volume's id, once it is there. */
export async function makeVolume({ client, ends }: VolumeBench, more: object): Promise<string> {
  const { id } = await make(client, 'volume', '/volumes', 'volume', { size: SIZE_GIB, ...more });
  await ends.of('volume-create', id);
  return id;
}

export async function removeVolume({ client, ends }: VolumeBench, id: string): Promise<void> {
  await client.delete('volume', `/volumes/${id}`);
  await ends.of('volume-delete', id);
}

/** Returns once the volume is in use. */
export async function attachVolume({ client, ends, serverId }: VolumeBench, volumeId: string): Promise<void> {
  const attached = ends.next('server-attach-volume', serverId);
  await client.post('compute', `/servers/${serverId}/os-volume_attachments`, {
    volumeAttachment: { volumeId },
  });
  await attached;
}

export async function detachVolume({ client, ends, serverId }: VolumeBench, volumeId: string): Promise<void> {
  const detached = ends.next('server-detach-volume', serverId);
  await client.delete('compute', `/servers/${serverId}/os-volume_attachments/${volumeId}`);
  await detached;
}

/** A disk that a bare script gives a guest. */
export interface BareDisk {
  readonly path: string;
  readonly format: 'qcow2' | 'raw';
  /** No other disk of the guest has it: 'vdy'. */
  readonly target: string;
  readonly serial?: string;
}

/** Plugs it in with the options that volumes have. */
export async function plugBare({ place, serverId }: VolumeBench, disk: BareDisk): Promise<void> {
  await run('virsh', 'attach-device', '--live', serverId, await xmlOf(place, disk));
}

/** Returns once the guest has let it go. */
export async function unplugBare({ place, serverId }: VolumeBench, disk: BareDisk): Promise<void> {
  const xml = await xmlOf(place, disk);
  for (;;) {
    // A guest that is busy does not hear the first request.
    await run('virsh', 'detach-device', '--live', serverId, xml).catch(() => '');
    await delay(200);
    if (!(await run('virsh', 'dumpxml', serverId)).includes(`dev='${disk.target}'`)) return;
  }
}

async function xmlOf(place: Workplace, { path, format, target, serial }: BareDisk): Promise<string> {
  const xml = join(place.directory, `${target}.xml`);
  await writeFile(
    xml,
    `<disk type='file' device='disk'><driver name='qemu' type='${format}' cache='writeback' discard='unmap'/>
     <source file='${path}'/><target dev='${target}' bus='virtio'/>${serial === undefined ? '' : `<serial>${serial}</serial>`}</disk>`,
  );
  return xml;
}
