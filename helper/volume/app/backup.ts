import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { badRequest } from '../../errors/error.ts';
import { type Caller, isAdmin, mv, requirePolicy } from '../../http/index.ts';
import { OBJECT_NAME } from '../../host/backup/interface.ts';
import { backupCreate } from '../sagas/backup-create.ts';
import { backupDelete } from '../sagas/backup-delete.ts';
import { isTrue, timeText } from '../schemas/common.ts';
import {
  backupsOf,
  findBackup,
  hasChildren,
  insertBackup,
  listBackups,
  updateBackup,
  type Backup,
  type BackupRow,
} from '../store/backup.ts';
import { countRows, removePairs, setPairs, type Listed } from '../store/list.ts';
import { findSnapshot, updateSnapshot, type Snapshot } from '../store/snapshot.ts';
import { updateVolume, type Volume } from '../store/volume.ts';
import { placedSnapshot } from '../driver/index.ts';
import { requireBackupService } from './backup-service.ts';
import { cloneKey } from './key.ts';
import { notThere, projectOf, sees, type VolumeContext } from './context.ts';
import { linksOf, listQuery, wantsCount } from './list-query.ts';
import type { Quotas } from './quota.ts';
import { BACKUP_LIST } from './volume-filter.ts';
import { diskOf } from './volume-disk.ts';
import type { Volumes } from './volume.ts';

/** What POST /backups may hold. */
export interface BackupRequest {
  readonly volume_id: string;
  readonly container?: string | null;
  readonly name?: string | null;
  readonly description?: string | null;
  readonly incremental?: string | boolean;
  readonly force?: string | boolean;
  readonly snapshot_id?: string | null;
  readonly metadata?: Readonly<Record<string, string>> | null;
  readonly availability_zone?: string | null;
}

/** What PUT /backups/{id} may hold. */
export type BackupChanges = Pick<BackupRequest, 'name' | 'description'> & {
  readonly metadata?: Readonly<Record<string, string>>;
};

/** Backups: made, listed, changed, deleted. */
export class Backups {
  readonly #context: VolumeContext;
  readonly #volumes: Volumes;
  readonly #quotas: Quotas;

  constructor(context: VolumeContext, parts: { volumes: Volumes; quotas: Quotas }) {
    this.#context = context;
    this.#volumes = parts.volumes;
    this.#quotas = parts.quotas;
  }

  /** A backup that the caller may know of. @throws {CloudError} notFound */
  get(auth: Caller['auth'], id: string): Backup {
    const backup = findBackup(this.#context.db, id);
    if (backup === undefined || !sees(auth, backup.project_id)) throw notThere('Backup', id);
    return backup;
  }

  list(
    caller: Caller,
    query: Readonly<Record<string, string>>,
  ): Listed<Backup> & { readonly count?: number } {
    const { db } = this.#context;
    const listing = listQuery(caller, query, BACKUP_LIST, 'project_id');
    const listed = listBackups(db, listing);
    return wantsCount(caller, query)
      ? { ...listed, count: countRows(db, 'volume_backup', listing.conditions) }
      : listed;
  }

  /** Of a volume, in use only with `force`, or of one of its snapshots. */
  create(caller: Caller, request: BackupRequest): Backup {
    const { db, sagas, now, config, backups } = this.#context;
    const projectId = projectOf(caller.auth);
    return transaction(db, () => {
      const volume = this.#volumes.get(caller.auth, request.volume_id);
      requirePolicy(caller, 'backup:create', volume);
      const snapshot = this.#snapshotOf(caller, volume, request.snapshot_id);
      checkStatus(volume, snapshot, isTrue(request.force));
      this.#quotas.checkBackup(projectId, volume.size);
      const parent = isTrue(request.incremental) ? this.#parentOf(volume.id, projectId, snapshot) : undefined;
      const container = containerOf(request.container, parent, backups.container);
      const id = randomUUID();
      const at = now();
      const key = (snapshot ?? volume).encryption_key_id;
      insertBackup(db, {
        id,
        project_id: projectId,
        user_id: caller.auth.userId,
        name: request.name ?? null,
        description: request.description ?? null,
        volume_id: volume.id,
        snapshot_id: snapshot?.id ?? null,
        parent_id: parent?.id ?? null,
        restore_volume_id: null,
        size: volume.size,
        status: 'creating',
        fail_reason: null,
        availability_zone: request.availability_zone ?? config.zone,
        container,
        service: backups.store.driver,
        service_metadata: `volume_${volume.id}_backup_${id}`,
        object_count: 0,
        data_timestamp: snapshot?.created_at ?? at,
        // Its own, so that it is opened when the volume is gone.
        encryption_key_id: key && cloneKey(db, key, { projectId, userId: caller.auth.userId, at }),
        created_at: at,
        updated_at: at,
      });
      setPairs(db, 'volume_backup_metadata', id, request.metadata ?? {});
      const source =
        snapshot === undefined
          ? diskOf(this.#context, volume)
          : { ...this.#diskOf(snapshot), keyId: snapshot.encryption_key_id, guest: null };
      if (snapshot === undefined)
        updateVolume(db, volume.id, {
          status: 'backing-up',
          previous_status: volume.status,
          updated_at: at,
        });
      else updateSnapshot(db, snapshot.id, { status: 'backing-up', updated_at: at });
      sagas.enqueue(backupCreate, {
        backupId: id,
        projectId,
        volumeId: volume.id,
        snapshotId: snapshot?.id ?? null,
        parentId: parent?.id ?? null,
        source,
        sizeGib: volume.size,
        zone: request.availability_zone ?? null,
      });
      return this.get(caller.auth, id);
    });
  }

  update(caller: Caller, id: string, changes: BackupChanges): Backup {
    const { db, now } = this.#context;
    return transaction(db, () => {
      const backup = this.get(caller.auth, id);
      updateBackup(db, id, {
        name: changes.name === undefined ? backup.name : changes.name,
        description: changes.description === undefined ? backup.description : changes.description,
        updated_at: now(),
      });
      if (changes.metadata !== undefined) {
        removePairs(db, 'volume_backup_metadata', id);
        setPairs(db, 'volume_backup_metadata', id, changes.metadata);
      }
      return this.get(caller.auth, id);
    });
  }

  /** @param force also what is being made or restored, which is cancelled. */
  delete(caller: Caller, id: string, force: boolean): void {
    const { db, sagas, now } = this.#context;
    transaction(db, () => {
      const backup = this.get(caller.auth, id);
      if (!force && !['available', 'error'].includes(backup.status))
        throw badRequest('Invalid backup: Backup status must be available or error');
      if (hasChildren(db, id)) throw badRequest('Invalid backup: Incremental backups exist for this backup.');
      requireBackupService(this.#context);
      updateBackup(db, id, { status: 'deleting', updated_at: now() });
      if (force && backup.restore_volume_id !== null && backup.status === 'restoring')
        sagas.cancel({ type: 'volume', id: backup.restore_volume_id });
      sagas.enqueue(
        backupDelete,
        { backupId: id, projectId: backup.project_id },
        force ? { cancels: { type: 'volume-backup', id } } : {},
      );
    });
  }

  /** For administrators. A restore that is under way is cancelled. */
  resetStatus(caller: Caller, id: string, asked: string): void {
    const { db, sagas, now } = this.#context;
    const status = asked.toLowerCase();
    if (status !== 'available' && status !== 'error')
      throw badRequest(
        `Invalid input for field/attribute status. Value: ${asked}. Backup status: ${asked} is invalid, valid statuses are: ['available', 'error'].`,
      );
    transaction(db, () => {
      const backup = this.get(caller.auth, id);
      if (backup.status === 'restoring' && backup.restore_volume_id !== null)
        sagas.cancel({ type: 'volume', id: backup.restore_volume_id });
      updateBackup(db, id, { status, updated_at: now() });
    });
  }

  #snapshotOf(caller: Caller, volume: Volume, id: string | null | undefined): Snapshot | undefined {
    if (id === null || id === undefined) return undefined;
    const snapshot = findSnapshot(this.#context.db, id);
    if (snapshot === undefined || !sees(caller.auth, snapshot.project_id)) throw notThere('Snapshot', id);
    if (snapshot.volume_id !== volume.id)
      throw badRequest(
        `Invalid volume: Volume ${volume.id} does not match with snapshot.volume_id ${snapshot.volume_id}.`,
      );
    return snapshot;
  }

  #diskOf(snapshot: Snapshot) {
    const placed = placedSnapshot(snapshot.backend, snapshot.id);
    return { ...placed, ...this.#context.drivers.local(placed) };
  }

  /** The backup with the latest data, of those before the snapshot's where one is backed up. */
  #parentOf(volumeId: string, projectId: string, snapshot: Snapshot | undefined): BackupRow {
    const parent = backupsOf(this.#context.db, volumeId, projectId).find(
      (one) => snapshot === undefined || one.data_timestamp < snapshot.created_at,
    );
    if (parent === undefined)
      throw badRequest('Invalid backup: No backups available to do an incremental backup.');
    if (parent.status !== 'available')
      throw badRequest('Invalid backup: The parent backup must be available for incremental backup.');
    return parent;
  }
}

function checkStatus(volume: Volume, snapshot: Snapshot | undefined, force: boolean): void {
  if (snapshot !== undefined) {
    if (snapshot.status !== 'available')
      throw badRequest(
        `Invalid snapshot: Snapshot to be backed up must be available, but the current status is "${snapshot.status}".`,
      );
    return;
  }
  if (volume.status !== 'available' && volume.status !== 'in-use')
    throw badRequest(
      `Invalid volume: Volume to be backed up must be available or in-use, but the current status is "${volume.status}".`,
    );
  if (volume.status === 'in-use' && !force)
    throw badRequest('Invalid volume: Backing up an in-use volume must use the force flag.');
}

/** An incremental backup is where its parent is. */
function containerOf(
  asked: string | null | undefined,
  parent: BackupRow | undefined,
  standard: string,
): string {
  const wanted = asked === '' ? null : (asked ?? null);
  if (wanted !== null && !OBJECT_NAME.test(wanted))
    throw badRequest(
      `Invalid input received: The container ${JSON.stringify(wanted.slice(0, 80))} must be a name of letters, digits, '.', '_' and '-' that begins with a letter or digit, of at most 200.`,
    );
  if (parent !== undefined && wanted !== null && wanted !== parent.container)
    throw badRequest(
      `Invalid backup: An incremental backup must be in the container of its parent, ${parent.container}, not in ${wanted}.`,
    );
  return parent?.container ?? wanted ?? standard;
}

export const backupSummary = (caller: Caller, backup: Backup): Record<string, unknown> => ({
  id: backup.id,
  name: backup.name,
  links: linksOf(caller, 'backups', backup.id),
});

/** A backup in the words of the request's microversion. */
export function backupDetail(caller: Caller, backup: Backup): Record<string, unknown> {
  const { version } = caller;
  const admin = isAdmin(caller.auth);
  return {
    ...backupSummary(caller, backup),
    status: backup.status,
    size: backup.size,
    object_count: backup.object_count,
    availability_zone: backup.availability_zone,
    container: backup.container,
    created_at: timeText(backup.created_at),
    updated_at: timeText(backup.updated_at),
    description: backup.description,
    fail_reason: backup.fail_reason,
    volume_id: backup.volume_id,
    is_incremental: backup.parent_id !== null,
    has_dependent_backups: backup.hasDependents,
    snapshot_id: backup.snapshot_id,
    data_timestamp: timeText(backup.data_timestamp),
    ...(version >= mv('3.18') && admin ? { 'os-backup-project-attr:project_id': backup.project_id } : {}),
    ...(version >= mv('3.43') ? { metadata: backup.metadata } : {}),
    ...(version >= mv('3.56') && admin ? { user_id: backup.user_id } : {}),
    ...(version >= mv('3.64') && backup.encryption_key_id !== null
      ? { encryption_key_id: backup.encryption_key_id }
      : {}),
  };
}
