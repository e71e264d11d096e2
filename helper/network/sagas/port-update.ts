import { defineSaga, none, step } from '../../saga/index.ts';
import type { NetworkServices } from './network-provision.ts';

export interface PortUpdateInput {
  readonly networkId: string;
  readonly portIds: readonly string[];
  readonly groupIds: readonly string[];
}

/** Brings filters, members of groups and DHCP entries to what the rows of ports say now. */
export const portUpdate = defineSaga<PortUpdateInput, NetworkServices>({
  name: 'port-update',
  title: 'Apply port to the host',
  service: 'network',
  resource: ({ portIds }) => ({ type: 'port', id: portIds[0] ?? '' }),
  locks: ({ networkId }) => [`network:${networkId}`],
  steps: [
    step({
      kind: 'host',
      name: 'filters and DHCP entries',
      number: [20, 23],
      action: ({ services }, { networkId, portIds, groupIds }) =>
        services.driver.updatePorts(networkId, portIds, groupIds),
      undo: none('the rows say what is wanted; another run brings the host to it'),
    }),
  ],
});
