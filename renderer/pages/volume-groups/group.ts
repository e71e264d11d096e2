import { session } from '../../cloud/session.svelte.ts';
import type { Volume } from '../../cloud/storage-types.ts';

/** States in which a group, or a snapshot of one, can be worked with. */
export const READY = 'available';

/** Volumes that a group may take in: free of other groups, and not busy. */
export const mayJoin = (volume: Volume, groupId: string | undefined): boolean =>
  volume.group_id === null
    ? ['available', 'in-use'].includes(volume.status)
    : groupId !== undefined && volume.group_id === groupId;

export type GroupPath = '/groups' | '/group_snapshots';

/** Says that a group, or a snapshot of one, is well, for when it is stuck. @throws {ApiError} */
export const resetGroup = (path: GroupPath, id: string): Promise<unknown> =>
  session.api.post('volume', `${path}/${id}/action`, { reset_status: { status: READY } });
