import { defineSaga, none, step } from '../../saga/index.ts';
import type { NetworkServices } from './network-provision.ts';

export interface SecurityGroupUpdateInput {
  readonly groupIds: readonly string[];
}

/** Applies changed rules to all ports that use the groups, live and at once. */
export const securityGroupUpdate = defineSaga<SecurityGroupUpdateInput, NetworkServices>({
  name: 'security-group-update',
  title: 'Apply security group to its ports',
  service: 'network',
  resource: ({ groupIds }) => ({ type: 'security_group', id: groupIds.at(-1) ?? '' }),
  locks: ({ groupIds }) => groupIds.map((id) => `security-group:${id}`),
  steps: [
    step({
      kind: 'host',
      name: 'rules applied',
      number: 22,
      action: ({ services }, { groupIds }) => services.driver.updateGroups(groupIds),
      undo: none('the rows say what is wanted; another run brings the host to it'),
    }),
  ],
});
