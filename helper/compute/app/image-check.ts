import { badRequest, forbidden } from '../../errors/error.ts';
import type { Caller } from '../../http/index.ts';
import type { ImageInfo } from '../../image/face.ts';
import type { Flavor } from '../basics.ts';
import type { BlockDevice, ServerCreateRequest } from '../schemas/server-create.ts';

const GIB = 1024 ** 3;

const NEEDS_VOLUMES =
  'Block Device Mapping is Invalid: volumes need the block storage service, which this cloud does not have. ' +
  'Boot from an image onto a local disk instead.';

/**
 * The image to boot from: imageRef, or the one boot device of block_device_mapping_v2 that is an image on a local disk.
 * @throws {CloudError} badRequest
 */
export function imageOf(request: ServerCreateRequest): string {
  if ((request.block_device_mapping ?? []).length > 0) throw badRequest(NEEDS_VOLUMES);
  const fromDevice = (request.block_device_mapping_v2 ?? []).map((device) => localImage(device, request));
  const imageId = request.imageRef === '' ? undefined : request.imageRef;
  const found = imageId ?? fromDevice.find((id) => id !== undefined);
  if (found === undefined) throw badRequest('Invalid imageRef provided.');
  return found;
}

/** The image of a device that is the local root disk; undefined for devices that the flavor brings anyway. */
function localImage(device: BlockDevice, request: ServerCreateRequest): string | undefined {
  const { source_type, destination_type, volume_id, snapshot_id } = device;
  const volume =
    volume_id !== undefined ||
    snapshot_id !== undefined ||
    source_type === 'volume' ||
    source_type === 'snapshot' ||
    destination_type === 'volume';
  if (volume) throw badRequest(NEEDS_VOLUMES);
  if (source_type === 'blank') return undefined;
  const image = device.uuid ?? device.image_id;
  if (image === undefined || Number(device.boot_index ?? -1) !== 0)
    throw badRequest(
      'Block Device Mapping is Invalid: Boot sequence for the instance and image/block device mapping combination is not valid.',
    );
  if (request.imageRef !== undefined && request.imageRef !== '' && request.imageRef !== image)
    throw badRequest(
      'Block Device Mapping is Invalid: Boot sequence for the instance and image/block device mapping combination is not valid.',
    );
  return image;
}

/** @throws {CloudError} badRequest when nothing can be booted from it. */
export function checkImage(image: ImageInfo): void {
  if (image.status !== 'active') throw badRequest(`Image ${image.id} is not active.`);
  if (image.diskFormat === 'aki' || image.diskFormat === 'ari')
    throw badRequest(`Image ${image.id} is unacceptable: it is a kernel or ramdisk`);
}

/**
 * A flavor that the image fits into (S6).
 * @throws {CloudError} badRequest, or forbidden for a flavor without a disk of its own.
 */
export function checkFlavor(flavor: Flavor, image: ImageInfo, caller: Caller): void {
  if (flavor.disabled) throw badRequest(`Flavor ${flavor.id} could not be found.`);
  if (flavor.ramMib < image.minRam) throw badRequest("Flavor's memory is too small for requested image.");
  if (flavor.diskGib === 0) {
    if (!caller.may('os_compute_api:servers:create:zero_disk_flavor'))
      throw forbidden('Only volume-backed servers are allowed for flavors with zero disk.');
    return;
  }
  const disk = flavor.diskGib * GIB;
  const needed = Math.max(image.virtualSize, image.size);
  if (needed > disk)
    throw badRequest(
      `Flavor's disk is too small for requested image. Flavor disk is ${disk} bytes, image is ${needed} bytes.`,
    );
  if (flavor.diskGib < image.minDisk)
    throw badRequest(
      `Flavor's disk is smaller than the minimum size specified in image metadata. Flavor disk is ${disk} bytes, minimum size is ${image.minDisk * GIB} bytes.`,
    );
}
