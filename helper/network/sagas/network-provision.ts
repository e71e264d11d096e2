import { defineSaga, none, step } from '../../saga/index.ts';
import { setNetworkStatus } from '../store/network.ts';
import type { NetworkDriver } from './driver.ts';

export interface NetworkInput {
  readonly networkId: string;
}

export interface NetworkServices {
  readonly driver: NetworkDriver;
}

const level = none('the rows say what is wanted; what was made stays, and the next run completes it');

/** Makes the devices of a network that has subnets, or brings them to what its rows say now. */
export const networkProvision = defineSaga<NetworkInput, NetworkServices>({
  name: 'network-provision',
  title: 'Provide network on the host',
  service: 'network',
  resource: ({ networkId }) => ({ type: 'network', id: networkId }),
  locks: ({ networkId }) => [`network:${networkId}`],
  steps: [
    step({
      kind: 'host',
      name: 'bridge and tunnel',
      number: 33,
      action: async (ctx, { networkId }) => {
        if (!(await ctx.services.driver.ensureSegment(networkId)))
          ctx.note('the network was deleted meanwhile');
      },
      undo: level,
    }),
    step({
      kind: 'host',
      name: 'DHCP server',
      number: [34, 36],
      action: ({ services }, { networkId }) => services.driver.ensureDhcp(networkId),
      undo: level,
    }),
  ],
  onFailed: ({ db }, { networkId }) => {
    setNetworkStatus(db, networkId, 'ERROR');
  },
});
