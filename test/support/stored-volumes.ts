import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'vitest';
import type { Named } from '../../main/demo/ensure.ts';
import type { OpenStackClient } from '../../main/openstack-client.ts';
import type { TestInstance } from './instance.ts';

export interface VolumeTold {
  readonly id: string;
  readonly status: string;
  readonly size: number;
  readonly encrypted: boolean;
  readonly attachments: readonly { readonly server_id: string; readonly attachment_id: string }[];
}
export interface BackupTold {
  readonly id: string;
  readonly status: string;
  readonly object_count: number;
  readonly is_incremental: boolean;
}
export interface Stored {
  readonly volumes: readonly VolumeTold[];
  readonly snapshots: readonly Named[];
  readonly backups: readonly BackupTold[];
}

/** Of the store of backups, below the state directory. */
const STORE = ['backups', 'volumebackups'];

/** Hidden ones too; none when there is no such directory. */
function namesIn({ directory }: TestInstance, ...path: readonly string[]): string[] {
  const folder = join(directory, 'state', ...path);
  return existsSync(folder) ? readdirSync(folder) : [];
}

const count = (db: Database.Database, table: string): number =>
  db.prepare<[], { n: number }>(`SELECT count(*) AS n FROM ${table}`).get()?.n ?? -1;

/**
 * Files, keys, attachments, exports and objects of backups are those of the rows, and servers and volumes say the same of
 * each other.
 * @throws when they are not, or when a volume is neither in use nor available.
 */
export async function compareStored(instance: TestInstance, admin: OpenStackClient): Promise<Stored> {
  const { volumes } = (await admin.get('volume', '/volumes/detail')) as unknown as Stored;
  const { snapshots } = (await admin.get('volume', '/snapshots/detail')) as unknown as Stored;
  const { backups } = (await admin.get('volume', '/backups/detail')) as unknown as Stored;
  const wanted = [...volumes.map(({ id }) => `volume-${id}`), ...snapshots.map(({ id }) => `snapshot-${id}`)];
  const files = namesIn(instance, 'volumes').flatMap((backend) => namesIn(instance, 'volumes', backend));
  expect(files.sort()).toEqual(wanted.sort());
  const { servers } = (await admin.get('compute', '/servers')) as { servers: Named[] };
  const ofServers: string[] = [];
  for (const { id } of servers) {
    const path = `/servers/${id}/os-volume_attachments`;
    const { volumeAttachments } = (await admin.get('compute', path)) as {
      volumeAttachments: { volumeId: string }[];
    };
    ofServers.push(...volumeAttachments.map(({ volumeId }) => `${volumeId} in ${id}`));
  }
  const ofVolumes = volumes.flatMap(({ id, attachments }) =>
    attachments.map(({ server_id: serverId }) => `${id} in ${serverId}`),
  );
  expect(ofServers.sort()).toEqual(ofVolumes.sort());
  for (const { id, status, attachments } of volumes)
    expect([id, status]).toEqual([id, attachments.length > 0 ? 'in-use' : 'available']);
  const db = new Database(join(instance.directory, 'state', 'deskcloud.db'), { readonly: true });
  try {
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    expect(count(db, 'volume_key')).toBe(volumes.filter((one) => one.encrypted).length);
    expect(count(db, 'volume_attachment')).toBe(ofVolumes.length);
    expect(count(db, 'image_lease')).toBe(servers.length);
    expect(count(db, 'volume_export')).toBe(ofVolumes.length);
    const folders = db
      .prepare<[], { id: string; folder: string }>('SELECT id, service_metadata AS folder FROM volume_backup')
      .all();
    expect(namesIn(instance, ...STORE).sort()).toEqual(folders.map(({ folder }) => folder).sort());
    for (const { id, status, object_count: objects } of backups) {
      const folder = folders.find((one) => one.id === id)?.folder ?? '';
      expect([id, status, namesIn(instance, ...STORE, folder).length]).toEqual([id, 'available', objects]);
    }
  } finally {
    db.close();
  }
  return { volumes, snapshots, backups };
}
