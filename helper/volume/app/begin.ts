import { updateVolume, type Volume, type VolumeRow } from '../store/volume.ts';
import type { VolumeContext } from './context.ts';

/** A volume is being worked on from here on, in the open transaction; what it was before is kept to go back to. */
export function beginOn(
  { db, now }: Pick<VolumeContext, 'db' | 'now'>,
  volume: Volume,
  status: string,
  changes: Partial<VolumeRow> = {},
): void {
  updateVolume(db, volume.id, { ...changes, status, previous_status: volume.status, updated_at: now() });
}
