import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { transaction } from '../../db/index.ts';
import { badRequest, unavailable } from '../../errors/error.ts';
import { OBJECT_NAME } from '../../host/backup/interface.ts';
import type { Caller } from '../../http/index.ts';
import { backupImport } from '../sagas/backup-import.ts';
import { findKey } from '../store/key.ts';
import { findBackupRow, insertBackup, type Backup } from '../store/backup.ts';
import type { Backups } from './backup.ts';
import { requireBackupService } from './backup-service.ts';
import { projectOf, type VolumeContext } from './context.ts';
import type { Quotas } from './quota.ts';
import { timeText } from '../schemas/common.ts';

const Text = Type.String({ maxLength: 255 });
const nullable = (schema: typeof Text) => Type.Optional(Type.Union([schema, Type.Null()]));
const Uuid = Type.String({ pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' });
const ObjectName = Type.String({ pattern: OBJECT_NAME.source });

/** What of an exported record is read back; cinder's names of a backup's fields. */
const Record = Type.Object({
  id: Uuid,
  size: Type.Integer({ minimum: 1, maximum: 1_048_576 }),
  volume_id: Uuid,
  container: ObjectName,
  service_metadata: ObjectName,
  object_count: Type.Integer({ minimum: 0 }),
  display_name: nullable(Text),
  display_description: nullable(Text),
  parent_id: nullable(Text),
  snapshot_id: nullable(Text),
  encryption_key_id: nullable(Text),
  data_timestamp: nullable(Text),
});

/** Backups that leave one cloud's database and come into another's. */
export class BackupRecords {
  readonly #context: VolumeContext;
  readonly #backups: Backups;
  readonly #quotas: Quotas;

  constructor(context: VolumeContext, parts: { backups: Backups; quotas: Quotas }) {
    this.#context = context;
    this.#backups = parts.backups;
    this.#quotas = parts.quotas;
  }

  /** Base64 of JSON with all that a database needs to know of the backup. */
  exportRecord(caller: Caller, id: string): { backup_service: string; backup_url: string } {
    const backup = this.#backups.get(caller.auth, id);
    if (backup.status !== 'available')
      throw badRequest(`Invalid backup: Backup status must be available and not ${backup.status}.`);
    const record: Record<string, unknown> = {
      id: backup.id,
      user_id: backup.user_id,
      project_id: backup.project_id,
      volume_id: backup.volume_id,
      availability_zone: backup.availability_zone,
      container: backup.container,
      parent_id: backup.parent_id,
      status: backup.status,
      size: backup.size,
      display_name: backup.name,
      display_description: backup.description,
      service: backup.service,
      service_metadata: backup.service_metadata,
      object_count: backup.object_count,
      snapshot_id: backup.snapshot_id,
      data_timestamp: timeText(backup.data_timestamp),
      encryption_key_id: backup.encryption_key_id,
      metadata: backup.metadata,
    };
    return {
      backup_service: backup.service ?? '',
      backup_url: Buffer.from(JSON.stringify(record)).toString('base64'),
    };
  }

  /**
   * The backup keeps its id, since incremental ones name their parents by it. It is looked for in the store before it is
   * available.
   */
  importRecord(
    caller: Caller,
    asked: { readonly backup_service: string; readonly backup_url: string },
  ): Backup {
    const { db, sagas, now, config, backups } = this.#context;
    const projectId = projectOf(caller.auth);
    const record = decode(asked.backup_url);
    return transaction(db, () => {
      requireBackupService(this.#context);
      if (asked.backup_service !== backups.store.driver)
        throw unavailable(
          `Service ${asked.backup_service.slice(0, 120)} could not be found: this cloud keeps its backups by ${backups.store.driver}.`,
        );
      if (findBackupRow(db, record.id) !== undefined)
        throw badRequest('Invalid backup: Backup already exists in database.');
      if (record.encryption_key_id != null && findKey(db, record.encryption_key_id) === undefined)
        throw badRequest(
          `Invalid backup: The backup is encrypted, and its key ${record.encryption_key_id} is not in this cloud.`,
        );
      this.#quotas.checkBackup(projectId, record.size);
      const at = now();
      const taken = Date.parse(`${record.data_timestamp ?? ''}Z`);
      insertBackup(db, {
        id: record.id,
        project_id: projectId,
        user_id: caller.auth.userId,
        name: record.display_name ?? null,
        description: record.display_description ?? null,
        volume_id: record.volume_id,
        snapshot_id: record.snapshot_id ?? null,
        parent_id: record.parent_id ?? null,
        restore_volume_id: null,
        size: record.size,
        status: 'creating',
        fail_reason: null,
        availability_zone: config.zone,
        container: record.container,
        service: asked.backup_service,
        service_metadata: record.service_metadata,
        object_count: record.object_count,
        data_timestamp: Number.isNaN(taken) ? at : taken,
        encryption_key_id: record.encryption_key_id ?? null,
        created_at: at,
        updated_at: at,
      });
      sagas.enqueue(backupImport, { backupId: record.id, projectId });
      return this.#backups.get(caller.auth, record.id);
    });
  }
}

/** @throws {CloudError} badRequest that says what is wrong with it. */
function decode(url: string): Static<typeof Record> {
  let record: unknown;
  try {
    record = JSON.parse(Buffer.from(url, 'base64').toString('utf8'));
  } catch {
    throw badRequest("Invalid input received: Can't parse backup record.");
  }
  if (typeof record !== 'object' || record === null)
    throw badRequest("Invalid input received: Can't parse backup record.");
  for (const [key, words] of [
    ['id', 'an id'],
    ['size', 'size attribute'],
  ] as const)
    if (!(key in record))
      throw badRequest(`Invalid input received: Provided backup record is missing ${words}`);
  if (Value.Check(Record, record)) return Value.Clean(Record, record) as Static<typeof Record>;
  const [first] = [...Value.Errors(Record, record)];
  throw badRequest(
    `Invalid backup: The record is none of this cloud's: ${first?.instancePath ?? ''} ${first?.message ?? ''}.`,
  );
}
