import { Secret } from '../../secret.ts';
import type { ComputeConfig } from '../deps.ts';
import type { ComputeFace } from '../face.ts';
import { pathsOf } from '../sagas/domain-disks.ts';
import { setGuestPassword } from '../store/guest-password.ts';
import { POWER, instanceName, metadataOfRow } from '../store/server-row.ts';
import { countServers, findServer } from '../store/server.ts';

const secretOf = (text: string | null): Secret | null => (text === null ? null : new Secret(text));

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
      ephemeralGib: row.ephemeral_gib,
      swapMib: row.swap_mib,
      rootDeviceName: row.root_device_name,
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
