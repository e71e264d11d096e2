import type { Db } from '../../db/index.ts';
import { badRequest } from '../../errors/error.ts';
import { type Caller, requirePolicy } from '../../http/index.ts';
import { placedSnapshot } from '../driver/index.ts';
import type { VolumeSource } from '../sagas/volume-create.ts';
import { findBackup, type Backup } from '../store/backup.ts';
import { findSnapshot, type Snapshot } from '../store/snapshot.ts';
import { encryptionOf, type VolumeType } from '../store/type.ts';
import { findVolume, findVolumeRow, type Volume } from '../store/volume.ts';
import { notThere, projectOf, sees, type VolumeContext } from './context.ts';
import { imageOf, type ImageSource } from './image-source.ts';
import type { Types } from './type.ts';
import { diskOf } from './volume-disk.ts';
import type { VolumeRequest } from './volume-request.ts';

/** What is made of what; everything that was looked up for it. */
export interface Sources {
  readonly snapshot: Snapshot | undefined;
  readonly volume: Volume | undefined;
  readonly image: ImageSource | undefined;
  readonly backup: Backup | undefined;
}

/**
 * Looks up what a request names, as its caller may see it.
 * @throws {CloudError} notFound for what is not there for the caller, badRequest for more than one source.
 */
export function sourcesOf(context: VolumeContext, caller: Caller, request: VolumeRequest): Sources {
  const { db } = context;
  const { snapshot_id, source_volid, backup_id } = request;
  const seen = <Row extends { readonly project_id: string }>(
    what: string,
    id: string | null | undefined,
    find: (db: Db, id: string) => Row | undefined,
  ): Row | undefined => {
    if (id === undefined || id === null || id === '') return undefined;
    const row = find(db, id);
    if (row === undefined || !sees(caller.auth, row.project_id)) throw notThere(what, id);
    return row;
  };
  const backup = seen('Backup', backup_id, findBackup);
  const snapshot = seen('Snapshot', snapshot_id, findSnapshot);
  const volume = seen('Volume', source_volid, findVolume);
  const imageRef = request.imageRef ?? request.image_id;
  const image =
    imageRef === undefined || imageRef === null || imageRef === ''
      ? undefined
      : imageOf(context, caller, imageRef);
  if (image !== undefined) requirePolicy(caller, 'volume:create_from_image');
  if ([snapshot, volume, image, backup].filter((one) => one !== undefined).length > 1)
    throw badRequest('May specify only one of snapshot, imageRef, source volume or backup');
  return { snapshot, volume, image, backup };
}

/** Whether the sources are ready, and fit into `size` GiB. @throws {CloudError} badRequest */
export function checkSources({ snapshot, volume, image, backup }: Sources, size: number): void {
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
export function typeOf(
  { db }: VolumeContext,
  types: Types,
  caller: Caller,
  asked: VolumeRequest['volume_type'],
  { snapshot, volume, image, backup }: Sources,
): VolumeType {
  if (asked !== undefined && asked !== null && asked !== '') return types.usable(caller, asked);
  const backedUp = backup?.encryption_key_id == null ? undefined : findVolumeRow(db, backup.volume_id);
  const source = volume?.volume_type_id ?? snapshot?.volume_type_id ?? backedUp?.volume_type_id;
  if (source !== undefined) return types.byId(source);
  if (image?.volumeType !== undefined) return types.usable(caller, image.volumeType);
  return types.defaultFor(projectOf(caller.auth));
}

/** What comes of an image, or of a bootable volume, is bootable. */
export function isBootable(db: Db, { snapshot, volume, image }: Sources): boolean {
  if (image !== undefined) return true;
  const origin = volume?.id ?? snapshot?.volume_id;
  return origin !== undefined && findVolumeRow(db, origin)?.bootable === 1;
}

/** What is written down of the image that the content once came of. */
export function imageMetadataOf(
  db: Db,
  { snapshot, volume, image }: Sources,
): Readonly<Record<string, string>> {
  if (image !== undefined) return image.metadata;
  const origin = volume ?? (snapshot && findVolume(db, snapshot.volume_id));
  return origin?.image_metadata ?? {};
}

/** Where the saga takes the new volume's content from. */
export function contentOf(
  context: VolumeContext,
  { snapshot, volume, image, backup }: Sources,
): VolumeSource {
  if (backup !== undefined) return { kind: 'backup', id: backup.id };
  if (image !== undefined) return { kind: 'image', imageId: image.id, encrypted: image.keyId !== null };
  if (snapshot !== undefined) {
    const disk = context.drivers.local(placedSnapshot(snapshot.backend, snapshot.id));
    const keyId = snapshot.encryption_key_id;
    return { kind: 'snapshot', id: snapshot.id, disk: { ...disk, keyId, guest: null } };
  }
  if (volume === undefined) return { kind: 'empty' };
  return { kind: 'volume', id: volume.id, disk: diskOf(context, volume) };
}

/** What a copy of a volume or a snapshot has its type and its key of. */
export function keySource(db: Db, { snapshot, volume, image, backup }: Sources, type: VolumeType) {
  const keyId = backup?.encryption_key_id ?? image?.keyId ?? null;
  if (keyId !== null) {
    if (encryptionOf(db, type.id) === undefined)
      throw badRequest(
        `Invalid input received: The ${image === undefined ? 'backup' : 'image'} is of an encrypted volume, and the volume type ${type.name} has no encryption: name one that has.`,
      );
    return { typeId: type.id, keyId };
  }
  const source = volume ?? snapshot;
  return source && { typeId: source.volume_type_id, keyId: source.encryption_key_id };
}
