import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { badRequest, notFound } from '../../errors/error.ts';
import { type Caller, mv } from '../../http/index.ts';
import type { ForeignDisk } from '../driver/index.ts';
import {
  volumeManage,
  volumeSnapshotManage,
  volumeSnapshotUnmanage,
  volumeUnmanage,
} from '../sagas/manage.ts';
import type { PoolState } from '../scheduler/pool-state.ts';
import { unmetSpecs } from '../scheduler/extra-specs.ts';
import { isTrue } from '../schemas/common.ts';
import { setPairs } from '../store/list.ts';
import {
  findSnapshot,
  insertSnapshot,
  snapshotsOf,
  updateSnapshot,
  type Snapshot,
} from '../store/snapshot.ts';
import { transferOf } from '../store/transfer.ts';
import { encryptionOf } from '../store/type.ts';
import {
  findVolumeRow,
  insertVolume,
  isBeingCloned,
  isSnapshotBeingCloned,
  updateVolume,
  type Volume,
} from '../store/volume.ts';
import { GIB, projectOf, type VolumeContext } from './context.ts';
import { limitOf } from './list-query.ts';
import type { Quotas } from './quota.ts';
import type { Snapshots } from './snapshot.ts';
import type { Types } from './type.ts';
import { formatOf, isMultiattach } from './volume-request.ts';
import type { Volumes } from './volume.ts';

export type Ref = string | Readonly<Record<string, unknown>> | null;
type Query = Readonly<Record<string, string>>;

export interface ManageRequest {
  readonly host?: string | null;
  readonly cluster?: string | null;
  readonly ref: Ref;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly volume_type?: string | null;
  readonly availability_zone?: string | null;
  readonly bootable?: string | boolean;
  readonly metadata?: Readonly<Record<string, string>> | null;
}

export interface ManageSnapshotRequest {
  readonly volume_id: string;
  readonly ref: Ref;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly metadata?: Readonly<Record<string, string>> | null;
}

/** One row of GET /manageable_volumes or /manageable_snapshots. Sizes are GiB. */
export interface Manageable {
  readonly reference: { readonly 'source-name': string };
  readonly size: number;
  readonly safe_to_manage: boolean;
  readonly reason_not_safe: string | null;
  readonly cinder_id: string | null;
  readonly extra_info: null;
  /** Of snapshots: the volume that it is of; empty where nobody knows. */
  readonly source_reference: Readonly<Record<string, string>>;
}

interface Parts {
  readonly volumes: Volumes;
  readonly snapshots: Snapshots;
  readonly quotas: Quotas;
  readonly types: Types;
}

const wholeGib = (bytes: number): number => Math.ceil(bytes / GIB);

/** Disks that were made elsewhere come under this service, and leave it without being deleted. */
export class Managing {
  readonly #context: VolumeContext;
  readonly #parts: Parts;

  constructor(context: VolumeContext, parts: Parts) {
    this.#context = context;
    this.#parts = parts;
  }

  /** What a back end holds: as volumes, or as snapshots, which are those that are named so. */
  async list(caller: Caller, kind: 'volume' | 'snapshot', query: Query): Promise<readonly Manageable[]> {
    const pool = this.#poolOf(
      query['host'],
      caller.version >= mv('3.17') ? query['cluster'] : undefined,
      notFound,
    );
    const disks = await this.#disksOf(pool.backend);
    const rows = disks
      .filter(({ stored }) => (stored?.kind ?? 'volume') === kind)
      .map((disk) => this.#manageable(disk));
    return pageOf(rows, query);
  }

  async manage(caller: Caller, request: ManageRequest): Promise<Volume> {
    const { db, sagas, now, config } = this.#context;
    const { types, volumes, quotas } = this.#parts;
    const projectId = projectOf(caller.auth);
    const pool = this.#poolOf(request.host, request.cluster, badRequest);
    const disk = await this.#diskOf(pool.backend, request.ref);
    const zone = request.availability_zone ?? '';
    if (zone !== '' && zone !== config.zone)
      throw badRequest(`Invalid input received: Availability zone '${zone.slice(0, 80)}' is invalid.`);
    return transaction(db, () => {
      const type = request.volume_type
        ? types.usable(caller, request.volume_type)
        : types.defaultFor(projectId);
      if (encryptionOf(db, type.id) !== undefined)
        throw badRequest('Invalid volume type: Managing to an encrypted volume type is not supported.');
      const { format } = this.#context.drivers.of(pool.backend).backend;
      if (formatOf(type.extra_specs, { format }) !== format)
        throw badRequest(
          `Invalid volume type: Volumes that several servers share are raw, and ${pool.name} keeps ${format}.`,
        );
      const unmet = unmetSpecs(type.extra_specs, pool.capabilities);
      if (unmet.length > 0)
        throw badRequest(
          `Invalid volume type: ${pool.name} cannot hold volumes of the type ${type.name}: it does not have ${unmet.join(', ')}.`,
        );
      this.#refuseManaged(disk);
      const size = wholeGib(disk.sizeBytes);
      quotas.checkSize(projectId, size);
      quotas.check(projectId, { typeName: type.name, volumes: 1, gigabytes: size });
      const id = randomUUID();
      insertVolume(db, {
        id,
        project_id: projectId,
        user_id: caller.auth.userId,
        name: request.name?.trim() ?? null,
        description: request.description?.trim() ?? null,
        size,
        status: 'managing',
        previous_status: null,
        attach_status: 'detached',
        migration_status: null,
        availability_zone: config.zone,
        host: pool.name,
        backend: pool.backend,
        format,
        volume_type_id: type.id,
        snapshot_id: null,
        source_volid: null,
        bootable: isTrue(request.bootable) ? 1 : 0,
        multiattach: isMultiattach(type) ? 1 : 0,
        readonly: null,
        target_backend: null,
        encryption_key_id: null,
        group_id: null,
        consumes_quota: 1,
        created_at: now(),
        updated_at: now(),
        launched_at: null,
      });
      setPairs(db, 'volume_metadata', id, request.metadata ?? {});
      sagas.enqueue(volumeManage, {
        volumeId: id,
        projectId,
        backend: pool.backend,
        name: disk.name,
        sizeGib: size,
      });
      return volumes.get(caller.auth, id);
    });
  }

  async manageSnapshot(caller: Caller, request: ManageSnapshotRequest): Promise<Snapshot> {
    const { db, sagas, now } = this.#context;
    const { types, volumes, snapshots, quotas } = this.#parts;
    const { backend } = volumes.get(caller.auth, request.volume_id);
    if (backend === null) throw badRequest(`Invalid volume: Volume ${request.volume_id} has no disk yet.`);
    const disk = await this.#diskOf(backend, request.ref);
    return transaction(db, () => {
      const volume = volumes.get(caller.auth, request.volume_id);
      const type = types.byId(volume.volume_type_id);
      if (volume.encryption_key_id !== null)
        throw badRequest(`Invalid volume: Volume ${volume.id} is encrypted; its snapshots are made here.`);
      this.#refuseManaged(disk);
      const size = wholeGib(disk.sizeBytes);
      quotas.check(volume.project_id, { typeName: type.name, snapshots: 1, gigabytes: size });
      const id = randomUUID();
      insertSnapshot(db, {
        id,
        volume_id: volume.id,
        project_id: volume.project_id,
        user_id: caller.auth.userId,
        name: request.name ?? null,
        description: request.description ?? null,
        status: 'creating',
        progress: '0%',
        volume_size: size,
        volume_type_id: type.id,
        backend,
        format: this.#context.drivers.of(backend).backend.format,
        encryption_key_id: null,
        group_snapshot_id: null,
        consumes_quota: 1,
        created_at: now(),
        updated_at: now(),
      });
      setPairs(db, 'volume_snapshot_metadata', id, request.metadata ?? {});
      sagas.enqueue(volumeSnapshotManage, {
        snapshotId: id,
        volumeId: volume.id,
        projectId: volume.project_id,
        backend,
        name: disk.name,
        sizeGib: size,
      });
      return snapshots.get(caller.auth, id);
    });
  }

  /** Forgets a volume as a deletion would, but for its disk. */
  unmanage(caller: Caller, id: string): void {
    const { db, sagas, now } = this.#context;
    transaction(db, () => {
      const volume = this.#parts.volumes.get(caller.auth, id);
      if (volume.encryption_key_id !== null)
        throw badRequest('Invalid volume: Unmanaging encrypted volumes is not supported.');
      if (
        !['available', 'error', 'error_managing'].includes(volume.status) ||
        volume.attach_status === 'attached' ||
        volume.target_backend !== null ||
        volume.group_id !== null ||
        snapshotsOf(db, id).length > 0 ||
        transferOf(db, id) !== undefined ||
        isBeingCloned(db, id)
      )
        throw badRequest(
          'Invalid volume: Volume status must be available or error or error_managing and must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be the source of a copy.',
        );
      this.#foreignOf(volume.backend);
      if (
        volume.backend !== null &&
        volume.format !== this.#context.drivers.of(volume.backend).backend.format
      )
        throw badRequest(
          `Invalid volume: Volume ${id} is not of its back end's format, so it could not be taken in again.`,
        );
      updateVolume(db, id, { status: 'unmanaging', updated_at: now() });
      sagas.enqueue(volumeUnmanage, { volumeId: id });
    });
  }

  unmanageSnapshot(caller: Caller, id: string): void {
    const { db, sagas, now } = this.#context;
    transaction(db, () => {
      const snapshot = this.#parts.snapshots.get(caller.auth, id);
      if (findVolumeRow(db, snapshot.volume_id)?.encryption_key_id != null)
        throw badRequest('Invalid snapshot: Unmanaging snapshots of encrypted volumes is not supported.');
      if (
        !['available', 'error'].includes(snapshot.status) ||
        snapshot.group_snapshot_id !== null ||
        isSnapshotBeingCloned(db, id)
      )
        throw badRequest(
          'Invalid snapshot: Snapshot status must be available or error, and it must not be part of a group snapshot or have a volume made of it.',
        );
      this.#foreignOf(snapshot.backend);
      updateSnapshot(db, id, { status: 'unmanaging', updated_at: now() });
      sagas.enqueue(volumeSnapshotUnmanage, { snapshotId: id });
    });
  }

  /** Host or cluster, one of them; there are no clusters. */
  #poolOf(
    host: string | null | undefined,
    cluster: string | null | undefined,
    unknown: (message: string) => Error,
  ): PoolState {
    if ((host ?? '') === '' && (cluster ?? '') === '')
      throw badRequest('Invalid input received: One and only one of cluster and host must be set.');
    if ((host ?? '') !== '' && (cluster ?? '') !== '')
      throw badRequest('Invalid input received: One and only one of cluster and host must be set.');
    if (cluster) throw unknown(`Cluster '${cluster.slice(0, 80)}' not found`);
    const found = this.#context.pools
      .states()
      .find(({ name }) => name === host || name.split('#')[0] === host);
    if (found === undefined) throw unknown(`Host '${(host ?? '').slice(0, 80)}' not found`);
    if (!found.up || !found.enabled)
      throw badRequest(
        `Service is unavailable at this time: ${found.name} is ${found.up ? 'disabled' : 'down'}.`,
      );
    return found;
  }

  #foreignOf(backend: string | null) {
    const foreign = backend === null ? undefined : this.#context.drivers.of(backend).foreign;
    if (foreign === undefined)
      throw badRequest(
        `Invalid input received: The back end ${backend ?? 'none'} cannot take in disks that were made elsewhere, nor give them away.`,
      );
    return foreign;
  }

  #disksOf(backend: string): Promise<readonly ForeignDisk[]> {
    return this.#foreignOf(backend).list();
  }

  async #diskOf(backend: string, ref: Ref): Promise<ForeignDisk> {
    const name = typeof ref === 'string' ? ref : ref?.['source-name'];
    const no = (reason: string) =>
      badRequest(`Manage existing volume failed due to invalid backend reference: ${reason}`);
    if (typeof name !== 'string') throw no('Reference must contain source-name element.');
    const disk = (await this.#disksOf(backend)).find((one) => one.name === name);
    if (disk === undefined) throw no(`the back end ${backend} shows no disk of this name.`);
    if (disk.unsafe !== undefined) throw no(`${disk.unsafe}.`);
    return disk;
  }

  #isManaged({ stored }: ForeignDisk): boolean {
    const { db } = this.#context;
    if (stored === undefined) return false;
    return (
      (stored.kind === 'volume' ? findVolumeRow(db, stored.id) : findSnapshot(db, stored.id)) !== undefined
    );
  }

  #refuseManaged(disk: ForeignDisk): void {
    if (this.#isManaged(disk))
      throw badRequest('Invalid volume: Unable to manage existing volume. The volume is already managed');
  }

  #manageable(disk: ForeignDisk): Manageable {
    const managed = this.#isManaged(disk);
    const of = disk.stored?.kind === 'snapshot' ? findSnapshot(this.#context.db, disk.stored.id) : undefined;
    return {
      reference: { 'source-name': disk.name },
      size: wholeGib(disk.sizeBytes),
      safe_to_manage: !managed && disk.unsafe === undefined,
      reason_not_safe: managed ? 'already managed' : (disk.unsafe ?? null),
      cinder_id: managed ? (disk.stored?.id ?? null) : null,
      extra_info: null,
      source_reference: of === undefined ? {} : { 'source-name': `volume-${of.volume_id}` },
    };
  }
}

/** Sorted by reference or size, after the marker, as many as asked for. */
function pageOf(rows: readonly Manageable[], query: Query): readonly Manageable[] {
  const [pair] = (
    query['sort'] ?? `${query['sort_key'] ?? 'reference'}:${query['sort_dir'] ?? 'desc'}`
  ).split(',');
  const [key = '', direction = 'desc'] = (pair ?? '').split(':');
  if (key !== 'reference' && key !== 'size')
    throw badRequest(`Invalid sort keys passed: ${key.slice(0, 40)}`);
  if (direction !== 'asc' && direction !== 'desc')
    throw badRequest(`Invalid sort dirs passed: ${direction.slice(0, 40)}`);
  const sign = direction === 'asc' ? 1 : -1;
  const name = (row: Manageable): string => row.reference['source-name'];
  const sorted = [...rows].sort((a, b) =>
    key === 'size' && a.size !== b.size
      ? sign * (a.size - b.size)
      : sign * (name(a) < name(b) ? -1 : name(a) > name(b) ? 1 : 0),
  );
  const { marker, offset = '0' } = query;
  if (!/^\d{1,9}$/.test(offset)) throw badRequest('offset param must be an integer of at least 0');
  let start = 0;
  if (marker !== undefined && marker !== '') {
    start = sorted.findIndex((row) => name(row) === markerName(marker)) + 1;
    if (start === 0) throw badRequest(`Invalid input received: marker not found: ${marker.slice(0, 80)}`);
  }
  start += Number(offset);
  return sorted.slice(start, start + limitOf(query['limit']));
}

/** A marker is a reference, in JSON. */
function markerName(marker: string): unknown {
  try {
    return (JSON.parse(marker) as Record<string, unknown> | null)?.['source-name'];
  } catch {
    throw badRequest(
      `Invalid input received: marker ${marker.slice(0, 80)} can not be analysed, please use json like format`,
    );
  }
}
