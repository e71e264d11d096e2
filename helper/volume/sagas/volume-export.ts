import { defineSaga, none, step } from '../../saga/index.ts';
import type { VolumeServices } from './services.ts';

export interface VolumeExportInput {
  readonly volumeId: string;
}

type Services = Pick<VolumeServices, 'exports'>;

const resource = ({ volumeId }: VolumeExportInput) => ({ type: 'volume', id: volumeId });
const locks = ({ volumeId }: VolumeExportInput) => [`volume:${volumeId}`];
const undo = none('the target follows from who may reach the volume');

/** A client has been given a way to the volume: its target is there. */
export const volumeExport = defineSaga<VolumeExportInput, Services>({
  name: 'volume-export',
  title: 'Export volume',
  service: 'volume',
  cancellable: false,
  resource,
  locks,
  steps: [
    step({
      name: 'make target',
      number: [46, 47],
      kind: 'host',
      action: ({ services }, { volumeId }) => services.exports.settle(volumeId),
      undo,
    }),
  ],
});

/** Somebody has given a volume back: its target lets them in no more, and goes with the last of them. */
export const volumeUnexport = defineSaga<VolumeExportInput, Services>({
  name: 'volume-unexport',
  title: 'End export of volume',
  service: 'volume',
  cancellable: false,
  resource,
  locks,
  steps: [
    step({
      name: 'remove target',
      number: 50,
      kind: 'host',
      action: ({ services }, { volumeId }) => services.exports.settle(volumeId),
      undo,
    }),
  ],
});
