import type { Db } from '../db/index.ts';
import { placementDialect } from '../errors/dialects.ts';
import type { Service } from '../http/index.ts';
import { AllocationApp } from './app/allocation.ts';
import type { PlacementContext } from './app/context.ts';
import { createHostProviders } from './app/host-providers.ts';
import { InventoryApp } from './app/inventory.ts';
import { ProviderApp } from './app/provider.ts';
import { MICROVERSIONS, discovery } from './discovery.ts';
import { allocationEndpoints } from './endpoints/allocation.ts';
import { candidateEndpoints } from './endpoints/candidate.ts';
import { inventoryEndpoints } from './endpoints/inventory.ts';
import { nameEndpoints } from './endpoints/name.ts';
import { providerEndpoints } from './endpoints/provider.ts';
import type { HostProviders } from './face.ts';
import { placementRules } from './policy.ts';

export type * from './face.ts';
export { STANDARD_CLASSES } from './standard-classes.ts';
export { STANDARD_TRAITS } from './standard-traits.ts';

export interface Placement {
  readonly service: Service;
  /** For compute. */
  readonly hosts: HostProviders;
}

/** The placement service: providers of resources, and who has which part of them. */
export function createPlacement(deps: { readonly db: Db; readonly clock: () => number }): Placement {
  const context: PlacementContext = deps;
  const inventories = new InventoryApp(context);
  return {
    service: {
      name: 'placement',
      prefix: '/placement',
      root: '',
      dialect: placementDialect,
      rules: placementRules,
      microversions: MICROVERSIONS,
      discovery,
      endpoints: [
        ...providerEndpoints(new ProviderApp(context), deps.clock),
        ...inventoryEndpoints(inventories),
        ...nameEndpoints(context),
        ...allocationEndpoints(context, new AllocationApp(context), inventories),
        ...candidateEndpoints(context),
      ],
    },
    hosts: createHostProviders(context),
  };
}
