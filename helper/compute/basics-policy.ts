import {
  admin,
  anyone,
  either,
  projectMember,
  projectReader,
  sameUser,
  type Check,
  type PolicyRules,
} from '../http/index.ts';

/**
 * Who may do what with flavors, key pairs, quotas, hosts: upstream's rule names and defaults (nova/policies). Flavors
 * have no rule for reading upstream: every token may.
 */

const rules = (check: Check, ...names: readonly string[]): PolicyRules =>
  Object.fromEntries(names.map((name) => [`os_compute_api:${name}`, check]));

const adminOrUser: Check = either(admin, sameUser);

export const basicsRules: PolicyRules = {
  ...rules(anyone, 'flavors', 'os-quota-sets:defaults', 'limits', 'os-availability-zone:list'),
  ...rules(
    projectReader,
    'os-flavor-extra-specs:index',
    'os-flavor-extra-specs:show',
    'os-quota-sets:show',
    'os-quota-sets:detail',
    'os-server-groups:index',
    'os-server-groups:show',
  ),
  ...rules(projectMember, 'os-server-groups:create', 'os-server-groups:delete'),
  ...rules(adminOrUser, 'os-keypairs:index', 'os-keypairs:show', 'os-keypairs:create', 'os-keypairs:delete'),
  ...rules(
    admin,
    'os-flavor-manage:create',
    'os-flavor-manage:update',
    'os-flavor-manage:delete',
    'os-flavor-extra-specs:create',
    'os-flavor-extra-specs:update',
    'os-flavor-extra-specs:delete',
    'os-flavor-access',
    'os-flavor-access:add_tenant_access',
    'os-flavor-access:remove_tenant_access',
    'os-quota-sets:update',
    'os-quota-sets:delete',
    'os-quota-class-sets:show',
    'os-quota-class-sets:update',
    'limits:other_project',
    'os-availability-zone:detail',
    'os-services:list',
    'os-services:update',
    'os-services:delete',
    'os-hypervisors:list',
    'os-hypervisors:list-detail',
    'os-hypervisors:show',
    'os-hypervisors:statistics',
    'os-hypervisors:uptime',
    'os-hypervisors:search',
    'os-hypervisors:servers',
    'os-aggregates:index',
    'os-aggregates:show',
    'os-aggregates:create',
    'os-aggregates:update',
    'os-aggregates:delete',
    'os-aggregates:add_host',
    'os-aggregates:remove_host',
    'os-aggregates:set_metadata',
    'os-server-groups:index:all_projects',
  ),
};
