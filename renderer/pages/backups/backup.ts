import type { VolumeBackup } from '../../cloud/storage-types.ts';

/**
 * The backups that are read when one is restored, the full one first. The API does not name what an incremental backup
 * builds on: it is the one before it, by the moment of its data.
 */
export function chainOf(backup: VolumeBackup, all: readonly VolumeBackup[]): readonly VolumeBackup[] {
  const before = all
    .filter((one) => one.volume_id === backup.volume_id && one.data_timestamp <= backup.data_timestamp)
    .toSorted((a, b) => a.data_timestamp.localeCompare(b.data_timestamp));
  const at = before.findIndex((one) => one.id === backup.id);
  const full = before.slice(0, at + 1).findLastIndex((one) => !one.is_incremental);
  return full === -1 ? [backup] : before.slice(full, at + 1);
}
