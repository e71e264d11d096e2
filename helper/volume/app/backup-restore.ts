import { transaction } from '../../db/index.ts';
import { badRequest } from '../../errors/error.ts';
import type { Caller } from '../../http/index.ts';
import { backupRestore } from '../sagas/backup-restore.ts';
import { placedVolume } from '../driver/index.ts';
import { updateBackup } from '../store/backup.ts';
import { updateVolume } from '../store/volume.ts';
import type { Backup } from '../store/backup.ts';
import type { Backups } from './backup.ts';
import { requireBackupService } from './backup-service.ts';
import type { VolumeContext } from './context.ts';
import type { Volumes } from './volume.ts';

export interface RestoreRequest {
  readonly name?: string | null;
  readonly volume_id?: string | null;
}

/** POST /backups/{id}/restore: a backup's data into a new volume, or over an existing one. */
export class BackupRestores {
  readonly #context: VolumeContext;
  readonly #volumes: Volumes;
  readonly #backups: Backups;

  constructor(context: VolumeContext, parts: { volumes: Volumes; backups: Backups }) {
    this.#context = context;
    this.#volumes = parts.volumes;
    this.#backups = parts.backups;
  }

  restore(
    caller: Caller,
    id: string,
    request: RestoreRequest,
  ): { backup_id: string; volume_id: string; volume_name: string | null } {
    const { db } = this.#context;
    return transaction(db, () => {
      const backup = this.#backups.get(caller.auth, id);
      if (backup.status !== 'available') throw badRequest('Invalid backup: Backup status must be available');
      requireBackupService(this.#context);
      const volume =
        request.volume_id === undefined || request.volume_id === null
          ? this.#intoNew(caller, id, request.name ?? `restore_backup_${id}`)
          : this.#over(caller, backup, request.volume_id);
      return { backup_id: id, volume_id: volume.id, volume_name: volume.name };
    });
  }

  #intoNew(caller: Caller, backupId: string, name: string) {
    const { db, now } = this.#context;
    const volume = this.#volumes.create(
      caller,
      { name, description: 'auto-created_from_restore_from_backup', backup_id: backupId },
      {},
    );
    updateVolume(db, volume.id, { status: 'restoring-backup', updated_at: now() });
    return volume;
  }

  #over(caller: Caller, backup: Backup, volumeId: string) {
    const { id: backupId, size, encryption_key_id: keyId } = backup;
    const { db, now, sagas } = this.#context;
    const volume = this.#volumes.get(caller.auth, volumeId);
    if (volume.status !== 'available')
      throw badRequest('Invalid volume: Volume to be restored to must be available');
    if (volume.backend === null)
      throw badRequest(`Invalid volume: Volume ${volume.id} has no disk to restore to.`);
    if (keyId !== null && volume.encryption_key_id === null)
      throw badRequest(
        `Invalid volume: The backup is of an encrypted volume, and the volume type ${volume.type_name} has no encryption: restore it into a volume of an encrypted type.`,
      );
    if (size > volume.size)
      throw badRequest(
        `Invalid volume: volume size ${volume.size} is too small to restore backup of size ${size}.`,
      );
    updateBackup(db, backupId, { status: 'restoring', restore_volume_id: volume.id, updated_at: now() });
    updateVolume(db, volume.id, { status: 'restoring-backup', updated_at: now() });
    sagas.enqueue(backupRestore, {
      backupId,
      projectId: volume.project_id,
      volumeId: volume.id,
      disk: placedVolume(volume.backend, volume.id, volume.format ?? undefined),
      sizeGib: volume.size,
    });
    return volume;
  }
}
