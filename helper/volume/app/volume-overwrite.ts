import { transaction } from '../../db/index.ts';
import { badRequest, conflict } from '../../errors/error.ts';
import { type Caller, requirePolicy } from '../../http/index.ts';
import { placedSnapshot } from '../driver/index.ts';
import { volumeReimage, volumeRevert } from '../sagas/volume-overwrite.ts';
import { removePairs, setPairs } from '../store/list.ts';
import { snapshotsOf, updateSnapshot } from '../store/snapshot.ts';
import type { Volume } from '../store/volume.ts';
import { beginOn } from './begin.ts';
import type { VolumeContext } from './context.ts';
import { imageOf } from './image-source.ts';
import { diskOf } from './volume-disk.ts';
import type { Volumes } from './volume.ts';

/** Other content for a volume that is there: of its latest snapshot, or of an image. */
export class Overwrites {
  readonly #context: VolumeContext;
  readonly #volumes: Volumes;

  constructor(context: VolumeContext, volumes: Volumes) {
    this.#context = context;
    this.#volumes = volumes;
  }

  /** @throws {CloudError} badRequest for any but the latest snapshot, conflict while one of both is busy. */
  revert(caller: Caller, id: string, snapshotId: string | null | undefined): void {
    const { db, sagas, now } = this.#context;
    transaction(db, () => {
      const volume = this.#volumes.get(caller.auth, id);
      const [latest] = snapshotsOf(db, id);
      if (latest === undefined) throw badRequest(`Volume ${id} doesn't have any snapshots.`);
      if (latest.id !== snapshotId)
        throw badRequest(
          `Specified snapshot ${snapshotId ?? 'None'} is None or not the latest one of volume ${id}.`,
        );
      if (latest.volume_size !== volume.size)
        throw badRequest(
          `Can't revert volume ${id} to its latest snapshot ${latest.id}. The volume size must be equal to the snapshot size.`,
        );
      if (volume.status !== 'available')
        throw conflict(
          `Invalid volume: Can't revert volume ${id} to its latest snapshot ${latest.id}. Volume's status must be 'available'.`,
        );
      if (latest.status !== 'available')
        throw conflict(
          `Invalid snapshot: Can't revert volume ${id} to its latest snapshot ${latest.id}. Snapshot's status must be 'available'.`,
        );
      beginOn(this.#context, volume, 'reverting');
      updateSnapshot(db, latest.id, { status: 'restoring', updated_at: now() });
      sagas.enqueue(volumeRevert, {
        volumeId: id,
        projectId: volume.project_id,
        snapshotId: latest.id,
        snapshot: {
          ...this.#context.drivers.local(placedSnapshot(latest.backend, latest.id)),
          keyId: latest.encryption_key_id,
        },
        disk: diskOf(this.#context, volume),
        sizeGib: volume.size,
      });
    });
  }

  /** @throws {CloudError} badRequest while the volume is in use, or too small for the image. */
  reimage(caller: Caller, id: string, imageId: string, reserved: boolean): void {
    transaction(this.#context.db, () => {
      const volume = this.#volumes.get(caller.auth, id);
      const statuses = reserved ? ['available', 'error', 'reserved'] : ['available', 'error'];
      if (reserved) requirePolicy(caller, 'volume:reimage_reserved', volume);
      if (!statuses.includes(volume.status))
        throw badRequest(
          `Invalid volume: Volume ${id} status must be ${statuses.join(' or ')} to be reimaged, but the status is ${volume.status}.`,
        );
      this.#overwrite(caller, volume, imageId);
    });
  }

  /** For compute, whose server has the volume and does not run. @throws {CloudError} badRequest */
  reimageOfServer(caller: Caller, id: string, imageId: string): void {
    transaction(this.#context.db, () => {
      const volume = this.#volumes.get(caller.auth, id);
      if (!['in-use', 'reserved'].includes(volume.status))
        throw badRequest(
          `Invalid volume: Volume ${id} status must be in-use or reserved to be reimaged, but the status is ${volume.status}.`,
        );
      this.#overwrite(caller, volume, imageId);
    });
  }

  #overwrite(caller: Caller, volume: Volume, imageId: string): void {
    const { db, sagas } = this.#context;
    const { id } = volume;
    const image = imageOf(this.#context, caller, imageId);
    if (volume.size < Math.max(image.minGib, image.minDisk))
      throw badRequest(
        `Invalid input received: Size of specified image ${image.minGib}GB is larger than volume size ${volume.size}GB.`,
      );
    if (image.keyId !== null && volume.encryption_key_id === null)
      throw badRequest(
        `Invalid volume: Image ${image.id} is of an encrypted volume, and volume ${id} is not encrypted.`,
      );
    const disk = diskOf(this.#context, volume);
    beginOn(this.#context, volume, 'downloading', { bootable: 1 });
    removePairs(db, 'volume_image_metadata', id);
    setPairs(db, 'volume_image_metadata', id, image.metadata);
    sagas.enqueue(volumeReimage, {
      volumeId: id,
      projectId: volume.project_id,
      imageId: image.id,
      imageKeyId: image.keyId,
      disk,
      sizeGib: volume.size,
      previousStatus: volume.status === 'error' ? 'available' : volume.status,
    });
  }
}
