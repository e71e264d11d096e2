import { CloudError } from '../../errors/error.ts';
import type { AuthContext, Caller } from '../../http/index.ts';
import type { VolumeFace } from '../face.ts';
import { volumeAbandon } from '../sagas/volume-abandon.ts';
import { findVolumeRow } from '../store/volume.ts';
import type { VolumeContext } from './context.ts';
import type { Snapshots } from './snapshot.ts';
import { terminateVolume } from './terminate.ts';
import type { Types } from './type.ts';
import type { Overwrites } from './volume-overwrite.ts';
import type { Volumes } from './volume.ts';

/** Status of volumes that an operation is at work on. */
const UNSETTLED = ['creating', 'downloading'];

/** How often a wait looks by itself, beside at each operation's end. */
const LOOK_MS = 2000;

/** What compute asks of volumes beyond attachments: to boot from them, to have them made, and their snapshots. */
export function computeFace(
  context: VolumeContext,
  { volumes, types }: { readonly volumes: Volumes; readonly types: Types },
  {
    snapshots,
    overwrites,
    callerOf,
  }: {
    readonly snapshots: Snapshots;
    readonly overwrites: Overwrites;
    readonly callerOf: (auth: AuthContext) => Caller;
  },
): Pick<
  VolumeFace,
  'find' | 'findSnapshot' | 'hasType' | 'make' | 'settled' | 'abandon' | 'snapshot' | 'reimage'
> {
  const { db, sagas } = context;
  return {
    find: (auth, volumeId) => {
      const { id, size, bootable, description, image_metadata } = volumes.get(auth, volumeId);
      return { id, sizeGib: size, bootable: bootable === 1, description, imageMetadata: image_metadata };
    },
    findSnapshot: (auth, id) => {
      const { volume_id, volume_size } = snapshots.get(auth, id);
      return { volumeId: volume_id, sizeGib: volume_size };
    },
    hasType: (auth, type) => {
      try {
        types.usable(callerOf(auth), type);
        return true;
      } catch (error) {
        if (error instanceof CloudError && error.kind === 'notFound') return false;
        throw error;
      }
    },
    make: (auth, { id, name, sizeGib, type, source }) => {
      const request = {
        name,
        description: '',
        size: sizeGib,
        volume_type: type,
        ...(source.kind === 'image' ? { imageRef: source.id } : {}),
        ...(source.kind === 'snapshot' ? { snapshot_id: source.id } : {}),
      };
      volumes.create(callerOf(auth), request, {}, id);
    },
    settled: async (volumeId, signal, onProgress) => {
      for (;;) {
        signal.throwIfAborted();
        const status = findVolumeRow(db, volumeId)?.status;
        if (status === undefined || !UNSETTLED.includes(status)) return status;
        if (await nextEvent(volumeId, signal, onProgress)) return findVolumeRow(db, volumeId)?.status;
      }
    },
    abandon: (volumeId) => {
      const status = findVolumeRow(db, volumeId)?.status;
      if (status === 'creating')
        sagas.enqueue(volumeAbandon, { volumeId }, { cancels: { type: 'volume', id: volumeId } });
      else terminateVolume(context, volumeId);
    },
    snapshot: (auth, { volumeId, name, description }) =>
      snapshots.create(callerOf(auth), { volume_id: volumeId, name, description }).id,
    reimage: (auth, volumeId, imageId) => overwrites.reimageOfServer(callerOf(auth), volumeId, imageId),
  };

  /** Waits for the end of an operation on the volume. @returns true when it is stuck: waiting longer is of no use. */
  async function nextEvent(
    volumeId: string,
    signal: AbortSignal,
    onProgress: (fraction: number, text: string) => void,
  ): Promise<boolean> {
    const stop: (() => void)[] = [];
    try {
      return await new Promise<boolean>((resolve, reject) => {
        stop.push(
          sagas.events.on((event) => {
            if (event.resource.type !== 'volume' || event.resource.id !== volumeId) return;
            if (event.type === 'progress') onProgress(event.fraction, event.text);
            else if (event.type === 'stuck') resolve(true);
            else if (event.type === 'finished' || event.type === 'failed' || event.type === 'cancelled')
              resolve(false);
          }),
        );
        const timer = setTimeout(() => resolve(false), LOOK_MS);
        stop.push(() => clearTimeout(timer));
        const onAbort = (): void => reject(signal.reason as Error);
        signal.addEventListener('abort', onAbort, { once: true });
        stop.push(() => signal.removeEventListener('abort', onAbort));
      });
    } finally {
      for (const end of stop) end();
    }
  }
}
