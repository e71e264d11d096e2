import { badRequest, forbidden } from '../../errors/error.ts';
import type { Caller } from '../../http/index.ts';
import { IMAGE_KEY_PROPERTY, type ImageInfo } from '../../image/face.ts';
import type { Flavor } from '../basics.ts';
import type { BootImage } from './block-device-plan.ts';

const GIB = 1024 ** 3;

/** @throws {CloudError} badRequest when nothing can be booted from it. */
export function checkImage(image: ImageInfo): void {
  if (image.status !== 'active') throw badRequest(`Image ${image.id} is not active.`);
  if (image.diskFormat === 'aki' || image.diskFormat === 'ari')
    throw badRequest(`Image ${image.id} is unacceptable: it is a kernel or ramdisk`);
  if (image.properties[IMAGE_KEY_PROPERTY] !== undefined)
    throw badRequest(
      `Image ${image.id} is unacceptable: Direct booting of an image uploaded from an encrypted volume is unsupported.`,
    );
  if (image.size === 0 && image.properties['block_device_mapping'] !== undefined)
    throw badRequest(`Image ${image.id} is unacceptable: it has no data, it only names snapshots of volumes`);
}

/** @throws {CloudError} badRequest for a flavor that is not to be used, or has too little memory. */
function checkMemory(flavor: Flavor, image: Pick<BootImage, 'minRam'>): void {
  if (flavor.disabled) throw badRequest(`Flavor ${flavor.id} could not be found.`);
  if (flavor.ramMib < image.minRam) throw badRequest("Flavor's memory is too small for requested image.");
}

/**
 * A flavor for a server whose root disk is a volume: its own disk does not matter.
 * @param sizeGib of the volume; null for one that is there already, which block storage has checked.
 * @throws {CloudError} badRequest
 */
export function checkFlavorOfVolume(
  flavor: Flavor,
  image: Pick<BootImage, 'minRam' | 'minDisk'>,
  sizeGib: number | null,
): void {
  checkMemory(flavor, image);
  if (sizeGib !== null && image.minDisk > sizeGib)
    throw badRequest(
      `Volume is smaller than the minimum size specified in image metadata. Volume size is ${sizeGib * GIB} bytes, minimum size is ${image.minDisk * GIB} bytes.`,
    );
}

/**
 * A flavor that the image fits into (S6).
 * @throws {CloudError} badRequest, or forbidden for a flavor without a disk of its own.
 */
export function checkFlavor(flavor: Flavor, image: ImageInfo, caller: Caller): void {
  checkMemory(flavor, image);
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
