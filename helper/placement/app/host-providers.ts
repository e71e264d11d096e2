import { transaction } from '../../db/index.ts';
import type { HostProviders, Inventory } from '../face.ts';
import {
  deleteAllocations,
  deleteConsumer,
  findConsumer,
  insertAllocation,
  saveConsumer,
  allocationsOfConsumer,
  allocationsOfProvider,
} from '../store/allocation.ts';
import { inventoriesOf, setInventory, usageOf } from '../store/inventory.ts';
import { setTraits, traitsOf } from '../store/name.ts';
import {
  aggregatesOf,
  childrenOf,
  deleteProvider,
  findProvider,
  findProviderByName,
  insertProvider,
  setAggregates,
  touchProviders,
  updateProvider,
} from '../store/provider.ts';
import type { PlacementContext } from './context.ts';
import { capacityOf, fits } from './world.ts';

/** Compute claims these itself. */
const COUNTED = new Set(['VCPU', 'MEMORY_MB', 'DISK_GB']);

/** Traits that only compute sets on its hosts; all others are the administrator's. */
const OURS = /^(HW_ARCH_|COMPUTE_)/;

/** What compute tells of its hosts and servers: never refused, since compute's own claims were checked before. */
export function createHostProviders({ clock }: Pick<PlacementContext, 'clock'>): HostProviders {
  return {
    sync: (db, host) => {
      transaction(db, () => {
        const known = findProvider(db, host.uuid);
        let changed = false;
        if (known === undefined) {
          // A provider that somebody made under the host's name is not the host.
          if (findProviderByName(db, host.name) !== undefined) return;
          insertProvider(
            db,
            { uuid: host.uuid, name: host.name, parent_uuid: null, root_uuid: host.uuid },
            clock(),
          );
          changed = true;
        } else if (known.name !== host.name && findProviderByName(db, host.name) === undefined)
          updateProvider(db, host.uuid, { name: host.name, parent_uuid: known.parent_uuid }, clock());
        const old = new Map(inventoriesOf(db, host.uuid).map((one) => [one.resource_class, one]));
        for (const [name, inventory] of Object.entries(host.inventories)) {
          const before = old.get(name);
          const wanted: Inventory = {
            ...inventory,
            allocation_ratio: before?.allocation_ratio ?? inventory.allocation_ratio,
          };
          if (before !== undefined && same(before, wanted)) continue;
          setInventory(db, { provider_uuid: host.uuid, resource_class: name, ...wanted });
          changed = true;
        }
        const traits = traitsOf(db, host.uuid);
        const wanted = [...new Set([...traits.filter((name) => !OURS.test(name)), ...host.traits])].sort();
        if (wanted.join() !== [...traits].sort().join()) {
          setTraits(db, host.uuid, wanted);
          changed = true;
        }
        if (changed) touchProviders(db, [host.uuid], clock());
      });
    },
    setMember: (db, hostUuid, aggregateUuid, member) => {
      transaction(db, () => {
        if (findProvider(db, hostUuid) === undefined) return;
        const before = aggregatesOf(db, hostUuid);
        if (before.includes(aggregateUuid) === member) return;
        const others = before.filter((one) => one !== aggregateUuid);
        setAggregates(db, hostUuid, member ? [...others, aggregateUuid] : others);
        touchProviders(db, [hostUuid], clock());
      });
    },
    remove: (db, uuid) => {
      transaction(db, () => {
        if (findProvider(db, uuid) === undefined || childrenOf(db, uuid).length > 0) return;
        for (const { consumer_uuid } of allocationsOfProvider(db, uuid)) deleteConsumer(db, consumer_uuid);
        deleteProvider(db, uuid);
      });
    },
    allocate: (db, server, hostUuid, resources) => {
      transaction(db, () => {
        if (findProvider(db, hostUuid) === undefined) return;
        const amounts = Object.entries(resources).filter(([, amount]) => amount > 0);
        const before = allocationsOfConsumer(db, server.id);
        const unchanged =
          before.length === amounts.length &&
          findConsumer(db, server.id) !== undefined &&
          amounts.every(([name, amount]) =>
            before.some(
              (row) => row.provider_uuid === hostUuid && row.resource_class === name && row.used === amount,
            ),
          );
        if (unchanged) return;
        deleteAllocations(db, server.id);
        saveConsumer(
          db,
          { uuid: server.id, project_id: server.projectId, user_id: server.userId, type: 'INSTANCE' },
          clock(),
        );
        for (const [name, amount] of amounts)
          insertAllocation(db, {
            consumer_uuid: server.id,
            provider_uuid: hostUuid,
            resource_class: name,
            used: amount,
          });
        touchProviders(db, [...new Set([hostUuid, ...before.map((row) => row.provider_uuid)])], clock());
      });
    },
    refusal: (db, hostUuid, serverId, { resources, required, forbidden }) => {
      const traits = new Set(traitsOf(db, hostUuid));
      const missing = required.find((name) => !traits.has(name));
      if (missing !== undefined) return `the host does not have the trait ${missing}`;
      const unwanted = forbidden.find((name) => traits.has(name));
      if (unwanted !== undefined) return `the host has the trait ${unwanted}`;
      const others = Object.entries(resources).filter(([name, n]) => n > 0 && !COUNTED.has(name));
      if (others.length === 0) return null;
      const inventories = new Map(inventoriesOf(db, hostUuid).map((one) => [one.resource_class, one]));
      const used = new Map(usageOf(db, hostUuid).map((one) => [one.resource_class, one.used]));
      const own = new Map(
        allocationsOfConsumer(db, serverId)
          .filter((row) => row.provider_uuid === hostUuid)
          .map((row) => [row.resource_class, row.used]),
      );
      for (const [name, amount] of others) {
        const inventory = inventories.get(name);
        if (inventory === undefined) return `the host has no ${name}`;
        const free = capacityOf(inventory) - (used.get(name) ?? 0) + (own.get(name) ?? 0);
        if (amount > free || !fits(inventory, amount))
          return `${amount} ${name} wanted, ${Math.max(0, free)} free`;
      }
      return null;
    },
    release: (db, serverId) => {
      transaction(db, () => {
        const providers = allocationsOfConsumer(db, serverId).map((row) => row.provider_uuid);
        deleteConsumer(db, serverId);
        touchProviders(db, [...new Set(providers)], clock());
      });
    },
  };
}

const same = (a: Inventory, b: Inventory): boolean =>
  a.total === b.total &&
  a.reserved === b.reserved &&
  a.min_unit === b.min_unit &&
  a.max_unit === b.max_unit &&
  a.step_size === b.step_size &&
  a.allocation_ratio === b.allocation_ratio;
