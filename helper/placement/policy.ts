import { admin, either, projectReader, type Check, type PolicyRules } from '../http/index.ts';

/** Placement's rules: administrators (and other services) for all, readers for the usage of their project. */
const service: Check = (auth) => auth.roles.has('service');
const adminOrService = either(admin, service);

const of = (check: Check, ...names: readonly string[]): PolicyRules =>
  Object.fromEntries(names.map((name) => [`placement:${name}`, check]));

export const placementRules: PolicyRules = {
  ...of(
    adminOrService,
    'resource_providers:list',
    'resource_providers:create',
    'resource_providers:show',
    'resource_providers:update',
    'resource_providers:delete',
    'resource_providers:aggregates:list',
    'resource_providers:aggregates:update',
    'resource_providers:traits:list',
    'resource_providers:traits:update',
    'resource_providers:traits:delete',
    'resource_providers:inventories:list',
    'resource_providers:inventories:create',
    'resource_providers:inventories:show',
    'resource_providers:inventories:update',
    'resource_providers:inventories:delete',
    'resource_providers:usages',
    'resource_providers:allocations:list',
    'resource_classes:list',
    'resource_classes:create',
    'resource_classes:show',
    'resource_classes:update',
    'resource_classes:delete',
    'traits:list',
    'traits:show',
    'traits:update',
    'traits:delete',
    'allocations:manage',
    'allocations:list',
    'allocations:update',
    'allocations:delete',
    'allocation_candidates:list',
    'reshaper:reshape',
  ),
  'placement:usages': either(service, projectReader),
};
