import { Reply, endpoint, mv, type Endpoint } from '../../http/index.ts';
import type { InventoryApp } from '../app/inventory.ts';
import type { Inventory } from '../face.ts';
import {
  InventoriesAnswer,
  InventoriesUpdate,
  InventoryAnswer,
  InventoryCreate,
  InventoryUpdate,
  ProviderUsages,
} from '../schemas/inventory.ts';
import { answer } from './answer.ts';

const view = (one: Inventory): Inventory => ({
  allocation_ratio: one.allocation_ratio,
  max_unit: one.max_unit,
  min_unit: one.min_unit,
  reserved: one.reserved,
  step_size: one.step_size,
  total: one.total,
});

const COLLECTION = '/resource_providers/{uuid}/inventories';
const ONE = '/resource_providers/{uuid}/inventories/{resource_class}';

/** Inventories and usages of a provider (placement's api-ref). */
export const inventoryEndpoints = (inventories: InventoryApp): readonly Endpoint[] => {
  const all = (uuid: string) => {
    const { row, inventories: list } = inventories.list(uuid);
    return {
      row,
      body: {
        resource_provider_generation: row.generation,
        inventories: Object.fromEntries(list.map((one) => [one.resource_class, view(one)])),
      },
    };
  };
  const single = (uuid: string, name: string) => {
    const { row, inventory } = inventories.find(uuid, name);
    return { row, body: { resource_provider_generation: row.generation, ...view(inventory) } };
  };
  return [
    endpoint({
      id: 'inventories:list',
      method: 'GET',
      path: COLLECTION,
      policy: 'placement:resource_providers:inventories:list',
      response: InventoriesAnswer,
      ok: 200,
      handler: ({ params, version }) => {
        const { row, body } = all(params.uuid);
        return answer(version, body, row.updated_at);
      },
    }),
    endpoint({
      id: 'inventories:create',
      method: 'POST',
      path: COLLECTION,
      policy: 'placement:resource_providers:inventories:create',
      body: InventoryCreate,
      response: InventoryAnswer,
      ok: 201,
      handler: ({ params, body: request, version, base }) => {
        const { resource_class: name, resource_provider_generation: _, ...asked } = request;
        inventories.add(params.uuid, name, asked, version);
        const { row, body } = single(params.uuid, name);
        const made = answer(version, body, row.updated_at, 201);
        const location = `${base}/resource_providers/${params.uuid}/inventories/${name}`;
        return new Reply({ status: 201, headers: { ...made.headers, location }, body });
      },
    }),
    endpoint({
      id: 'inventories:replace',
      method: 'PUT',
      path: COLLECTION,
      policy: 'placement:resource_providers:inventories:update',
      body: InventoriesUpdate,
      response: InventoriesAnswer,
      ok: 200,
      handler: ({ params, body: request, version }) => {
        const { inventories: asked, resource_provider_generation: generation } = request;
        inventories.replace(params.uuid, asked, generation, version);
        const { row, body } = all(params.uuid);
        return answer(version, body, row.updated_at);
      },
    }),
    endpoint({
      id: 'inventories:clear',
      min: mv('1.5'),
      method: 'DELETE',
      path: COLLECTION,
      policy: 'placement:resource_providers:inventories:delete',
      ok: 204,
      handler: ({ params, version }) => {
        inventories.replace(params.uuid, {}, undefined, version);
      },
    }),
    endpoint({
      id: 'inventories:show',
      method: 'GET',
      path: ONE,
      policy: 'placement:resource_providers:inventories:show',
      response: InventoryAnswer,
      ok: 200,
      handler: ({ params, version }) => {
        const { row, body } = single(params.uuid, params.resource_class);
        return answer(version, body, row.updated_at);
      },
    }),
    endpoint({
      id: 'inventories:update',
      method: 'PUT',
      path: ONE,
      policy: 'placement:resource_providers:inventories:update',
      body: InventoryUpdate,
      response: InventoryAnswer,
      ok: 200,
      handler: ({ params, body: request, version }) => {
        const { resource_provider_generation: generation, ...asked } = request;
        inventories.change(params.uuid, params.resource_class, asked, generation, version);
        const { row, body } = single(params.uuid, params.resource_class);
        return answer(version, body, row.updated_at);
      },
    }),
    endpoint({
      id: 'inventories:delete',
      method: 'DELETE',
      path: ONE,
      policy: 'placement:resource_providers:inventories:delete',
      ok: 204,
      handler: ({ params }) => inventories.remove(params.uuid, params.resource_class),
    }),
    endpoint({
      id: 'resource_providers:usages',
      method: 'GET',
      path: '/resource_providers/{uuid}/usages',
      policy: 'placement:resource_providers:usages',
      response: ProviderUsages,
      ok: 200,
      handler: ({ params, version }) => {
        const { row, usages } = inventories.usages(params.uuid);
        return answer(version, { resource_provider_generation: row.generation, usages }, row.updated_at);
      },
    }),
  ];
};
