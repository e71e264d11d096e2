import type { Db } from '../../db/index.ts';
import type { Inventory } from '../face.ts';
import { allInventories, allUsage } from '../store/inventory.ts';
import { allTraits } from '../store/name.ts';
import { allAggregates, listProviders } from '../store/provider.ts';

/** A provider with all that candidates are chosen by. */
export interface Provider {
  readonly uuid: string;
  readonly parent: string | null;
  readonly root: string;
  readonly generation: number;
  readonly inventories: ReadonlyMap<string, Inventory>;
  readonly used: ReadonlyMap<string, number>;
  readonly traits: ReadonlySet<string>;
  readonly aggregates: ReadonlySet<string>;
}

export interface World {
  readonly providers: ReadonlyMap<string, Provider>;
  /** Providers by the root of their tree; the root first. */
  readonly trees: ReadonlyMap<string, readonly Provider[]>;
}

/** Providers with this trait share what they have with all that are in an aggregate with them. */
export const SHARES = 'MISC_SHARES_VIA_AGGREGATE';

/** Five statements, whatever the number of providers: clouds of one machine have few. */
export function loadWorld(db: Db): World {
  const inventories = Map.groupBy(allInventories(db), (row) => row.provider_uuid);
  const usage = Map.groupBy(allUsage(db), (row) => row.provider_uuid);
  const traits = Map.groupBy(allTraits(db), (row) => row.provider_uuid);
  const aggregates = Map.groupBy(allAggregates(db), (row) => row.provider_uuid);
  const providers = listProviders(db).map((row): Provider => ({
    uuid: row.uuid,
    parent: row.parent_uuid,
    root: row.root_uuid,
    generation: row.generation,
    inventories: new Map(inventories.get(row.uuid)?.map((one) => [one.resource_class, one])),
    used: new Map(usage.get(row.uuid)?.map((one) => [one.resource_class, one.used])),
    traits: new Set(traits.get(row.uuid)?.map(({ trait }) => trait)),
    aggregates: new Set(aggregates.get(row.uuid)?.map((one) => one.aggregate_uuid)),
  }));
  const trees = Map.groupBy(providers, ({ root }) => root);
  for (const tree of trees.values())
    tree.sort((a, b) => Number(a.parent !== null) - Number(b.parent !== null));
  return { providers: new Map(providers.map((one) => [one.uuid, one])), trees };
}

/** What may be promised of an inventory in all. */
export const capacityOf = ({ total, reserved, allocation_ratio }: Inventory): number =>
  Math.floor((total - reserved) * allocation_ratio);

/** Whether an amount can be had of a provider, by what is free and by the rules of its inventory. */
export function roomFor(provider: Provider, resourceClass: string, amount: number): boolean {
  const inventory = provider.inventories.get(resourceClass);
  if (inventory === undefined) return false;
  return fits(inventory, amount) && (provider.used.get(resourceClass) ?? 0) + amount <= capacityOf(inventory);
}

export const fits = (inventory: Inventory, amount: number): boolean =>
  amount >= inventory.min_unit && amount <= inventory.max_unit && amount % inventory.step_size === 0;
