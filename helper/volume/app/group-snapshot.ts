import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { badRequest } from '../../errors/error.ts';
import { type Caller, mv } from '../../http/index.ts';
import { volumeGroupSnapshotCreate, volumeGroupSnapshotDelete } from '../sagas/group-snapshot.ts';
import { volumeSnapshotDelete } from '../sagas/snapshot.ts';
import { isGroupSource, volumesOfGroups, type Group } from '../store/group.ts';
import {
  findGroupSnapshot,
  insertGroupSnapshot,
  listGroupSnapshots,
  setGroupSnapshotStatus,
  snapshotsOfGroupSnapshot,
  type GroupSnapshotRow,
} from '../store/group-snapshot.ts';
import type { Listed } from '../store/list.ts';
import { insertSnapshot, updateSnapshot } from '../store/snapshot.ts';
import { findVolume, isSnapshotBeingCloned, type Volume } from '../store/volume.ts';
import { notThere, sees, type VolumeContext } from './context.ts';
import { GROUP_SNAPSHOT_LIST } from './group-filter.ts';
import type { Groups, GroupParts } from './group.ts';
import { listQuery } from './list-query.ts';
import { diskOf } from './volume-disk.ts';
import { placedSnapshot } from '../driver/index.ts';

export interface GroupSnapshotRequest {
  readonly group_id: string;
  readonly name?: string | null;
  readonly description?: string | null;
}

const STATUSES = ['error', 'available', 'creating', 'deleting', 'deleted', 'updating', 'error_deleting'];

/** Snapshots of groups: one of each volume, all of one moment where the volumes' guest allows it. */
export class GroupSnapshots {
  readonly #context: VolumeContext;
  readonly #groups: Groups;
  readonly #parts: Pick<GroupParts, 'quotas' | 'types'>;

  constructor(
    context: VolumeContext,
    parts: Pick<GroupParts, 'quotas' | 'types'> & { readonly groups: Groups },
  ) {
    this.#context = context;
    this.#groups = parts.groups;
    this.#parts = parts;
  }

  /** A group snapshot that the caller may know of. @throws {CloudError} notFound */
  get(auth: Caller['auth'], id: string): GroupSnapshotRow {
    const found = findGroupSnapshot(this.#context.db, id);
    if (found === undefined || !sees(auth, found.project_id)) throw notThere('GroupSnapshot', id);
    return found;
  }

  /** Filters, order and pages from microversion 3.29 on. */
  list(caller: Caller, query: Readonly<Record<string, string>>): Listed<GroupSnapshotRow> {
    const { all_tenants } = query;
    const asked = caller.version >= mv('3.29') ? query : all_tenants === undefined ? {} : { all_tenants };
    return listGroupSnapshots(this.#context.db, listQuery(caller, asked, GROUP_SNAPSHOT_LIST, 'project_id'));
  }

  create(caller: Caller, request: GroupSnapshotRequest): GroupSnapshotRow {
    const { db, sagas, now } = this.#context;
    return transaction(db, () => {
      const group = this.#groups.get(caller.auth, request.group_id);
      if (group.backend === null || !['available', 'updating'].includes(group.status))
        throw badRequest(
          `Invalid Group: Group status must be available to make a snapshot of it, but current status is: ${group.status}.`,
        );
      const volumes = this.#volumesOf(group);
      const id = randomUUID();
      insertGroupSnapshot(db, {
        id,
        project_id: group.project_id,
        user_id: caller.auth.userId,
        group_id: group.id,
        group_type_id: group.group_type_id,
        name: request.name?.trim() ?? null,
        description: request.description?.trim() ?? null,
        status: 'creating',
        created_at: now(),
        updated_at: now(),
      });
      sagas.enqueue(volumeGroupSnapshotCreate, {
        groupSnapshotId: id,
        groupId: group.id,
        projectId: group.project_id,
        snapshots: volumes.map((volume) => this.#snapshot(caller, volume, id, request)),
      });
      return this.get(caller.auth, id);
    });
  }

  delete(caller: Caller, id: string): void {
    const { db, sagas, now } = this.#context;
    transaction(db, () => {
      const found = this.get(caller.auth, id);
      const snapshots = snapshotsOfGroupSnapshot(db, id);
      if (
        !['available', 'error'].includes(found.status) ||
        isGroupSource(db, 'group_snapshot_id', id) ||
        snapshots.some((one) => isSnapshotBeingCloned(db, one.id))
      )
        throw badRequest(
          'Invalid GroupSnapshot: GroupSnapshot status must be available or error, and no Group can be currently using it as source for its creation.',
        );
      for (const one of snapshots) {
        updateSnapshot(db, one.id, { status: 'deleting', updated_at: now() });
        sagas.enqueue(volumeSnapshotDelete, {
          snapshotId: one.id,
          projectId: one.project_id,
          backend: one.backend,
        });
      }
      setGroupSnapshotStatus(db, id, 'deleting', now());
      sagas.enqueue(volumeGroupSnapshotDelete, {
        groupSnapshotId: id,
        projectId: found.project_id,
        snapshots: snapshots.map((one) => one.id),
      });
    });
  }

  resetStatus(caller: Caller, id: string, status: string): void {
    const { db, now } = this.#context;
    const wanted = status.toLowerCase();
    if (!STATUSES.includes(wanted))
      throw badRequest(
        `Invalid GroupSnapshot Status: Group snapshot status: ${status} is invalid, valid status are: ${STATUSES.join(', ')}.`,
      );
    transaction(db, () => {
      this.get(caller.auth, id);
      setGroupSnapshotStatus(db, id, wanted, now());
    });
  }

  #volumesOf(group: Group): readonly Volume[] {
    const { db } = this.#context;
    const ids = volumesOfGroups(db, [group.id]).get(group.id) ?? [];
    return ids.flatMap((one) => {
      const volume = findVolume(db, one);
      if (volume === undefined) return [];
      if (!['available', 'in-use'].includes(volume.status) || volume.target_backend !== null)
        throw badRequest(
          `Invalid volume: Volume ${volume.id} status must be available or in-use for snapshots of its group, but current status is: ${volume.status}.`,
        );
      return [volume];
    });
  }

  #snapshot(caller: Caller, volume: Volume, groupSnapshotId: string, request: GroupSnapshotRequest) {
    const { db, now } = this.#context;
    const type = this.#parts.types.byId(volume.volume_type_id);
    this.#parts.quotas.check(volume.project_id, {
      typeName: type.name,
      snapshots: 1,
      gigabytes: volume.size,
    });
    const id = randomUUID();
    const source = diskOf(this.#context, volume);
    insertSnapshot(db, {
      id,
      volume_id: volume.id,
      project_id: volume.project_id,
      user_id: caller.auth.userId,
      name: request.name ?? null,
      description: request.description ?? null,
      status: 'creating',
      progress: '0%',
      volume_size: volume.size,
      volume_type_id: type.id,
      backend: source.backend,
      format: this.#context.drivers.local(placedSnapshot(source.backend, id)).format,
      encryption_key_id: volume.encryption_key_id,
      group_snapshot_id: groupSnapshotId,
      consumes_quota: 1,
      created_at: now(),
      updated_at: now(),
    });
    return {
      snapshotId: id,
      volumeId: volume.id,
      source,
      backend: source.backend,
      sizeGib: volume.size,
    };
  }
}
