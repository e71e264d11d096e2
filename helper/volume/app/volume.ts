import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { badRequest } from '../../errors/error.ts';
import { type Caller, requirePolicy } from '../../http/index.ts';
import { volumeCreate } from '../sagas/volume-create.ts';
import { volumeDelete } from '../sagas/volume-delete.ts';
import { isTrue } from '../schemas/common.ts';
import { updateBackup } from '../store/backup.ts';
import { removePairs, setPairs } from '../store/list.ts';
import { snapshotsOf, updateSnapshot } from '../store/snapshot.ts';
import { transferOf } from '../store/transfer.ts';
import { encryptionOf } from '../store/type.ts';
import { findVolume, insertVolume, isBeingCloned, updateVolume, type Volume } from '../store/volume.ts';
import { notThere, projectOf, sees, type VolumeContext } from './context.ts';
import { keyForNew } from './key.ts';
import type { Quotas } from './quota.ts';
import { groupForVolume } from './volume-group.ts';
import {
  availabilityZone,
  backendsOfHints,
  checkSizeOfType,
  isMultiattach,
  MULTIATTACH,
  sizeOf,
  type VolumeRequest,
} from './volume-request.ts';
import {
  checkSources,
  contentOf,
  imageMetadataOf,
  isBootable,
  keySource,
  sourcesOf,
  typeOf,
} from './volume-source.ts';
import { terminateVolume } from './terminate.ts';
import type { Types } from './type.ts';

/** Status in which a volume may be deleted without force. */
const DELETABLE = ['available', 'error', 'error_restoring', 'error_extending', 'error_managing'];

/** Volumes, as /volumes shows and changes them. */
export class Volumes {
  readonly #context: VolumeContext;
  readonly #quotas: Quotas;
  readonly #types: Types;

  constructor(context: VolumeContext, quotas: Quotas, types: Types) {
    this.#context = context;
    this.#quotas = quotas;
    this.#types = types;
  }

  /** A volume that the caller may know of. @throws {CloudError} notFound */
  get(auth: Caller['auth'], id: string): Volume {
    const volume = findVolume(this.#context.db, id);
    if (volume === undefined || !sees(auth, volume.project_id)) throw notThere('Volume', id);
    return volume;
  }

  encryption({ encryption_key_id, volume_type_id }: Volume) {
    const type = encryptionOf(this.#context.db, volume_type_id);
    if (type === undefined) return { encryption_key_id };
    const { control_location, cipher, key_size, provider } = type;
    return { encryption_key_id, control_location, cipher, key_size, provider };
  }

  /** @param id of the volume, where it was chosen before. */
  create(
    caller: Caller,
    request: VolumeRequest,
    hints: Readonly<Record<string, unknown>>,
    id: string = randomUUID(),
  ): Volume {
    const { db, sagas, now, config } = this.#context;
    const projectId = projectOf(caller.auth);
    return transaction(db, () => {
      const sources = sourcesOf(this.#context, caller, request);
      const size = sizeOf(
        request.size,
        sources.snapshot?.volume_size ?? sources.volume?.size ?? sources.backup?.size,
      );
      checkSources(sources, size);
      const type = typeOf(this.#context, this.#types, caller, request.volume_type, sources);
      // The parameter is older than the types' extra spec, and went after Zed.
      const shared = isMultiattach(type) || isTrue(request.multiattach);
      if (shared) requirePolicy(caller, 'volume:multiattach');
      checkSizeOfType(type, size);
      const zone = availabilityZone(config.zone, request.availability_zone, type);
      const group = groupForVolume(this.#context, caller, request, type);
      const backends = backendsOfHints(this.#context, caller, hints);
      this.#quotas.checkSize(projectId, size);
      this.#quotas.check(projectId, { typeName: type.name, volumes: 1, gigabytes: size });
      const at = now();
      const key = keyForNew(db, type, keySource(db, sources, type), {
        projectId,
        userId: caller.auth.userId,
        at,
      });
      if (key !== null && isMultiattach(type))
        throw badRequest('Invalid volume: Multiattach cannot be used with encryption.');
      insertVolume(db, {
        id,
        project_id: projectId,
        user_id: caller.auth.userId,
        name: request.name ?? request.display_name ?? null,
        description: request.description ?? request.display_description ?? null,
        size,
        status: 'creating',
        previous_status: null,
        attach_status: 'detached',
        migration_status: null,
        availability_zone: zone ?? config.zone,
        host: null,
        backend: null,
        format: null,
        volume_type_id: type.id,
        snapshot_id: sources.snapshot?.id ?? null,
        source_volid: sources.volume?.id ?? null,
        bootable: isBootable(db, sources) ? 1 : 0,
        multiattach: shared ? 1 : 0,
        readonly: null,
        target_backend: null,
        encryption_key_id: key,
        group_id: group?.id ?? null,
        consumes_quota: 1,
        created_at: at,
        updated_at: at,
        launched_at: null,
      });
      setPairs(db, 'volume_metadata', id, request.metadata ?? {});
      setPairs(db, 'volume_image_metadata', id, imageMetadataOf(db, sources));
      if (sources.backup !== undefined)
        updateBackup(db, sources.backup.id, { status: 'restoring', restore_volume_id: id, updated_at: at });
      sagas.enqueue(volumeCreate, {
        volumeId: id,
        projectId,
        sizeGib: size,
        zone,
        extraSpecs: { ...type.extra_specs, ...(shared ? MULTIATTACH : {}) },
        ...backends,
        source: contentOf(this.#context, sources),
        ...(group === undefined ? {} : { group: { id: group.id, backend: group.backend } }),
      });
      return this.get(caller.auth, id);
    });
  }

  update(
    caller: Caller,
    id: string,
    changes: Pick<
      VolumeRequest,
      'name' | 'display_name' | 'description' | 'display_description' | 'metadata'
    >,
  ): Volume {
    const { db, now } = this.#context;
    return transaction(db, () => {
      const volume = this.get(caller.auth, id);
      const name = changes.name === undefined ? changes.display_name : changes.name;
      const description =
        changes.description === undefined ? changes.display_description : changes.description;
      updateVolume(db, id, {
        name: name === undefined ? volume.name : name,
        description: description === undefined ? volume.description : description,
        updated_at: now(),
      });
      if (changes.metadata !== undefined && changes.metadata !== null) {
        removePairs(db, 'volume_metadata', id);
        setPairs(db, 'volume_metadata', id, changes.metadata);
      }
      return this.get(caller.auth, id);
    });
  }

  /** @throws {CloudError} badRequest while the volume is in use or in the middle of something. */
  delete(
    caller: Caller,
    id: string,
    options: {
      readonly cascade: boolean;
      readonly force: boolean;
      /** Its group goes, too. */
      readonly withGroup?: boolean;
    },
  ): void {
    const { db, sagas, now } = this.#context;
    transaction(db, () => {
      const volume = this.get(caller.auth, id);
      const snapshots = snapshotsOf(db, id);
      const { cascade, force } = options;
      const undeletable = snapshots.some(
        (one) =>
          one.group_snapshot_id !== null ||
          (!force && !['available', 'error', 'deleting'].includes(one.status)) ||
          !sees(caller.auth, one.project_id),
      );
      if (
        (!force && !DELETABLE.includes(volume.status)) ||
        volume.attach_status === 'attached' ||
        volume.target_backend !== null ||
        (volume.group_id !== null && options.withGroup !== true) ||
        (cascade ? undeletable : snapshots.length > 0) ||
        isBeingCloned(db, id)
      )
        throw badRequest(
          `Invalid volume: Volume ${force ? '' : 'status must be available or error or error_restoring or error_extending or error_managing and '}must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated from snapshots after volume transfer.`,
        );
      if (!force && transferOf(db, id) !== undefined)
        throw badRequest('Invalid volume: Volume must not be awaiting a transfer.');
      updateVolume(db, id, { status: 'deleting', updated_at: now() });
      for (const one of snapshots) updateSnapshot(db, one.id, { status: 'deleting', updated_at: now() });
      sagas.enqueue(
        volumeDelete,
        {
          volumeId: id,
          projectId: volume.project_id,
          backend: volume.backend,
          snapshots: snapshots.map((one) => ({ id: one.id, backend: one.backend })),
        },
        force ? { cancels: { type: 'volume', id } } : {},
      );
    });
  }

  /** Deletes a volume that goes with its server, in compute's transaction; one that cannot go stays. */
  terminate(id: string): void {
    terminateVolume(this.#context, id);
  }
}
