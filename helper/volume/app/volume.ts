import { randomUUID } from 'node:crypto';
import { transaction, type Db } from '../../db/index.ts';
import { badRequest, notFound } from '../../errors/error.ts';
import { type Caller, requirePolicy } from '../../http/index.ts';
import type { GuestDisk } from '../face.ts';
import { volumeCreate, type VolumeSource } from '../sagas/volume-create.ts';
import { volumeDelete } from '../sagas/volume-delete.ts';
import { isTrue } from '../schemas/common.ts';
import { findBackup, updateBackup, type Backup } from '../store/backup.ts';
import { countRows, removePairs, setPairs, type Listed } from '../store/list.ts';
import { findSnapshot, snapshotsOf, updateSnapshot, type Snapshot } from '../store/snapshot.ts';
import { transferOf } from '../store/transfer.ts';
import { encryptionOf, type VolumeType } from '../store/type.ts';
import {
  findVolume,
  findVolumeRow,
  insertVolume,
  isBeingCloned,
  listVolumes,
  summarizeVolumes,
  updateVolume,
  type Volume,
} from '../store/volume.ts';
import { placedSnapshot, placedVolume } from '../driver/index.ts';
import type { VolumeDisk } from '../sagas/services.ts';
import { notThere, projectOf, sees, type VolumeContext } from './context.ts';
import { imageOf, type ImageSource } from './image-source.ts';
import { keyForNew } from './key.ts';
import { conditionsOf, listQuery, wantsCount } from './list-query.ts';
import type { Quotas } from './quota.ts';
import { groupForVolume } from './volume-group.ts';
import {
  availabilityZone,
  backendsOfHints,
  checkSizeOfType,
  isMultiattach,
  MULTIATTACH,
  sizeOf,
} from './volume-request.ts';
import { VOLUME_LIST } from './volume-filter.ts';
import { terminateVolume } from './terminate.ts';
import type { Types } from './type.ts';

/** What POST /volumes may hold. */
export interface VolumeRequest {
  readonly name?: string | null;
  readonly display_name?: string | null;
  readonly description?: string | null;
  readonly display_description?: string | null;
  readonly volume_type?: string | null;
  readonly metadata?: Readonly<Record<string, string>> | null;
  readonly snapshot_id?: string | null;
  readonly source_volid?: string | null;
  readonly size?: string | number | null;
  readonly availability_zone?: string | null;
  readonly multiattach?: string | boolean | null;
  readonly image_id?: string | null;
  readonly imageRef?: string | null;
  readonly group_id?: string | null;
  readonly consistencygroup_id?: string | null;
  readonly backup_id?: string | null;
}

/** What is made of what; everything that was looked up for it. */
interface Sources {
  readonly snapshot: Snapshot | undefined;
  readonly volume: Volume | undefined;
  readonly image: ImageSource | undefined;
  readonly backup: Backup | undefined;
}

/** Status in which a volume may be deleted without force. */
const DELETABLE = ['available', 'error', 'error_restoring', 'error_extending', 'error_managing'];

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

  list(
    caller: Caller,
    query: Readonly<Record<string, string>>,
  ): Listed<Volume> & { readonly count?: number } {
    const { db } = this.#context;
    const listing = listQuery(caller, query, VOLUME_LIST, 'project_id');
    const listed = listVolumes(db, listing);
    return wantsCount(caller, query)
      ? { ...listed, count: countRows(db, 'volume', listing.conditions) }
      : listed;
  }

  summary(caller: Caller, query: Readonly<Record<string, string>>) {
    return summarizeVolumes(this.#context.db, conditionsOf(caller, query, VOLUME_LIST, 'project_id'));
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
      const sources = this.#sources(caller, request);
      const size = sizeOf(
        request.size,
        sources.snapshot?.volume_size ?? sources.volume?.size ?? sources.backup?.size,
      );
      this.#checkSources(sources, size);
      const type = this.#typeOf(caller, request, sources);
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
        bootable: this.#isBootable(sources) ? 1 : 0,
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
      setPairs(db, 'volume_image_metadata', id, this.#imageMetadata(sources));
      if (sources.backup !== undefined)
        updateBackup(db, sources.backup.id, { status: 'restoring', restore_volume_id: id, updated_at: at });
      sagas.enqueue(volumeCreate, {
        volumeId: id,
        projectId,
        sizeGib: size,
        zone,
        extraSpecs: { ...type.extra_specs, ...(shared ? MULTIATTACH : {}) },
        ...backends,
        source: this.#sourceOf(sources),
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

  #sources(caller: Caller, request: VolumeRequest): Sources {
    const { db } = this.#context;
    const { snapshot_id, source_volid, backup_id } = request;
    const { consistencygroup_id: old } = request;
    if (old !== undefined && old !== null) throw notThere('ConsistencyGroup', old);
    const backup = backup_id ? findBackup(db, backup_id) : undefined;
    if (backup_id && (backup === undefined || !sees(caller.auth, backup.project_id)))
      throw notThere('Backup', backup_id);
    const snapshot =
      snapshot_id === undefined || snapshot_id === null ? undefined : findSnapshot(db, snapshot_id);
    if (snapshot_id && (snapshot === undefined || !sees(caller.auth, snapshot.project_id)))
      throw notThere('Snapshot', snapshot_id);
    const volume = source_volid ? this.get(caller.auth, source_volid) : undefined;
    const imageRef = request.imageRef ?? request.image_id;
    const image =
      imageRef === undefined || imageRef === null || imageRef === ''
        ? undefined
        : imageOf(this.#context, caller, imageRef);
    if (image !== undefined) requirePolicy(caller, 'volume:create_from_image');
    if ([snapshot, volume, image, backup].filter((one) => one !== undefined).length > 1)
      throw badRequest('May specify only one of snapshot, imageRef, source volume or backup');
    return { snapshot, volume, image, backup };
  }

  #checkSources({ snapshot, volume, image, backup }: Sources, size: number): void {
    if (backup !== undefined) {
      if (backup.status !== 'available')
        throw badRequest(
          `Invalid backup: Originating backup status must be one of 'available' values, it is '${backup.status}'`,
        );
      if (size < backup.size)
        throw badRequest(
          `Invalid input received: Volume size ${size}GB cannot be smaller than the backup size ${backup.size}GB. It must be >= backup size.`,
        );
    }
    if (snapshot !== undefined) {
      if (snapshot.status !== 'available')
        throw badRequest(
          `Invalid snapshot: Originating snapshot status must be one of 'available' values, it is '${snapshot.status}'`,
        );
      if (size < snapshot.volume_size)
        throw badRequest(
          `Invalid input received: Volume size '${size}'GB cannot be smaller than the snapshot size ${snapshot.volume_size}GB. They must be >= original snapshot size.`,
        );
    }
    if (volume !== undefined) {
      if (!['available', 'in-use'].includes(volume.status))
        throw badRequest(
          `Invalid volume: Unable to create a volume from an originating source volume when its status is not one of available, in-use values, it is '${volume.status}'`,
        );
      if (size < volume.size)
        throw badRequest(
          `Invalid input received: Volume size '${size}'GB cannot be smaller than original volume size ${volume.size}GB. They must be >= original volume size.`,
        );
    }
    if (image === undefined) return;
    if (size < image.minGib)
      throw badRequest(
        `Invalid input received: Size of specified image ${image.minGib}GB is larger than volume size ${size}GB.`,
      );
    if (size < image.minDisk)
      throw badRequest(
        `Invalid input received: Volume size ${size}GB cannot be smaller than the image minDisk size ${image.minDisk}GB.`,
      );
  }

  /** What was asked for, else the source's, else the project's or the cloud's default. */
  #typeOf(caller: Caller, request: VolumeRequest, { snapshot, volume, image, backup }: Sources): VolumeType {
    const asked = request.volume_type;
    if (asked !== undefined && asked !== null && asked !== '') return this.#types.usable(caller, asked);
    const backedUp =
      backup?.encryption_key_id == null ? undefined : findVolumeRow(this.#context.db, backup.volume_id);
    const source = volume?.volume_type_id ?? snapshot?.volume_type_id ?? backedUp?.volume_type_id;
    if (source !== undefined) return this.#types.byId(source);
    if (image?.volumeType !== undefined) return this.#types.usable(caller, image.volumeType);
    return this.#types.defaultFor(projectOf(caller.auth));
  }

  #isBootable({ snapshot, volume, image }: Sources): boolean {
    if (image !== undefined) return true;
    const origin = volume?.id ?? snapshot?.volume_id;
    return origin !== undefined && findVolumeRow(this.#context.db, origin)?.bootable === 1;
  }

  #imageMetadata({ snapshot, volume, image }: Sources): Readonly<Record<string, string>> {
    if (image !== undefined) return image.metadata;
    const origin = volume ?? (snapshot && findVolume(this.#context.db, snapshot.volume_id));
    return origin?.image_metadata ?? {};
  }

  #sourceOf({ snapshot, volume, image, backup }: Sources): VolumeSource {
    if (backup !== undefined) return { kind: 'backup', id: backup.id };
    if (image !== undefined) return { kind: 'image', imageId: image.id };
    if (snapshot !== undefined) {
      const disk = this.#context.drivers.local(placedSnapshot(snapshot.backend, snapshot.id));
      const keyId = snapshot.encryption_key_id;
      return { kind: 'snapshot', id: snapshot.id, disk: { ...disk, keyId, guest: null } };
    }
    if (volume === undefined) return { kind: 'empty' };
    return { kind: 'volume', id: volume.id, disk: diskOf(this.#context, volume) };
  }
}

/** The guests that have the volume. */
export const guestsOf = ({ attachments }: Volume): readonly GuestDisk[] =>
  attachments.flatMap(({ instance_uuid: serverId, mountpoint }) =>
    serverId === null || mountpoint === null ? [] : [{ serverId, target: mountpoint.replace('/dev/', '') }],
  );

/** What a copy of a volume or a snapshot has its type and its key of. */
function keySource(db: Db, { snapshot, volume, backup }: Sources, type: VolumeType) {
  if (backup !== undefined && backup.encryption_key_id !== null) {
    if (encryptionOf(db, type.id) === undefined)
      throw badRequest(
        `Invalid input received: The backup is of an encrypted volume, and the volume type ${type.name} has no encryption: name one that has.`,
      );
    return { typeId: type.id, keyId: backup.encryption_key_id };
  }
  const source = volume ?? snapshot;
  return source && { typeId: source.volume_type_id, keyId: source.encryption_key_id };
}

/** Where a volume's content is, and which server may be writing to it. @throws {CloudError} notFound without a disk. */
export function diskOf({ drivers }: VolumeContext, volume: Volume): VolumeDisk {
  if (volume.backend === null || volume.format === null)
    throw notFound(`Volume ${volume.id} has no disk yet.`);
  const placed = placedVolume(volume.backend, volume.id, volume.format);
  return {
    ...placed,
    ...drivers.local(placed),
    keyId: volume.encryption_key_id,
    guest: guestsOf(volume)[0] ?? null,
  };
}
