import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { badRequest } from '../../errors/error.ts';
import { type Caller, mv } from '../../http/index.ts';
import { volumeSnapshotCreate, volumeSnapshotDelete } from '../sagas/snapshot.ts';
import { isTrue } from '../schemas/common.ts';
import { countRows, setPairs, type Listed } from '../store/list.ts';
import {
  findSnapshot,
  insertSnapshot,
  listSnapshots,
  updateSnapshot,
  type Snapshot,
} from '../store/snapshot.ts';
import { isSnapshotBeingCloned } from '../store/volume.ts';
import { notThere, sees, type VolumeContext } from './context.ts';
import { listQuery, wantsCount } from './list-query.ts';
import type { Quotas } from './quota.ts';
import type { Types } from './type.ts';
import { SNAPSHOT_LIST } from './volume-filter.ts';
import { placedSnapshot } from '../driver/index.ts';
import { diskOf } from './volume-disk.ts';
import type { Volumes } from './volume.ts';

export interface SnapshotRequest {
  readonly volume_id: string | null;
  readonly name?: string | null;
  readonly display_name?: string | null;
  readonly description?: string | null;
  readonly display_description?: string | null;
  readonly force?: string | boolean | null;
  readonly metadata?: Readonly<Record<string, string>> | null;
}

export class Snapshots {
  readonly #context: VolumeContext;
  readonly #volumes: Volumes;
  readonly #quotas: Quotas;
  readonly #types: Types;

  constructor(context: VolumeContext, parts: { volumes: Volumes; quotas: Quotas; types: Types }) {
    this.#context = context;
    this.#volumes = parts.volumes;
    this.#quotas = parts.quotas;
    this.#types = parts.types;
  }

  /** A snapshot that the caller may know of. @throws {CloudError} notFound */
  get(auth: Caller['auth'], id: string): Snapshot {
    const snapshot = findSnapshot(this.#context.db, id);
    if (snapshot === undefined || !sees(auth, snapshot.project_id)) throw notThere('Snapshot', id);
    return snapshot;
  }

  list(
    caller: Caller,
    query: Readonly<Record<string, string>>,
  ): Listed<Snapshot> & { readonly count?: number } {
    const { db } = this.#context;
    const listing = listQuery(caller, query, SNAPSHOT_LIST, 'project_id');
    const listed = listSnapshots(db, listing);
    return wantsCount(caller, query)
      ? { ...listed, count: countRows(db, 'volume_snapshot', listing.conditions) }
      : listed;
  }

  /** Of a volume in use with `force`, and from microversion 3.66 on without it. */
  create(caller: Caller, request: SnapshotRequest): Snapshot {
    const { db, sagas, now } = this.#context;
    return transaction(db, () => {
      const volume = this.#volumes.get(caller.auth, request.volume_id ?? 'None');
      const plain = caller.version >= mv('3.66');
      if (plain && request.force !== undefined && !isTrue(request.force))
        throw badRequest(
          "Invalid input received: Invalid value 'False' for 'force'. Since microversion 3.66, it is not needed.",
        );
      const force = plain || isTrue(request.force);
      const allowed = force ? ['available', 'in-use'] : ['available'];
      if (volume.target_backend !== null)
        throw badRequest('Invalid volume: Snapshot cannot be created while volume is migrating.');
      if (!allowed.includes(volume.status))
        throw badRequest(
          `Invalid volume: Volume ${volume.id} status must be ${allowed.join(' or ')} for snapshots, but current status is: ${volume.status}.`,
        );
      const type = this.#types.byId(volume.volume_type_id);
      this.#quotas.check(volume.project_id, {
        typeName: type.name,
        snapshots: 1,
        gigabytes: volume.size,
      });
      const id = randomUUID();
      const at = now();
      const source = diskOf(this.#context, volume);
      insertSnapshot(db, {
        id,
        volume_id: volume.id,
        project_id: volume.project_id,
        user_id: caller.auth.userId,
        name: request.name ?? request.display_name ?? null,
        description: request.description ?? request.display_description ?? null,
        status: 'creating',
        progress: '0%',
        volume_size: volume.size,
        volume_type_id: type.id,
        backend: source.backend,
        format: this.#context.drivers.local(placedSnapshot(source.backend, id)).format,
        encryption_key_id: volume.encryption_key_id,
        group_snapshot_id: null,
        consumes_quota: 1,
        created_at: at,
        updated_at: at,
      });
      setPairs(db, 'volume_snapshot_metadata', id, request.metadata ?? {});
      sagas.enqueue(volumeSnapshotCreate, {
        snapshotId: id,
        volumeId: volume.id,
        projectId: volume.project_id,
        source,
        backend: source.backend,
        sizeGib: volume.size,
      });
      return this.get(caller.auth, id);
    });
  }

  update(caller: Caller, id: string, changes: Omit<SnapshotRequest, 'volume_id'>): Snapshot {
    const { db, now } = this.#context;
    return transaction(db, () => {
      const snapshot = this.get(caller.auth, id);
      const name = changes.name === undefined ? changes.display_name : changes.name;
      const description =
        changes.description === undefined ? changes.display_description : changes.description;
      updateSnapshot(db, id, {
        name: name === undefined ? snapshot.name : name,
        description: description === undefined ? snapshot.description : description,
        updated_at: now(),
      });
      return this.get(caller.auth, id);
    });
  }

  delete(caller: Caller, id: string, force: boolean): void {
    const { db, sagas, now } = this.#context;
    transaction(db, () => {
      const snapshot = this.get(caller.auth, id);
      if (
        (!force && !['available', 'error'].includes(snapshot.status)) ||
        snapshot.group_snapshot_id !== null ||
        isSnapshotBeingCloned(db, id)
      )
        throw badRequest(
          'Invalid snapshot: Snapshot status must be available or error, and it must not be part of a group snapshot or have a volume made of it.',
        );
      updateSnapshot(db, id, { status: 'deleting', updated_at: now() });
      sagas.enqueue(
        volumeSnapshotDelete,
        {
          snapshotId: id,
          projectId: snapshot.project_id,
          backend: snapshot.backend,
        },
        force ? { cancels: { type: 'volume-snapshot', id } } : {},
      );
    });
  }

  resetStatus(caller: Caller, id: string, status: string): void {
    const { db, now } = this.#context;
    const wanted = status.toLowerCase();
    if (
      !['available', 'creating', 'deleting', 'error', 'error_deleting', 'deleted', 'backing-up'].includes(
        wanted,
      )
    )
      throw badRequest(
        `Invalid input for field/attribute status. Value: ${wanted}. It is no status of a snapshot.`,
      );
    transaction(db, () => {
      this.get(caller.auth, id);
      updateSnapshot(db, id, { status: wanted, updated_at: now() });
    });
  }

  /** What a compute service says of a snapshot that it makes itself (os-update_snapshot_status). */
  updateStatus(caller: Caller, id: string, status: string, progress: string | null | undefined): void {
    const { db, now } = this.#context;
    transaction(db, () => {
      const snapshot = this.get(caller.auth, id);
      const allowed: Readonly<Record<string, readonly string[]>> = {
        creating: ['creating', 'available', 'error'],
        deleting: ['deleting', 'error_deleting'],
      };
      const next = allowed[snapshot.status];
      if (next === undefined || !next.includes(status))
        throw badRequest(
          `Snapshot status ${snapshot.status} not allowed for update_snapshot_status to ${status.slice(0, 40)}`,
        );
      updateSnapshot(db, id, { status, progress: progress ?? snapshot.progress, updated_at: now() });
    });
  }
}
