import { transaction, type Db } from '../../db/index.ts';
import { forbidden } from '../../errors/error.ts';
import type { DiskHost, ImageFormat } from '../../host/disk/interface.ts';
import type { StateFiles, StatePath } from '../../host/files/interface.ts';
import type { AuthContext } from '../../http/index.ts';
import type { ImageDetails, ImageFace } from '../face.ts';
import { imageRules } from '../policy.ts';
import { backupsOf, deleteImage, findImage, updateImage, type Image } from '../store/image.ts';
import type { ImageData } from './data.ts';
import { filterOf } from './filter.ts';
import type { Images } from './image.ts';

export interface ComputeImagesOptions {
  readonly db: Db;
  readonly now: () => number;
  readonly files: StateFiles;
  readonly disks: DiskHost;
  readonly images: Images;
  readonly data: ImageData;
  readonly onDeleted: (imageId: string) => void;
}

/** What compute does with images beyond starting from them: snapshots, and the image proxy of its old microversions. */
export class ComputeImages implements Pick<
  ImageFace,
  | 'reserve'
  | 'createFromDisk'
  | 'activateEmpty'
  | 'discard'
  | 'backupsOf'
  | 'show'
  | 'list'
  | 'remove'
  | 'setProperties'
> {
  readonly #options: ComputeImagesOptions;

  constructor(options: ComputeImagesOptions) {
    this.#options = options;
  }

  reserve: ImageFace['reserve'] = (_db, auth, image) => {
    const { id, name, minDisk, minRam, properties } = image;
    this.#options.images.create(
      auth,
      {
        ...properties,
        id,
        name,
        visibility: image.visibility ?? 'private',
        disk_format: image.diskFormat ?? 'qcow2',
        container_format: image.containerFormat ?? 'bare',
        min_disk: minDisk,
        min_ram: minRam,
        ...(image.protected === undefined ? {} : { protected: image.protected }),
      },
      () => true,
    );
  };

  createFromDisk: ImageFace['createFromDisk'] = async (imageId, disk, signal, onProgress) => {
    const { db, files, disks, data } = this.#options;
    const status = findImage(db, imageId)?.status;
    if (status !== 'queued' && status !== 'saving') return status !== undefined;
    const copy: StatePath = ['images', 'incoming', `${imageId}.disk`];
    try {
      const how = {
        source: disk.path,
        sourceFormat: disk.format ?? 'qcow2',
        destination: files.absolute(copy),
        signal,
        onProgress: (fraction: number) => onProgress(fraction * 0.7),
      };
      const { encrypted } = disk;
      if (encrypted === undefined)
        await disks.convert({
          ...how,
          destinationFormat: (disk.diskFormat ?? 'qcow2') as ImageFormat,
          followBackingChain: true,
        });
      else
        await disks.clone({
          ...how,
          destinationFormat: 'raw',
          ...encrypted,
          sourceKey: encrypted.encryption.passphrase,
        });
      if (findImage(db, imageId) === undefined) return false;
      await data.fill(imageId, copy, { signal, onProgress: (fraction) => onProgress(0.7 + fraction * 0.3) });
      onProgress(1);
      return true;
    } finally {
      await files.remove(copy);
    }
  };

  activateEmpty: ImageFace['activateEmpty'] = (db, imageId) => {
    const image = findImage(db, imageId);
    if (image?.status !== 'queued') return;
    updateImage(db, { ...image, status: 'active', size: 0, updated_at: this.#options.now() });
  };

  discard: ImageFace['discard'] = (db, imageId) => {
    if (findImage(db, imageId) === undefined) return;
    deleteImage(db, imageId);
    this.#options.onDeleted(imageId);
  };

  backupsOf: ImageFace['backupsOf'] = backupsOf;

  show: ImageFace['show'] = (_db, auth, imageId) => detailsOf(this.#options.images.get(auth, imageId));

  list: ImageFace['list'] = (_db, auth, page, name) => {
    const filter = filterOf(auth, {}, () => []);
    const named = name === undefined ? [] : [{ sql: 'name = ?', values: [name] }];
    return this.#options.images
      .list({ ...filter, conditions: [...filter.conditions, ...named] }, page)
      .images.map(detailsOf);
  };

  remove: ImageFace['remove'] = (_db, auth, imageId) => {
    this.#own(auth, imageId, 'delete_image');
    this.#options.images.delete(auth, imageId);
  };

  setProperties: ImageFace['setProperties'] = (db, auth, imageId, properties) =>
    transaction(db, () => {
      const image = this.#own(auth, imageId, 'modify_image');
      if (image.protected === 1) throw forbidden(`Image ${imageId} is protected.`);
      updateImage(db, { ...image, properties, updated_at: this.#options.now() });
    });

  /** Compute asks for its caller, who needs the same rights as at the image service itself. */
  #own(auth: AuthContext, imageId: string, rule: string): Image {
    const image = this.#options.images.getOwn(auth, imageId);
    if (imageRules[rule]?.(auth, image) !== true)
      throw forbidden(`Policy doesn't allow ${rule} to be performed.`);
    return image;
  }
}

const detailsOf = (image: Image): ImageDetails => ({
  id: image.id,
  name: image.name,
  status: image.status,
  ownerId: image.owner_id,
  diskFormat: image.disk_format ?? 'raw',
  size: image.size ?? 0,
  virtualSize: image.virtual_size ?? 0,
  minDisk: image.min_disk,
  minRam: image.min_ram,
  properties: image.properties,
  createdAt: image.created_at,
  updatedAt: image.updated_at,
});
