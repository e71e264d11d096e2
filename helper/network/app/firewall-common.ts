import { badRequest, conflict, notFound } from '../../errors/error.ts';
import type { Condition } from '../store/list.ts';
import type { StandardRow } from '../store/row.ts';
import { isAdmin } from './caller.ts';
import type { Caller } from './context.ts';
import { columns } from './listing.ts';

/** Names that only what the cloud makes for each project has. */
export const DEFAULT_GROUP = 'default';
export const DEFAULT_POLICIES = { ingress: 'default ingress', egress: 'default egress' } as const;

const { text, flag } = columns;

export const firewallColumns = {
  id: text('id'),
  project_id: text('project_id'),
  tenant_id: text('project_id'),
  name: text('name'),
  description: text('description'),
  shared: flag('shared'),
};

/** One's own and what others share. */
export const sharedRows = (caller: Pick<Caller, 'auth'>): Condition[] =>
  isAdmin(caller) ? [] : [{ sql: 'project_id = ? OR shared = 1', values: [caller.auth.projectId ?? ''] }];

export const maySee = (
  caller: Pick<Caller, 'auth'>,
  row: StandardRow & { readonly shared: number },
): boolean => isAdmin(caller) || row.shared === 1 || row.project_id === caller.auth.projectId;

export const commonView = (row: StandardRow & { readonly name: string; readonly shared: number }) => ({
  id: row.id,
  project_id: row.project_id,
  tenant_id: row.project_id,
  name: row.name,
  description: row.description,
  shared: row.shared === 1,
});

export const ruleNotFound = (id: string): Error =>
  notFound(`Firewall rule ${id} could not be found.`, { type: 'FirewallRuleNotFound' });
export const policyNotFound = (id: string): Error =>
  notFound(`Firewall policy ${id} could not be found.`, { type: 'FirewallPolicyNotFound' });
export const groupNotFound = (id: string): Error =>
  notFound(`Firewall group ${id} could not be found.`, { type: 'FirewallGroupNotFound' });

/** neutron's InvalidInput with a name of its own. */
export const firewallInvalid = (type: string, message: string): Error => badRequest(message, { type });

export const nameTaken = (kind: 'Group' | 'Policy', name: string): Error =>
  conflict(`Default Firewall ${kind} already exists. '${name}' is the reserved name for it.`, {
    type: 'FirewallDefaultParameterExists',
  });

/** The parts of a default resource that stay as they are. */
export const fixedDefault = (kind: 'Group' | 'Policy', id: string): Error =>
  conflict(`Updating default Firewall ${kind} (${id}) is restricted.`, {
    type: 'FirewallDefaultObjectUpdateRestricted',
  });
