import { transaction } from '../../db/index.ts';
import { badRequest, conflict, notFound } from '../../errors/error.ts';
import { inventoriesOf, usageOf } from '../store/inventory.ts';
import {
  allocationsOfConsumer,
  allocationsOfProvider,
  deleteAllocations,
  deleteConsumer,
  findConsumer,
  insertAllocation,
  saveConsumer,
  type AllocationRow,
  type ConsumerRow,
} from '../store/allocation.ts';
import { findProvider, touchProviders } from '../store/provider.ts';
import type { InventoryApp, InventoryRequest } from './inventory.ts';
import {
  checkGeneration,
  generationConflict,
  isClass,
  requireProvider,
  type PlacementContext,
} from './context.ts';
import { capacityOf, fits } from './world.ts';

/** What one consumer shall have, in place of what it has. */
export interface AllocationRequest {
  readonly consumer: string;
  /** By provider. */
  readonly allocations: Readonly<
    Record<string, { readonly resources: Readonly<Record<string, number>>; readonly generation?: number }>
  >;
  readonly projectId: string;
  readonly userId: string;
  /** Null for a consumer that nobody knows yet; undefined where it is not asked (before 1.28). */
  readonly consumerGeneration: number | null | undefined;
  readonly type: string | null;
}

/** Whose allocations those are of which nobody said it (before 1.8). */
export const NOBODY = '00000000-0000-0000-0000-000000000000';

/** Who has what. */
export class AllocationApp {
  readonly #context: PlacementContext;

  constructor(context: PlacementContext) {
    this.#context = context;
  }

  ofConsumer(uuid: string): {
    readonly consumer: ConsumerRow | undefined;
    readonly rows: readonly AllocationRow[];
  } {
    const { db } = this.#context;
    return { consumer: findConsumer(db, uuid), rows: allocationsOfConsumer(db, uuid) };
  }

  ofProvider(uuid: string) {
    const { db } = this.#context;
    return { row: requireProvider(db, uuid), rows: allocationsOfProvider(db, uuid) };
  }

  generationOf(providerUuid: string): number {
    return findProvider(this.#context.db, providerUuid)?.generation ?? 0;
  }

  /** All of them or none. @throws {CloudError} badRequest, conflict */
  replace(requests: readonly AllocationRequest[]): void {
    transaction(this.#context.db, () => this.#replace(requests));
  }

  remove(consumer: string): void {
    const { db, clock } = this.#context;
    transaction(db, () => {
      const rows = allocationsOfConsumer(db, consumer);
      if (rows.length === 0) throw notFound(`No allocations for consumer '${consumer}'`);
      deleteConsumer(db, consumer);
      touchProviders(db, [...new Set(rows.map((row) => row.provider_uuid))], clock());
    });
  }

  /** Inventories and allocations move together: what is checked is the end, not the way. */
  reshape(
    inventories: InventoryApp,
    changes: Readonly<
      Record<
        string,
        {
          readonly resource_provider_generation: number;
          readonly inventories: Readonly<Record<string, InventoryRequest>>;
        }
      >
    >,
    requests: readonly AllocationRequest[],
    version: number,
  ): void {
    const { db } = this.#context;
    transaction(db, () => {
      for (const [uuid, change] of Object.entries(changes)) {
        const row = findProvider(db, uuid);
        if (row === undefined) throw badRequest(`Resource provider ${uuid} in inventories does not exist.`);
        checkGeneration(row, change.resource_provider_generation);
        // First what is new: allocations may need it, and what they leave may go only then.
        const old = Object.fromEntries(inventoriesOf(db, uuid).map((one) => [one.resource_class, one]));
        inventories.replace(uuid, { ...old, ...change.inventories }, undefined, version);
      }
      this.#replace(requests);
      for (const [uuid, change] of Object.entries(changes))
        inventories.replace(uuid, change.inventories, undefined, version);
    });
  }

  #replace(requests: readonly AllocationRequest[]): void {
    const { db, clock } = this.#context;
    const touched = new Set<string>();
    for (const { consumer, allocations } of requests) {
      for (const { provider_uuid } of allocationsOfConsumer(db, consumer)) touched.add(provider_uuid);
      for (const uuid of Object.keys(allocations)) touched.add(uuid);
    }
    for (const request of requests) {
      this.#checkConsumer(request);
      for (const [uuid, { resources, generation }] of Object.entries(request.allocations)) {
        const provider = findProvider(db, uuid);
        if (provider === undefined)
          throw badRequest(`Allocation for resource provider '${uuid}' that does not exist.`);
        if (generation !== undefined) checkGeneration(provider, generation);
        const unknown = Object.keys(resources).find((name) => !isClass(db, name));
        if (unknown !== undefined) throw badRequest(`No such resource class ${unknown}.`);
      }
    }
    // What they had is free before what they shall have is looked for.
    for (const { consumer } of requests) deleteAllocations(db, consumer);
    for (const request of requests) this.#insert(request);
    touchProviders(db, [...touched], clock());
  }

  #checkConsumer({ consumer, consumerGeneration }: AllocationRequest): void {
    if (consumerGeneration === undefined) return;
    const known = findConsumer(this.#context.db, consumer)?.generation ?? null;
    if (known === consumerGeneration) return;
    throw generationConflict(
      `consumer generation conflict - expected ${known === null ? 'null' : known} but got ${consumerGeneration === null ? 'null' : consumerGeneration}`,
    );
  }

  #insert(request: AllocationRequest): void {
    const { db, clock } = this.#context;
    const { consumer, allocations } = request;
    if (Object.keys(allocations).length === 0) {
      deleteConsumer(db, consumer);
      return;
    }
    saveConsumer(
      db,
      { uuid: consumer, project_id: request.projectId, user_id: request.userId, type: request.type },
      clock(),
    );
    for (const [uuid, { resources }] of Object.entries(allocations)) {
      const inventories = new Map(inventoriesOf(db, uuid).map((one) => [one.resource_class, one]));
      const used = new Map(usageOf(db, uuid).map((one) => [one.resource_class, one.used]));
      for (const [name, amount] of Object.entries(resources)) {
        const inventory = inventories.get(name);
        const unable = `Unable to create allocation for '${name}' on resource provider '${uuid}'.`;
        if (inventory === undefined)
          throw conflict(`Inventory for '${name}' on resource provider '${uuid}' does not exist.`);
        if (!fits(inventory, amount))
          throw conflict(`${unable} The requested amount would violate inventory constraints.`);
        if ((used.get(name) ?? 0) + amount > capacityOf(inventory))
          throw conflict(`${unable} The requested amount would exceed the capacity.`);
        insertAllocation(db, {
          consumer_uuid: consumer,
          provider_uuid: uuid,
          resource_class: name,
          used: amount,
        });
      }
    }
  }
}
