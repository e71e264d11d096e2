import { transaction } from '../../db/index.ts';
import { badRequest, conflict, notFound } from '../../errors/error.ts';
import { type Caller, mv, requirePolicy } from '../../http/index.ts';
import { volumeExtend } from '../sagas/volume-extend.ts';
import { volumeRetype } from '../sagas/volume-retype.ts';
import { deleteAttachmentsOf } from '../store/attachment.ts';
import { removePairs, setPairs } from '../store/list.ts';
import { updateVolume } from '../store/volume.ts';
import { beginOn } from './begin.ts';
import type { VolumeContext } from './context.ts';
import { encryptionChanges } from './key.ts';
import { refuseSharedExport } from './extend-exported.ts';
import { reencryptInput } from './reencryption.ts';
import { volumeReencrypt } from '../sagas/volume-reencrypt.ts';
import { retypeInput, whoOf } from './migration.ts';
import type { Quotas } from './quota.ts';
import type { Types } from './type.ts';
import { diskOf, guestsOf } from './volume-disk.ts';
import { uploadVolume, type UploadRequest } from './volume-upload.ts';
import type { Volumes } from './volume.ts';
import { checkSizeOfType, isMultiattach } from './volume-request.ts';

export interface ResetRequest {
  readonly status?: string | null;
  readonly attach_status?: string | null;
  readonly migration_status?: string | null;
}

/** What POST /volumes/{id}/action does with a volume that is there. */
export class VolumeActions {
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

  /** In a running guest from microversion 3.42 on. */
  extend(caller: Caller, id: string, newGib: number): void {
    const { db, sagas, compute, now } = this.#context;
    transaction(db, () => {
      const volume = this.#volumes.get(caller.auth, id);
      if (newGib <= volume.size)
        throw badRequest(
          `Invalid input received: New size for extend must be greater than current size. (current: ${volume.size}, extended: ${newGib}).`,
        );
      const attached =
        volume.status === 'in-use' && volume.target_backend === null && caller.version >= mv('3.42');
      if (attached) requirePolicy(caller, 'volume:extend_attached_volume', volume);
      else if (volume.status !== 'available')
        throw badRequest(
          `Invalid volume: Volume ${id} status must be '{'status': 'available'}' to extend, currently ${volume.status}.`,
        );
      if (attached) refuseSharedExport(this.#context, volume);
      const type = this.#types.byId(volume.volume_type_id);
      checkSizeOfType(type, newGib);
      this.#quotas.checkSize(volume.project_id, newGib);
      this.#quotas.check(volume.project_id, { typeName: type.name, gigabytes: newGib - volume.size });
      // The quota counts the new size from now on.
      beginOn(this.#context, volume, 'extending', { size: newGib });
      const who = whoOf(caller, volume);
      const guests = guestsOf(this.#context, volume);
      const operationId = sagas.enqueue(
        volumeExtend,
        {
          volumeId: id,
          projectId: volume.project_id,
          disk: diskOf(this.#context, volume),
          guests,
          oldGib: volume.size,
          newGib,
          resume: guests.some(({ serverId }) => compute().isActive(db, serverId)),
          previousStatus: volume.status,
        },
        who,
      );
      for (const { serverId } of guests)
        compute().beginAction(db, { ...who, serverId, action: 'extend_volume', operationId, at: now() });
    });
  }

  /** An administrator says what is so; nothing is done about it. */
  resetStatus(caller: Caller, id: string, { status, attach_status, migration_status }: ResetRequest): void {
    const { db, now } = this.#context;
    transaction(db, () => {
      const volume = this.#volumes.get(caller.auth, id);
      const wanted = status?.toLowerCase();
      if (wanted !== undefined && !RESETTABLE.has(wanted))
        throw badRequest(
          `Invalid input for field/attribute status. Value: ${wanted}. It is no status of a volume.`,
        );
      if (wanted === 'in-use' && volume.attachments.length === 0)
        throw badRequest('Cannot reset-state to in-use because volume does not have any attachments.');
      const migration = migration_status?.toLowerCase();
      updateVolume(db, id, {
        status: wanted ?? volume.status,
        attach_status: attach_status ?? volume.attach_status,
        migration_status:
          migration === undefined ? volume.migration_status : migration === 'none' ? null : migration,
        updated_at: now(),
      });
      if (attach_status === 'detached') {
        if (volume.attachments.some((one) => one.instance_uuid !== null))
          throw conflict(
            `Invalid volume: a server uses volume ${id}; detach it there, so that server and volume agree.`,
          );
        deleteAttachmentsOf(db, id);
      }
    });
  }

  setReadonly(caller: Caller, id: string, readonly: boolean): void {
    const { db, now } = this.#context;
    transaction(db, () => {
      const volume = this.#volumes.get(caller.auth, id);
      if (volume.status !== 'available')
        throw badRequest(
          `Invalid volume: Volume ${id} status must be available to update readonly flag, but current status is: ${volume.status}.`,
        );
      updateVolume(db, id, { readonly: readonly ? 1 : 0, updated_at: now() });
    });
  }

  setBootable(caller: Caller, id: string, bootable: boolean): void {
    const { db, now } = this.#context;
    transaction(db, () => {
      this.#volumes.get(caller.auth, id);
      updateVolume(db, id, { bootable: bootable ? 1 : 0, updated_at: now() });
    });
  }

  retype(caller: Caller, id: string, nameOrId: string, policy: string | null | undefined): void {
    const { db, sagas } = this.#context;
    transaction(db, () => {
      const volume = this.#volumes.get(caller.auth, id);
      const type = this.#types.usable(caller, nameOrId);
      checkSizeOfType(type, volume.size);
      if (isMultiattach(type)) requirePolicy(caller, 'volume:multiattach', volume);
      if (isMultiattach(type) !== (volume.multiattach === 1) && volume.status !== 'available')
        throw badRequest(
          `Invalid input received: Invalid volume_type passed, retypes affecting multiattach are only allowed on available volumes, the specified volume however currently has a status of: ${volume.status}.`,
        );
      if (
        !['available', 'in-use'].includes(volume.status) ||
        volume.target_backend !== null ||
        volume.group_id !== null ||
        volume.volume_type_id === type.id
      )
        throw badRequest(
          'Invalid volume: Retype needs volume to be in available or in-use state, not be part of an active migration or a consistency group, requested type has to be different that the one from the volume, and for in-use volumes front-end qos specs cannot change.',
        );
      this.#quotas.checkType(volume.project_id, { typeName: type.name, volumes: 1, gigabytes: volume.size });
      if (encryptionChanges(db, type.id, volume.volume_type_id)) {
        const input = reencryptInput(this.#context, caller, volume, type, policy);
        beginOn(this.#context, volume, 'retyping');
        sagas.enqueue(volumeReencrypt, input, whoOf(caller, volume));
        return;
      }
      beginOn(this.#context, volume, 'retyping');
      sagas.enqueue(
        volumeRetype,
        retypeInput(this.#context, volume, type, {
          movement: { kind: policy === 'on-demand' ? 'may-move' : 'stay' },
          action: 'retype volume',
        }),
        whoOf(caller, volume),
      );
    });
  }

  /** @returns what cinder says of the image that comes to be. */
  upload(caller: Caller, id: string, request: UploadRequest): object {
    return uploadVolume(this.#context, { volumes: this.#volumes, types: this.#types }, caller, id, request);
  }

  setImageMetadata(caller: Caller, id: string, metadata: Readonly<Record<string, string>>): object {
    const { db } = this.#context;
    return transaction(db, () => {
      this.#volumes.get(caller.auth, id);
      setPairs(db, 'volume_image_metadata', id, metadata);
      return { metadata: this.#volumes.get(caller.auth, id).image_metadata };
    });
  }

  unsetImageMetadata(caller: Caller, id: string, key: string): void {
    const { db } = this.#context;
    transaction(db, () => {
      this.#volumes.get(caller.auth, id);
      if (removePairs(db, 'volume_image_metadata', id, key) === 0)
        throw notFound('Metadata item was not found.');
    });
  }
}

const RESETTABLE = new Set([
  'creating',
  'available',
  'deleting',
  'error',
  'error_deleting',
  'error_managing',
  'managing',
  'attaching',
  'in-use',
  'detaching',
  'maintenance',
  'restoring-backup',
  'error_restoring',
  'reserved',
  'awaiting-transfer',
  'backing-up',
  'error_backing-up',
  'error_extending',
  'downloading',
  'uploading',
  'retyping',
  'extending',
]);
