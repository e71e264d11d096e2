import { randomUUID } from 'node:crypto';
import { conflict } from '../../errors/error.ts';
import { transaction } from '../../db/index.ts';
import type { Caller } from '../../http/index.ts';
import type { ComputeDeps } from '../deps.ts';
import { localDisks } from '../sagas/domain-disks.ts';
import { imagePropertiesOfRow, type ServerRow } from '../store/server-row.ts';
import { insertServerAction } from '../store/server-action.ts';
import { rootVolumeOf, volumesOf } from '../store/server-volume.ts';
import { freshServer, whoOf } from './begin-action.ts';
import { imageOfMetadata } from './block-device-plan.ts';
import { requireLegal } from './server-state.ts';

/** Properties of an image that a snapshot of a server made of it has not (nova's non_inheritable_image_properties). */
const NOT_INHERITED =
  /^(cache_in_nova|bittorrent|img_signature|cinder_encryption_key|signature_verified|image_type|backup_type|instance_uuid|base_image_ref|user_id|os_glance|os_hidden)/;

/** What an image of a server says of itself. */
export function snapshotProperties(row: ServerRow): Readonly<Record<string, string>> {
  const inherited = Object.entries(imagePropertiesOfRow(row)).filter(([key]) => !NOT_INHERITED.test(key));
  return {
    ...Object.fromEntries(inherited),
    image_type: 'snapshot',
    instance_uuid: row.id,
    user_id: row.user_id,
    ...(row.image_id === null ? {} : { base_image_ref: row.image_id }),
  };
}

/** What nova writes of a mapping, with all its members. */
const mapping = (more: Readonly<Record<string, unknown>>): object => ({
  source_type: null,
  destination_type: null,
  snapshot_id: null,
  volume_id: null,
  image_id: null,
  volume_size: null,
  volume_type: null,
  device_name: null,
  disk_bus: null,
  device_type: null,
  guest_format: null,
  boot_index: null,
  tag: null,
  no_device: null,
  delete_on_termination: false,
  ...more,
});

/** The server's ephemeral and swap disks, which the image names without their content. */
const localMappings = (row: ServerRow): readonly object[] =>
  localDisks(row).map(({ name, sizeBytes }) =>
    mapping({
      source_type: 'blank',
      destination_type: 'local',
      device_type: 'disk',
      delete_on_termination: true,
      boot_index: -1,
      ...(name === 'disk.swap'
        ? { guest_format: 'swap', volume_size: sizeBytes / 1024 ** 2 }
        : { volume_size: sizeBytes / 1024 ** 3 }),
    }),
  );

/**
 * createImage of a server that boots from a volume: snapshots of its volumes, and an image without data that names them.
 * @returns the image's id.
 * @throws {CloudError} conflict; overQuota of the block storage.
 */
export function createVolumeImage(
  deps: ComputeDeps,
  caller: Caller,
  serverId: string,
  request: { readonly name: string; readonly metadata?: Readonly<Record<string, string>> },
): string {
  const { db, volume, image, clock } = deps;
  const imageId = randomUUID();
  transaction(db, () => {
    const row = freshServer(deps, serverId);
    requireLegal('createImage', row, caller.auth);
    const volumes = volumesOf(db, serverId).map((one) => {
      const { sizeGib, description } = volume.find(caller.auth, one.volume_id);
      const snapshot = volume.snapshot(caller.auth, {
        volumeId: one.volume_id,
        name: `snapshot for ${request.name}`,
        description: description ?? '',
      });
      const device = mapping({
        source_type: 'snapshot',
        destination_type: 'volume',
        snapshot_id: snapshot,
        volume_size: sizeGib,
        device_name: `/dev/${one.target}`,
        disk_bus: one.disk_bus,
        device_type: one.device_type,
        boot_index: one.boot_index,
        delete_on_termination: one.delete_on_termination === 1,
      });
      return { device, sizeGib, isRoot: one.boot_index === 0 };
    });
    const root = volumes.find(({ isRoot }) => isRoot);
    if (root === undefined) throw conflict(`Instance ${serverId} has lost its root volume.`);
    const rootVolume = rootVolumeOf(db, serverId)?.volume_id ?? '';
    image.reserve(db, caller.auth, {
      id: imageId,
      name: request.name,
      minDisk: root.sizeGib,
      minRam: imageOfMetadata(volume.find(caller.auth, rootVolume).imageMetadata).minRam,
      properties: {
        ...snapshotProperties(row),
        ...request.metadata,
        root_device_name: row.root_device_name,
        block_device_mapping: JSON.stringify([...localMappings(row), ...volumes.map(({ device }) => device)]),
        bdm_v2: 'True',
      },
    });
    image.activateEmpty(db, imageId);
    insertServerAction(db, {
      serverId,
      action: 'createImage',
      ...whoOf(caller, row),
      operationId: null,
      at: clock(),
    });
  });
  return imageId;
}
