import { defineSaga, none, step } from '../../saga/index.ts';
import type { VolumeServices } from './services.ts';

export interface VolumeAbandonInput {
  readonly volumeId: string;
}

/**
 * Compute takes back a volume that it asked for. It is queued so that the volume's making is cancelled, and waits for the
 * volume's lock: then it is known how far that came, and the volume is deleted.
 */
export const volumeAbandon = defineSaga<VolumeAbandonInput, VolumeServices>({
  name: 'volume-abandon',
  title: 'Give up volume',
  service: 'volume',
  cancellable: false,
  resource: ({ volumeId }) => ({ type: 'volume', id: volumeId }),
  locks: ({ volumeId }) => [`volume:${volumeId}`],
  steps: [
    step({
      name: 'queue deletion',
      kind: 'sql',
      action: ({ services }, { volumeId }) => services.terminate(volumeId),
      undo: none('it is the last step'),
    }),
  ],
});
