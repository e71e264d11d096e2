import { transaction } from '../../db/index.ts';
import { badRequest, conflict, notFound } from '../../errors/error.ts';
import { mv, type Microversion } from '../../http/index.ts';
import type { Inventory } from '../face.ts';
import {
  deleteInventory,
  inventoriesOf,
  setInventory,
  usageOf,
  type InventoryRow,
} from '../store/inventory.ts';
import { touchProviders, type ProviderRow } from '../store/provider.ts';
import {
  INVENTORY_IN_USE,
  checkGeneration,
  generationConflict,
  isClass,
  requireProvider,
  type PlacementContext,
} from './context.ts';
import { capacityOf } from './world.ts';

/** An inventory as it came: what is left out is as placement has it. */
export type InventoryRequest = Pick<Inventory, 'total'> & Partial<Inventory>;

const MAX_INT = 0x7fff_ffff;

export const wholeInventory = (asked: InventoryRequest): Inventory => ({
  total: asked.total,
  reserved: asked.reserved ?? 0,
  min_unit: asked.min_unit ?? 1,
  max_unit: asked.max_unit ?? MAX_INT,
  step_size: asked.step_size ?? 1,
  allocation_ratio: asked.allocation_ratio ?? 1,
});

/** What providers have. */
export class InventoryApp {
  readonly #context: PlacementContext;

  constructor(context: PlacementContext) {
    this.#context = context;
  }

  list(uuid: string): { readonly row: ProviderRow; readonly inventories: readonly InventoryRow[] } {
    const { db } = this.#context;
    return { row: requireProvider(db, uuid), inventories: inventoriesOf(db, uuid) };
  }

  find(uuid: string, name: string): { readonly row: ProviderRow; readonly inventory: InventoryRow } {
    const { row, inventories } = this.list(uuid);
    const inventory = inventories.find(({ resource_class }) => resource_class === name);
    if (inventory === undefined) throw notFound(`No inventory of class ${name} for ${uuid}`);
    return { row, inventory };
  }

  /** What is used, of each class that the provider has. */
  usages(uuid: string): { readonly row: ProviderRow; readonly usages: Readonly<Record<string, number>> } {
    const { row, inventories } = this.list(uuid);
    const used = new Map(usageOf(this.#context.db, uuid).map((one) => [one.resource_class, one.used]));
    return {
      row,
      usages: Object.fromEntries(inventories.map(({ resource_class: name }) => [name, used.get(name) ?? 0])),
    };
  }

  add(uuid: string, name: string, asked: InventoryRequest, version: Microversion): ProviderRow {
    return this.#change(uuid, undefined, (row) => {
      const known = inventoriesOf(this.#context.db, uuid);
      if (known.some(({ resource_class }) => resource_class === name))
        throw generationConflict(`Update conflict: inventory of class ${name} exists`);
      this.#set(row, name, asked, version);
    });
  }

  change(
    uuid: string,
    name: string,
    asked: InventoryRequest,
    generation: number,
    version: Microversion,
  ): ProviderRow {
    return this.#change(uuid, generation, (row) => {
      const known = inventoriesOf(this.#context.db, uuid);
      if (!known.some(({ resource_class }) => resource_class === name))
        throw badRequest(
          `Unknown inventory in inventory for resource provider ${uuid}: No inventory of class ${name} found.`,
        );
      this.#set(row, name, asked, version);
    });
  }

  /** All of them: what is not named is removed. */
  replace(
    uuid: string,
    asked: Readonly<Record<string, InventoryRequest>>,
    generation: number | undefined,
    version: Microversion,
  ): ProviderRow {
    return this.#change(uuid, generation, (row) => {
      for (const [name, inventory] of Object.entries(asked)) this.#set(row, name, inventory, version);
      for (const { resource_class: name } of inventoriesOf(this.#context.db, uuid))
        if (!Object.hasOwn(asked, name)) this.#remove(row, name, INVENTORY_IN_USE);
    });
  }

  remove(uuid: string, name: string): void {
    this.#change(uuid, undefined, (row) => {
      const known = inventoriesOf(this.#context.db, uuid);
      if (!known.some(({ resource_class }) => resource_class === name))
        throw notFound(`No inventory of class ${name} found for delete.`);
      this.#remove(row, name, INVENTORY_IN_USE);
    });
  }

  #change(uuid: string, generation: number | undefined, work: (row: ProviderRow) => void): ProviderRow {
    const { db, clock } = this.#context;
    return transaction(db, () => {
      const row = requireProvider(db, uuid);
      if (generation !== undefined) checkGeneration(row, generation);
      work(row);
      touchProviders(db, [uuid], clock());
      return requireProvider(db, uuid);
    });
  }

  #set(row: ProviderRow, name: string, asked: InventoryRequest, version: Microversion): void {
    const { db } = this.#context;
    if (!isClass(db, name))
      throw badRequest(
        `Unknown resource class in inventory for resource provider ${row.uuid}: No such resource class ${name}.`,
      );
    const inventory = wholeInventory(asked);
    const capacity = capacityOf(inventory);
    if (capacity < 0 || (capacity === 0 && version < mv('1.26'))) {
      throw badRequest(
        `Unable to update inventory for resource provider ${row.uuid}: Invalid inventory for '${name}' on resource provider '${row.uuid}'. The reserved value is greater than ${version < mv('1.26') ? 'or equal to ' : ''}total.`,
      );
    }
    setInventory(db, { provider_uuid: row.uuid, resource_class: name, ...inventory });
  }

  #remove({ uuid }: ProviderRow, name: string, type: string): void {
    const { db } = this.#context;
    if (usageOf(db, uuid).some(({ resource_class }) => resource_class === name))
      throw conflict(`Inventory for '${name}' on resource provider '${uuid}' in use.`, { type });
    deleteInventory(db, uuid, name);
  }
}
