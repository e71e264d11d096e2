import { badRequest } from '../../errors/error.ts';
import { type Caller, mv } from '../../http/index.ts';
import { findGroupRow, findGroup, type Group } from '../store/group.ts';
import type { VolumeType } from '../store/type.ts';
import { notThere, sees, type VolumeContext } from './context.ts';

/** The group (microversion 3.13) or consistency group that a new volume is to be in, once it is known that it may. */
export function groupForVolume(
  { db }: VolumeContext,
  caller: Caller,
  request: {
    readonly group_id?: string | null;
    readonly consistencygroup_id?: string | null;
    readonly volume_type?: string | null;
  },
  type: VolumeType,
): Group | undefined {
  const id = request.consistencygroup_id ?? (caller.version < mv('3.13') ? null : request.group_id);
  if (id === undefined || id === null) return undefined;
  const group = findGroup(db, id);
  if (group === undefined || !sees(caller.auth, group.project_id)) throw notThere('Group', id);
  if (request.volume_type === undefined || request.volume_type === null || request.volume_type === '')
    throw badRequest(
      'Invalid input received: volume_type must be provided when creating a volume in a group.',
    );
  if (!group.volume_types.includes(type.id))
    throw badRequest(
      `Invalid input received: Invalid volume_type provided: ${type.name} (requested type must be supported by this group).`,
    );
  if (!['available', 'creating'].includes(group.status))
    throw badRequest(
      `Invalid Group: Originating group status must be one of 'available, creating' values, it is '${group.status}'`,
    );
  return group;
}

/** Where a group is; undefined while that is yet to be chosen. */
export const backendOfGroup = ({ db }: Pick<VolumeContext, 'db'>, id: string): string | undefined =>
  findGroupRow(db, id)?.backend ?? undefined;
