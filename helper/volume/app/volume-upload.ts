import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { badRequest } from '../../errors/error.ts';
import { type Caller, mv, requirePolicy } from '../../http/index.ts';
import { volumeUpload } from '../sagas/volume-upload.ts';
import { isTrue, timeText } from '../schemas/common.ts';
import type { VolumeType } from '../store/type.ts';
import type { Volume } from '../store/volume.ts';
import { beginOn } from './begin.ts';
import { projectOf, type VolumeContext } from './context.ts';
import { cloneKey, imageKeyProperties, isKeyProperty } from './key.ts';
import type { Types } from './type.ts';
import { diskOf } from './volume-disk.ts';
import type { Volumes } from './volume.ts';

export interface UploadRequest {
  readonly image_name: string;
  readonly force?: string | boolean;
  readonly disk_format?: string;
  readonly container_format?: string;
  readonly visibility?: 'community' | 'private' | 'public' | 'shared';
  readonly protected?: string | boolean;
}

/** @returns what cinder says of the image that comes to be. */
export function uploadVolume(
  context: VolumeContext,
  { volumes, types }: { readonly volumes: Volumes; readonly types: Types },
  caller: Caller,
  id: string,
  request: UploadRequest,
): object {
  const { db, sagas, image, now } = context;
  const diskFormat = request.disk_format ?? 'raw';
  const containerFormat = request.container_format ?? 'bare';
  const visibility = request.visibility ?? 'private';
  if (visibility === 'public') requirePolicy(caller, 'volume_extension:volume_actions:upload_public');
  if (!['raw', 'qcow2', 'vmdk', 'vdi', 'vhd', 'vhdx'].includes(diskFormat))
    throw badRequest(`A volume cannot be uploaded as '${diskFormat}'; qcow2 and raw are the usual formats.`);
  if (!['bare', 'ovf'].includes(containerFormat))
    throw badRequest(
      `An image with the container format '${containerFormat.slice(0, 40)}' holds no plain disk.`,
    );
  return transaction(db, () => {
    const volume = volumes.get(caller.auth, id);
    const free = volume.status === 'available' || (volume.status === 'in-use' && isTrue(request.force));
    if (!free)
      throw badRequest(
        `Invalid volume: Volume ${id} status must be available${isTrue(request.force) ? ' or in-use' : ''}, but current status is: ${volume.status}.`,
      );
    const imageId = randomUUID();
    const properties = {
      ...Object.fromEntries(
        Object.entries(volume.image_metadata).filter(
          ([key]) => !NOT_OF_IMAGE.has(key) && !isKeyProperty(key),
        ),
      ),
      ...keyForImage(context, caller, volume, imageId, { diskFormat, containerFormat }),
    };
    image.reserve(db, caller.auth, {
      id: imageId,
      name: request.image_name,
      minDisk: volume.bootable === 1 ? Number(volume.image_metadata['min_disk'] ?? 0) : 0,
      minRam: Number(volume.image_metadata['min_ram'] ?? 0),
      properties,
      diskFormat,
      containerFormat,
      visibility,
      protected: isTrue(request.protected),
    });
    beginOn(context, volume, 'uploading');
    const disk = diskOf(context, volume);
    sagas.enqueue(volumeUpload, {
      volumeId: id,
      projectId: volume.project_id,
      imageId,
      disk,
      sizeGib: volume.size,
      copyPath: context.drivers.of(disk.backend).scratch(disk, `upload-${imageId}`),
      diskFormat,
      previousStatus: volume.status,
    });
    const type = types.byId(volume.volume_type_id);
    return {
      id,
      updated_at: timeText(now()),
      status: 'uploading',
      display_description: volume.description,
      size: volume.size,
      volume_type: typeFacts(type),
      image_id: imageId,
      container_format: containerFormat,
      disk_format: diskFormat,
      image_name: request.image_name,
      ...(caller.version >= mv('3.1') ? { visibility, protected: isTrue(request.protected) } : {}),
    };
  });
}

/** Ciphertext goes up as it is, with a key of its own. @returns the properties that say so. */
function keyForImage(
  context: VolumeContext,
  caller: Caller,
  { encryption_key_id: keyId }: Volume,
  imageId: string,
  { diskFormat, containerFormat }: { readonly diskFormat: string; readonly containerFormat: string },
): Readonly<Record<string, string>> {
  if (keyId === null) return {};
  if (diskFormat !== 'raw' || containerFormat !== 'bare')
    throw badRequest(
      "An encrypted volume uploaded as an image must use 'raw' disk_format and 'bare' container_format, which are the defaults for these options.",
    );
  const { db, now } = context;
  const owner = { projectId: projectOf(caller.auth), userId: caller.auth.userId, at: now() };
  return imageKeyProperties(cloneKey(db, keyId, owner, imageId));
}

/** What cinder writes down of an image beside its properties. */
const NOT_OF_IMAGE = new Set([
  'image_id',
  'image_name',
  'size',
  'disk_format',
  'container_format',
  'checksum',
  'min_disk',
  'min_ram',
]);

const typeFacts = (type: VolumeType) => ({
  id: type.id,
  name: type.name,
  description: type.description,
  is_public: type.is_public === 1,
  extra_specs: type.extra_specs,
  qos_specs_id: type.qos_specs_id,
  created_at: timeText(type.created_at),
  updated_at: timeText(type.updated_at),
  deleted: false,
  deleted_at: null,
});
