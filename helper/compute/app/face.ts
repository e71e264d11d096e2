import { Secret } from '../../secret.ts';
import type { ComputeConfig } from '../deps.ts';
import type { ComputeFace, GuestDisks } from '../face.ts';
import { diskBus, disksOf, localDisks, pathsOf } from '../sagas/domain-disks.ts';
import { setGuestPassword } from '../store/guest-password.ts';
import { blockDevicesOf } from '../store/block-devices.ts';
import {
  POWER,
  imagePropertiesOfRow,
  instanceName,
  metadataOfRow,
  type ServerRow,
} from '../store/server-row.ts';
import { volumesOf, type ServerVolumeRow } from '../store/server-volume.ts';
import { countServers, findServer } from '../store/server.ts';

const secretOf = (text: string | null): Secret | null => (text === null ? null : new Secret(text));

/** By their names alone: where volumes are does not matter here. */
function guestDisks(config: ComputeConfig, row: ServerRow, volumes: readonly ServerVolumeRow[]): GuestDisks {
  const bus = diskBus(imagePropertiesOfRow(row));
  const disks = disksOf(
    config,
    row,
    volumes.map((one) => ({
      target: one.target,
      bus: one.disk_bus ?? bus,
      device: one.device_type,
      format: 'raw' as const,
      source: { kind: 'file' as const, path: '' },
      ...(one.boot_index === null ? {} : { bootIndex: one.boot_index + 1 }),
    })),
  );
  const paths = pathsOf(config, row.id);
  const nameOf = (path: string): string | undefined =>
    disks.find(({ source }) => source.kind === 'file' && source.path === path)?.target;
  const locals = localDisks(row).flatMap((disk) => {
    const target = nameOf(paths.local(disk));
    return target === undefined ? [] : [{ ...disk, target }];
  });
  const root = { tag: blockDevicesOf(row).root?.tag, target: nameOf(paths.disk), serial: null };
  const ofVolumes = volumes.map(({ tag, target, volume_id }) => ({ tag, target, serial: volume_id }));
  const all = [root, ...locals.map(({ tag, target }) => ({ tag, target, serial: null })), ...ofVolumes];
  return {
    ephemerals: locals.filter(({ name }) => name !== 'disk.swap').map(({ target }) => `/dev/${target}`),
    swap: locals.filter(({ name }) => name === 'disk.swap').map(({ target }) => `/dev/${target}`)[0] ?? null,
    volumes: volumes.map(({ target }) => `/dev/${target}`).sort(),
    tagged: all.flatMap(({ tag, target, serial }) =>
      tag == null || target === undefined ? [] : [{ tag, target, serial }],
    ),
  };
}

export const computeFace = (config: ComputeConfig): ComputeFace => ({
  metadataOf: (db, serverId) => {
    const row = findServer(db, serverId);
    if (row === undefined) return undefined;
    const keyPair =
      row.key_name === null || row.key_data === null
        ? null
        : { name: row.key_name, type: row.key_type ?? 'ssh', publicKey: row.key_data };
    return {
      id: row.id,
      name: row.name,
      hostname: row.hostname,
      projectId: row.project_id,
      userId: row.user_id,
      instanceName: instanceName(row),
      instanceNumber: row.seq,
      availabilityZone: row.availability_zone ?? row.requested_zone ?? config.zone,
      launchIndex: row.launch_index,
      reservationId: row.reservation_id,
      imageId: row.image_id,
      flavorName: row.flavor_name,
      metadata: metadataOfRow(row),
      keyPair,
      userData: secretOf(row.user_data),
      guestPassword: row.guest_password,
      configDrive: row.config_drive === 1,
      adminPassword: secretOf(row.admin_password),
      files: JSON.parse(row.personality) as { path: string; contents: string }[],
      rootDeviceName: row.root_device_name,
      disks: guestDisks(config, row, volumesOf(db, serverId)),
    };
  },
  storeGuestPassword: setGuestPassword,
  countServers,
  consolesOf: (db, serverId) => {
    const row = findServer(db, serverId);
    if (row === undefined) return undefined;
    const paths = pathsOf(config, serverId);
    return {
      projectId: row.project_id,
      vncSocketPath: paths.vncSocket,
      serialSocketPath: paths.serialSocket,
      running: row.power_state === POWER.running || row.power_state === POWER.paused,
    };
  },
});
