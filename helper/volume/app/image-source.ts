import { badRequest, conflict } from '../../errors/error.ts';
import { CloudError } from '../../errors/error.ts';
import { luksHeaderBytes } from '../../host/disk/luks-writer.ts';
import type { Caller } from '../../http/index.ts';
import type { ImageInfo } from '../../image/index.ts';
import { GIB, type VolumeContext } from './context.ts';
import { isKeyProperty, keyOfImage } from './key.ts';

/** An image that a volume is to be made of. */
export interface ImageSource {
  readonly id: string;
  /** GiB of the disk inside, rounded up. */
  readonly minGib: number;
  readonly minDisk: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** The type that the image asks for (`cinder_img_volume_type`). */
  readonly volumeType: string | undefined;
  /** What opens its data, which came from an encrypted volume; null where they are plain. */
  readonly keyId: string | null;
}

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/**
 * An image by its id or URL.
 * @throws {CloudError} badRequest when the caller may not see it, or when it cannot be used.
 */
export function imageOf({ db, image }: VolumeContext, caller: Caller, reference: string): ImageSource {
  const found = findImage(db, image, caller, reference);
  if (found.status !== 'active') throw badRequest(`Invalid image: Image ${found.id} is not active.`);
  if (found.virtualSize === 0)
    throw badRequest(`Image ${found.id} is unacceptable: no disk is known to be in it.`);
  const properties = Object.fromEntries(
    Object.entries(found.properties).filter(([name]) => !isKeyProperty(name)),
  );
  const key = keyOfImage(db, found, caller.auth.projectId);
  const header = key === null ? 0 : luksHeaderBytes(key.keyBits);
  return {
    id: found.id,
    keyId: key?.id ?? null,
    minGib: Math.ceil((found.virtualSize - header) / GIB),
    minDisk: found.minDisk,
    volumeType: properties['cinder_img_volume_type'],
    metadata: {
      ...properties,
      image_id: found.id,
      image_name: found.name ?? '',
      size: String(found.size),
      disk_format: found.diskFormat,
      min_disk: String(found.minDisk),
      min_ram: String(found.minRam),
    },
  };
}

function findImage(
  db: VolumeContext['db'],
  image: VolumeContext['image'],
  caller: Caller,
  reference: string,
): ImageInfo {
  const invalid = () => badRequest('Invalid image identifier or unable to access requested image.');
  const id = reference.split('/').at(-1) ?? '';
  try {
    if (UUID.test(id)) return image.get(db, caller.auth, id.toLowerCase());
  } catch (error) {
    if (error instanceof CloudError && error.kind === 'notFound') throw invalid();
    throw error;
  }
  const named = image.list(db, caller.auth, { limit: 1000 }).filter((one) => one.name === reference);
  if (named.length > 1)
    throw conflict(`Multiple matches found for '${reference.slice(0, 80)}', use an ID to be more specific.`);
  const [only] = named;
  if (only === undefined) throw invalid();
  return image.get(db, caller.auth, only.id);
}
