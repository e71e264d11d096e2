import { admin, anyone, projectMember, projectReader, type Check, type PolicyRules } from '../http/index.ts';

/**
 * Who may do what with usage reports, old proxies and other small resources: upstream's rule names and defaults
 * (nova/policies).
 */

const rules = (check: Check, ...names: readonly string[]): PolicyRules =>
  Object.fromEntries(names.map((name) => [`os_compute_api:${name}`, check]));

export const restRules: PolicyRules = {
  // 'removed' is no rule of upstream's, which asks none before it answers 410.
  ...rules(anyone, 'removed', 'extensions', 'os-floating-ip-pools'),
  ...rules(
    projectReader,
    'os-simple-tenant-usage:show',
    'os-server-password:show',
    'os-floating-ips:list',
    'os-floating-ips:show',
    'os-networks:list',
    'os-networks:show',
    'os-tenant-networks:list',
    'os-tenant-networks:show',
  ),
  ...rules(
    projectMember,
    'os-server-password:clear',
    'os-floating-ips:add',
    'os-floating-ips:remove',
    'os-floating-ips:create',
    'os-floating-ips:delete',
    'os-multinic:add',
    'os-multinic:remove',
  ),
  ...rules(
    admin,
    'os-simple-tenant-usage:list',
    'os-instance-usage-audit-log:list',
    'os-instance-usage-audit-log:show',
    'os-server-external-events:create',
    'os-admin-actions:inject_network_info',
    'os-console-auth-tokens',
    'os-assisted-volume-snapshots:create',
    'os-assisted-volume-snapshots:delete',
    'os-baremetal-nodes:list',
    'os-baremetal-nodes:show',
    'os-hosts:list',
    'os-hosts:show',
    'os-hosts:update',
    'os-hosts:reboot',
    'os-hosts:shutdown',
    'os-hosts:start',
    'servers:migrations:show',
    'servers:migrations:force_complete',
    'servers:migrations:delete',
  ),
  'compute:aggregates:images': admin,
  'compute:server:topology:index': projectReader,
  'compute:server:topology:host:index': admin,
};
