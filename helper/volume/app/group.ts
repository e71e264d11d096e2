import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { badRequest } from '../../errors/error.ts';
import type { Caller } from '../../http/index.ts';
import { volumeGroupCreate, volumeGroupDelete } from '../sagas/group.ts';
import {
  findGroup,
  insertGroup,
  isGroupSource,
  listGroups,
  updateGroup,
  volumesOfGroups,
  type Group,
} from '../store/group.ts';
import { hasGroupSnapshots } from '../store/group-snapshot.ts';
import type { Listed } from '../store/list.ts';
import { snapshotsOf } from '../store/snapshot.ts';
import { findVolume, updateVolume, type Volume } from '../store/volume.ts';
import { notThere, projectOf, sees, type VolumeContext } from './context.ts';
import { GROUP_LIST } from './group-filter.ts';
import { capabilitySpecs, type GroupTypes } from './group-type.ts';
import { listQuery } from './list-query.ts';
import type { Quotas } from './quota.ts';
import type { Types } from './type.ts';
import type { Volumes } from './volume.ts';

export interface GroupRequest {
  readonly name?: string | null;
  readonly description?: string | null;
  /** Ids or names, as those of the volumes' types. */
  readonly group_type: string;
  readonly volume_types: readonly string[];
  readonly availability_zone?: string | null;
}

export interface GroupChanges {
  readonly name?: string | null;
  readonly description?: string | null;
  /** Ids with commas between. */
  readonly add_volumes?: string | null;
  readonly remove_volumes?: string | null;
}

export interface GroupParts {
  readonly volumes: Volumes;
  readonly quotas: Quotas;
  readonly types: Types;
  readonly groupTypes: GroupTypes;
}

const STATUSES = ['error', 'available', 'creating', 'deleting', 'deleted', 'updating', 'error_deleting'];
const MAY_COME = ['available', 'in-use'];
const MAY_GO = ['available', 'in-use', 'error', 'error_deleting'];

const trimmed = (text: string | null | undefined): string | null => text?.trim() ?? null;
const idsOf = (text: string | null | undefined): readonly string[] => [
  ...new Set((text ?? '').split(',').filter((id) => id !== '')),
];

/** Groups: volumes that are snapshotted, copied and deleted together (cinder's generic volume groups). */
export class Groups {
  readonly #context: VolumeContext;
  readonly #parts: GroupParts;

  constructor(context: VolumeContext, parts: GroupParts) {
    this.#context = context;
    this.#parts = parts;
  }

  /** A group that the caller may know of. @throws {CloudError} notFound */
  get(auth: Caller['auth'], id: string): Group {
    const group = findGroup(this.#context.db, id);
    if (group === undefined || !sees(auth, group.project_id)) throw notThere('Group', id);
    return group;
  }

  list(caller: Caller, query: Readonly<Record<string, string>>): Listed<Group> {
    return listGroups(this.#context.db, listQuery(caller, query, GROUP_LIST, 'project_id'));
  }

  /** Ids of the volumes of each of these groups. */
  volumesOf(groups: readonly Group[]): ReadonlyMap<string, readonly string[]> {
    return volumesOfGroups(
      this.#context.db,
      groups.map(({ id }) => id),
    );
  }

  create(caller: Caller, request: GroupRequest): Group {
    const { db, sagas, now, config } = this.#context;
    const { types, groupTypes, quotas } = this.#parts;
    const projectId = projectOf(caller.auth);
    return transaction(db, () => {
      const groupType = groupTypes.usable(caller.auth, request.group_type);
      const volumeTypes = request.volume_types.map((one) => types.usable(caller, one));
      const zone = request.availability_zone ?? null;
      if (zone !== null && zone !== config.zone)
        throw badRequest(`Invalid input received: Availability zone '${zone.slice(0, 80)}' is invalid.`);
      quotas.checkGroup(projectId);
      const id = randomUUID();
      insertGroup(
        db,
        {
          id,
          project_id: projectId,
          user_id: caller.auth.userId,
          name: trimmed(request.name),
          description: trimmed(request.description),
          status: 'creating',
          availability_zone: zone ?? config.zone,
          group_type_id: groupType.id,
          backend: null,
          group_snapshot_id: null,
          source_group_id: null,
          created_at: now(),
          updated_at: now(),
        },
        volumeTypes.map((type) => type.id),
      );
      sagas.enqueue(volumeGroupCreate, {
        groupId: id,
        projectId,
        zone,
        specs: [capabilitySpecs(groupType), ...volumeTypes.map((type) => type.extra_specs)],
      });
      return this.get(caller.auth, id);
    });
  }

  /** Changes the name and which volumes belong to it; these stay where they are. */
  update(caller: Caller, id: string, changes: GroupChanges): void {
    const { db, now } = this.#context;
    transaction(db, () => {
      const group = this.get(caller.auth, id);
      const name = changes.name == null ? group.name : changes.name.trim();
      const description = changes.description == null ? group.description : changes.description.trim();
      const adding = idsOf(changes.add_volumes);
      const removing = idsOf(changes.remove_volumes);
      const both = adding.filter((one) => removing.includes(one));
      if (both.length > 0)
        throw badRequest(
          `Invalid volume: UUIDs ${both.map((one) => one.slice(0, 80)).join(', ')} are in both add and remove volume list.`,
        );
      const comes = this.#adding(caller, group, adding);
      for (const one of removing) this.#checkRemoval(group, one);
      const named = name !== group.name || description !== group.description;
      if (!named && comes.length === 0 && removing.length === 0)
        throw badRequest(
          `Invalid Group: Cannot update group ${id} because no valid name, description, add_volumes, or remove_volumes were provided.`,
        );
      if (comes.length + removing.length > 0 && group.status !== 'available')
        throw badRequest('Invalid Group: Group status must be available.');
      for (const volume of comes) updateVolume(db, volume.id, { group_id: id, updated_at: now() });
      for (const one of removing) updateVolume(db, one, { group_id: null, updated_at: now() });
      updateGroup(db, id, { name, description, status: 'available', updated_at: now() });
    });
  }

  /** @param withVolumes without it, only an empty group goes. */
  delete(caller: Caller, id: string, withVolumes: boolean): void {
    const { db, sagas, now } = this.#context;
    transaction(db, () => {
      const group = this.get(caller.auth, id);
      if (!withVolumes && !['available', 'error'].includes(group.status))
        throw badRequest(
          `Invalid Group: Group status must be available or error, but current status is: ${group.status}`,
        );
      if (hasGroupSnapshots(db, id)) throw badRequest('Invalid Group: Group has existing snapshots.');
      if (isGroupSource(db, 'source_group_id', id))
        throw badRequest(
          `Invalid Group: Cannot delete group ${id}. It cannot be the source for an ongoing group or group snapshot creation.`,
        );
      const volumes = this.#volumesOf(id);
      if (volumes.length > 0 && !withVolumes)
        throw badRequest(
          `Invalid Group: Group ${id} still contains volumes. The delete-volumes flag is required to delete it.`,
        );
      for (const volume of volumes) {
        if (volume.attach_status === 'attached')
          throw badRequest(`Invalid Group: Volume in group ${id} is attached. Need to detach first.`);
        if (snapshotsOf(db, volume.id).length > 0)
          throw badRequest('Invalid Group: Volume in group still has dependent snapshots.');
      }
      for (const volume of volumes)
        this.#parts.volumes.delete(caller, volume.id, { cascade: false, force: true, withGroup: true });
      updateGroup(db, id, { status: 'deleting', updated_at: now() });
      sagas.enqueue(
        volumeGroupDelete,
        { groupId: id, projectId: group.project_id, volumes: volumes.map((volume) => volume.id) },
        { cancels: { type: 'volume-group', id } },
      );
    });
  }

  resetStatus(caller: Caller, id: string, status: string): void {
    const { db, now } = this.#context;
    const wanted = status.toLowerCase();
    if (!STATUSES.includes(wanted))
      throw badRequest(
        `Invalid Group Status: Group status: ${status} is invalid, valid status are: ${STATUSES.join(', ')}.`,
      );
    transaction(db, () => {
      this.get(caller.auth, id);
      updateGroup(db, id, { status: wanted, updated_at: now() });
    });
  }

  /** No back end here replicates, so no group type is one of replication. @throws {CloudError} badRequest always */
  refuseReplication(id: string): never {
    throw badRequest(`Invalid group type: Group ${id} is not a replication group type.`);
  }

  #volumesOf(id: string): readonly Volume[] {
    const { db } = this.#context;
    return (volumesOfGroups(db, [id]).get(id) ?? []).flatMap((one) => findVolume(db, one) ?? []);
  }

  /** Volumes that are not in the group yet, and may be. */
  #adding(caller: Caller, group: Group, ids: readonly string[]): readonly Volume[] {
    const { db } = this.#context;
    return ids.flatMap((id) => {
      const no = (why: string) =>
        badRequest(
          `Invalid volume: Cannot add volume ${id.slice(0, 80)} to group ${group.id} because ${why}`,
        );
      const volume = findVolume(db, id);
      if (volume === undefined || !sees(caller.auth, volume.project_id)) throw no('volume cannot be found.');
      if (volume.group_id === group.id) return [];
      if (volume.group_id !== null) throw no(`it is already in group ${volume.group_id}.`);
      if (volume.project_id !== group.project_id) throw no('they belong to different projects.');
      if (!group.volume_types.includes(volume.volume_type_id))
        throw no(`volume type ${volume.volume_type_id} is not supported by the group.`);
      if (!MAY_COME.includes(volume.status) || volume.target_backend !== null)
        throw no(
          `volume is in an invalid state: ${volume.status}. Valid states are: ('${MAY_COME.join("', '")}').`,
        );
      if (volume.backend !== group.backend)
        throw badRequest(
          `Invalid volume: Volume is not local to this node: it is on the back end ${volume.backend ?? 'none'}, its group on ${group.backend ?? 'none'}.`,
        );
      return [volume];
    });
  }

  #checkRemoval(group: Group, id: string): void {
    const volume = findVolume(this.#context.db, id);
    const no = (why: string) =>
      badRequest(
        `Invalid volume: Cannot remove volume ${id.slice(0, 80)} from group ${group.id} because ${why}`,
      );
    if (volume?.group_id !== group.id) throw no('it is not in the group.');
    if (!MAY_GO.includes(volume.status))
      throw no(
        `volume is in an invalid state: ${volume.status}. Valid states are: ('${MAY_GO.join("', '")}').`,
      );
  }
}
