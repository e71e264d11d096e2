import type { Expectations } from './expectation.ts';
import { words } from './expectation.ts';

/** Who may do what at the placement service, by upstream's default policy. */
export const PLACEMENT: Expectations = {
  admin: words(`
    resource_providers:list resource_providers:create resource_providers:show resource_providers:update
    resource_providers:delete resource_providers:aggregates:list resource_providers:aggregates:update resource_providers:traits:list
    resource_providers:traits:update resource_providers:traits:delete inventories:list inventories:create
    inventories:replace inventories:clear inventories:show inventories:update
    inventories:delete resource_providers:usages resource_classes:list resource_classes:create
    resource_classes:show resource_classes:rename resource_classes:ensure resource_classes:delete
    traits:list traits:show traits:update traits:delete
    allocations:manage allocations:list allocations:update allocations:delete
    resource_providers:allocations:list usages reshaper:reshape allocation_candidates:list`),
};
