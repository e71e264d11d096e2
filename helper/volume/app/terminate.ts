import { volumeDelete } from '../sagas/volume-delete.ts';
import { snapshotsOf } from '../store/snapshot.ts';
import { findVolume, updateVolume } from '../store/volume.ts';
import type { VolumeContext } from './context.ts';

/** Queues the deletion of a volume that goes with its server, in the open transaction; one that cannot go stays. */
export function terminateVolume(context: VolumeContext, id: string): void {
  const { db, sagas, now } = context;
  const volume = findVolume(db, id);
  if (volume === undefined || !['available', 'error'].includes(volume.status)) return;
  if (volume.attachments.length > 0 || snapshotsOf(db, id).length > 0) return;
  updateVolume(db, id, { status: 'deleting', updated_at: now() });
  sagas.enqueue(volumeDelete, {
    volumeId: id,
    projectId: volume.project_id,
    backend: volume.backend,
    snapshots: [],
  });
}
