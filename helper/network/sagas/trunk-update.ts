import { defineSaga, none, step } from '../../saga/index.ts';
import type { NetworkServices } from './network-provision.ts';

export interface TrunkInput {
  readonly trunkId: string;
  /** Subports that are none any more. */
  readonly gone: readonly { readonly portId: string; readonly networkId: string }[];
}

/** Makes the subports of a trunk whose port is on the host, or takes them away. */
export const trunkUpdate = defineSaga<TrunkInput, NetworkServices>({
  name: 'trunk-update',
  title: 'Apply trunk to the host',
  service: 'network',
  resource: ({ trunkId }) => ({ type: 'trunk', id: trunkId }),
  locks: ({ trunkId }) => [`trunk:${trunkId}`],
  steps: [
    step({
      kind: 'host',
      name: 'VLAN devices of subports',
      number: [20, 23],
      action: async ({ services }, { trunkId, gone }) => {
        await services.driver.unplug(gone);
        await services.driver.applyTrunk(trunkId);
      },
      undo: none('the rows say what is wanted; another run brings the host to it'),
    }),
  ],
});
