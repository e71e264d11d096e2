import { expect, test } from 'vitest';
import type { VolumeBackup } from '../../cloud/storage-types.ts';
import { chainOf } from './backup.ts';

const backup = (id: string, at: number, incremental: boolean, volume = 'v'): VolumeBackup => ({
  id,
  name: id,
  description: null,
  status: 'available',
  size: 1,
  volume_id: volume,
  snapshot_id: null,
  container: 'c',
  is_incremental: incremental,
  has_dependent_backups: false,
  fail_reason: null,
  created_at: `2026-11-21T10:00:0${at}`,
  data_timestamp: `2026-11-21T10:00:0${at}`,
});

test('a chain begins with the last full backup of the volume and ends with the one that is asked for', () => {
  const all = [
    backup('old', 1, false),
    backup('full', 2, false),
    backup('other', 3, false, 'w'),
    backup('a', 4, true),
    backup('b', 5, true),
  ];
  const ids = (id: string) =>
    chainOf(all.find((one) => one.id === id) ?? backup('', 0, true), all).map((one) => one.id);
  expect(ids('a')).toEqual(['full', 'a']);
  expect(ids('b')).toEqual(['full', 'a', 'b']);
  expect(ids('full')).toEqual(['full']);
});
