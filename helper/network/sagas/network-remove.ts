import { defineSaga, none, step } from '../../saga/index.ts';
import { forgetSegment } from '../store/network.ts';
import type { NetworkServices } from './network-provision.ts';

export interface NetworkRemoveInput {
  readonly networkId: string;
  /** VXLAN ids that are given out by choice; others are not put back. */
  readonly vniRange: readonly [number, number];
}

/** Takes away the devices of a network whose rows are gone, then gives its numbers free (R23). */
export const networkRemove = defineSaga<NetworkRemoveInput, NetworkServices>({
  name: 'network-remove',
  title: 'Remove network from the host',
  service: 'network',
  resource: ({ networkId }) => ({ type: 'network', id: networkId }),
  locks: ({ networkId }) => [`network:${networkId}`],
  cancellable: false,
  steps: [
    step({
      kind: 'host',
      name: 'devices removed',
      number: [33, 36],
      action: ({ services }, { networkId }) => services.driver.removeNetwork(networkId),
      undo: none('the network is deleted: only forward'),
    }),
    step({
      kind: 'sql',
      name: 'numbers given free',
      action: ({ db }, { networkId, vniRange }) => forgetSegment(db, networkId, vniRange),
      undo: none('the network is deleted: only forward'),
    }),
  ],
});
