import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { badRequest } from '../../errors/error.ts';
import type { Caller } from '../../http/index.ts';
import { volumeGroupCopy, type GroupCopyDisk } from '../sagas/group-copy.ts';
import type { SourceDisk } from '../sagas/services.ts';
import { insertGroup, volumesOfGroups, type Group } from '../store/group.ts';
import { snapshotsOfGroupSnapshot } from '../store/group-snapshot.ts';
import { setPairs } from '../store/list.ts';
import { findVolume, insertVolume, type Volume } from '../store/volume.ts';
import { placedSnapshot } from '../driver/index.ts';
import { cloneKey } from './key.ts';
import { projectOf, type VolumeContext } from './context.ts';
import type { GroupSnapshots } from './group-snapshot.ts';
import type { Groups, GroupParts } from './group.ts';
import { diskOf } from './volume-disk.ts';

export interface GroupCopyRequest {
  readonly name?: string | null;
  readonly description?: string | null;
  readonly group_snapshot_id?: string;
  readonly source_group_id?: string;
}

/** A volume to be made: like which one, and of what. */
interface Wanted {
  readonly like: Volume;
  readonly sizeGib: number;
  readonly snapshotId: string | null;
  readonly source: SourceDisk;
  readonly lock: string;
}

interface Parts extends Pick<GroupParts, 'quotas' | 'types'> {
  readonly groups: Groups;
  readonly groupSnapshots: GroupSnapshots;
}

/** Makes groups of groups and of their snapshots (create-from-src, microversion 3.14). */
export class GroupCopies {
  readonly #context: VolumeContext;
  readonly #parts: Parts;

  constructor(context: VolumeContext, parts: Parts) {
    this.#context = context;
    this.#parts = parts;
  }

  create(caller: Caller, request: GroupCopyRequest): Group {
    const { db, sagas, now } = this.#context;
    const { groups, quotas } = this.#parts;
    const projectId = projectOf(caller.auth);
    return transaction(db, () => {
      const { origin, wanted } =
        request.group_snapshot_id === undefined
          ? this.#ofGroup(caller, request.source_group_id ?? '')
          : this.#ofSnapshot(caller, request.group_snapshot_id);
      if (origin.backend === null)
        throw badRequest(`Invalid Group: No valid host to create a group like ${origin.id}.`);
      quotas.checkGroup(projectId);
      const id = randomUUID();
      insertGroup(
        db,
        {
          id,
          project_id: projectId,
          user_id: caller.auth.userId,
          name: request.name?.trim() ?? null,
          description: request.description?.trim() ?? null,
          status: 'creating',
          availability_zone: origin.availability_zone,
          group_type_id: origin.group_type_id,
          backend: origin.backend,
          group_snapshot_id: request.group_snapshot_id ?? null,
          source_group_id: request.source_group_id ?? null,
          created_at: now(),
          updated_at: now(),
        },
        origin.volume_types,
      );
      sagas.enqueue(volumeGroupCopy, {
        groupId: id,
        projectId,
        backend: origin.backend,
        disks: wanted.map((one) => this.#volume(caller, projectId, id, one)),
      });
      return groups.get(caller.auth, id);
    });
  }

  #ofSnapshot(caller: Caller, id: string): { origin: Group; wanted: readonly Wanted[] } {
    const { db } = this.#context;
    const { groups, groupSnapshots } = this.#parts;
    const found = groupSnapshots.get(caller.auth, id);
    const snapshots = snapshotsOfGroupSnapshot(db, id);
    if (snapshots.length === 0)
      throw badRequest('Invalid Group: Group snapshot is empty. No group will be created.');
    const wanted = snapshots.map((one) => {
      const like = findVolume(db, one.volume_id);
      if (one.status !== 'available' || like === undefined)
        throw badRequest(
          `Invalid snapshot: Originating snapshot status must be one of 'available' values, it is '${one.status}'`,
        );
      const disk = this.#context.drivers.local(placedSnapshot(one.backend, one.id));
      return {
        like,
        sizeGib: one.volume_size,
        snapshotId: one.id,
        source: { ...disk, keyId: one.encryption_key_id, guest: null },
        lock: `volume-snapshot:${one.id}`,
      };
    });
    return { origin: groups.get(caller.auth, found.group_id), wanted };
  }

  #ofGroup(caller: Caller, id: string): { origin: Group; wanted: readonly Wanted[] } {
    const { db } = this.#context;
    const origin = this.#parts.groups.get(caller.auth, id);
    const ids = volumesOfGroups(db, [id]).get(id) ?? [];
    if (ids.length === 0) throw badRequest('Invalid Group: Source Group is empty. No group will be created.');
    const wanted = ids.flatMap((one) => {
      const like = findVolume(db, one);
      if (like === undefined) return [];
      if (!['available', 'in-use'].includes(like.status) || like.target_backend !== null)
        throw badRequest(
          `Invalid volume: Unable to create a volume from an originating source volume when its status is not one of available, in-use values, it is '${like.status}'`,
        );
      return [
        {
          like,
          sizeGib: like.size,
          snapshotId: null,
          source: diskOf(this.#context, like),
          lock: `volume:${one}`,
        },
      ];
    });
    return { origin, wanted };
  }

  #volume(caller: Caller, projectId: string, groupId: string, wanted: Wanted): GroupCopyDisk {
    const { db, now } = this.#context;
    const { types, quotas } = this.#parts;
    const { like, sizeGib, snapshotId, source, lock } = wanted;
    const type = types.byId(like.volume_type_id);
    quotas.check(projectId, { typeName: type.name, volumes: 1, gigabytes: sizeGib });
    const id = randomUUID();
    const owner = { projectId, userId: caller.auth.userId, at: now() };
    insertVolume(db, {
      ...like,
      id,
      encryption_key_id: like.encryption_key_id && cloneKey(db, like.encryption_key_id, owner),
      project_id: projectId,
      user_id: caller.auth.userId,
      name: null,
      description: null,
      size: sizeGib,
      status: 'creating',
      previous_status: null,
      attach_status: 'detached',
      migration_status: null,
      host: null,
      backend: null,
      format: null,
      snapshot_id: snapshotId,
      source_volid: snapshotId === null ? like.id : null,
      readonly: null,
      target_backend: null,
      group_id: groupId,
      consumes_quota: 1,
      created_at: now(),
      updated_at: now(),
      launched_at: null,
    });
    setPairs(db, 'volume_image_metadata', id, like.image_metadata);
    return { volumeId: id, sizeGib, source, lock };
  }
}
