import { badRequest, CloudError } from '../../errors/error.ts';
import type { AuthContext } from '../../http/index.ts';
import { placedVolume } from '../driver/index.ts';
import { findAttachment } from '../store/attachment.ts';
import { findVolume, findVolumeRow } from '../store/volume.ts';
import type { Attachments } from './attachment.ts';
import { openedBy } from '../sagas/services.ts';
import { encryptionOfStored } from './key.ts';
import { GIB, notThere, type VolumeContext } from './context.ts';
import type { Volumes } from './volume.ts';

/** One volume in place of another, for compute. */
export class Swaps {
  readonly #context: VolumeContext;
  readonly #volumes: Volumes;
  readonly #attachments: Attachments;

  constructor(context: VolumeContext, parts: { volumes: Volumes; attachments: Attachments }) {
    this.#context = context;
    this.#volumes = parts.volumes;
    this.#attachments = parts.attachments;
  }

  /** @throws {CloudError} notFound for the one in the path, badRequest for the one in the body, as nova. */
  require(auth: AuthContext, { old, next }: { readonly old: string; readonly next: string }): void {
    this.#volumes.get(auth, old);
    try {
      this.#volumes.get(auth, next);
    } catch (error) {
      if (error instanceof CloudError && error.kind === 'notFound') throw badRequest(error.message);
      throw error;
    }
  }

  /**
   * Keeps both volumes for the exchange: the old one is 'detaching', the new one reserved.
   * @returns the new volume's size in bytes where it is larger than the old one, else null.
   */
  begin(
    auth: AuthContext,
    wanted: {
      readonly serverId: string;
      readonly from: string;
      readonly to: string;
      readonly volumeId: string;
    },
  ): number | null {
    const { db } = this.#context;
    const attachment = findAttachment(db, wanted.from);
    const old = attachment && findVolume(db, attachment.volume_id);
    if (old === undefined) throw notThere('Volume attachment', wanted.from);
    const next = this.#volumes.get(auth, wanted.volumeId);
    if (old.encryption_key_id !== null || next.encryption_key_id !== null)
      throw badRequest('Invalid volume: Swap volume is not supported for encrypted volumes.');
    if (next.attach_status === 'attached')
      throw badRequest('Invalid volume: New volume must be detached in order to swap.');
    if (next.size < old.size) throw badRequest('Invalid volume: New volume must be the same size or larger.');
    this.#attachments.beginDetach(wanted.from);
    if (old.attachments.filter((one) => one.attach_mode === 'rw').length > 1)
      throw badRequest(
        'Swapping multi-attach volumes with more than one read/write attachment is not supported.',
      );
    if ((old.encryption_key_id === null) !== (next.encryption_key_id === null))
      throw badRequest('Invalid volume: An encrypted volume is swapped for an encrypted one only.');
    this.#attachments.reserve(auth, {
      id: wanted.to,
      volumeId: wanted.volumeId,
      serverId: wanted.serverId,
    });
    return next.size > old.size ? next.size * GIB : null;
  }

  /** Gives the volume of one attachment the content of that of another, which nobody writes to. */
  async copy(
    from: string,
    to: string,
    options: { readonly signal: AbortSignal; readonly onProgress: (fraction: number) => void },
  ): Promise<void> {
    const [source, destination] = [this.#placed(from), this.#placed(to)];
    const { db, drivers } = this.#context;
    await drivers.of(destination.backend).clone(destination.stored, drivers.local(source.stored), {
      ...openedBy(db, source),
      ...encryptionOfStored(db, destination.stored),
      ...options,
      sizeBytes: destination.size * GIB,
    });
  }

  /** Makes a volume's disk anew: empty, and as large as the other one's. */
  async fit(attachmentId: string, like: string): Promise<void> {
    const { backend, stored } = this.#placed(attachmentId);
    const driver = this.#context.drivers.of(backend);
    await driver.remove(stored);
    await driver.createEmpty(stored, this.#placed(like).size * GIB);
  }

  /** Gives a volume's disk the size that the volume has. */
  async grow(attachmentId: string): Promise<void> {
    const { backend, stored, size } = this.#placed(attachmentId);
    await this.#context.drivers.of(backend).extend(stored, size * GIB);
  }

  #placed(attachmentId: string) {
    const { db } = this.#context;
    const attachment = findAttachment(db, attachmentId);
    const volume = attachment && findVolumeRow(db, attachment.volume_id);
    if (volume === undefined || volume.backend === null || volume.format === null)
      throw notThere('Volume attachment', attachmentId);
    return {
      backend: volume.backend,
      stored: placedVolume(volume.backend, volume.id, volume.format),
      size: volume.size,
      keyId: volume.encryption_key_id,
    };
  }
}
