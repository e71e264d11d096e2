import { badRequest } from '../../errors/error.ts';
import { endpoint, mv, type Endpoint, type Microversion } from '../../http/index.ts';
import { NOBODY, type AllocationApp, type AllocationRequest } from '../app/allocation.ts';
import type { InventoryApp, InventoryRequest } from '../app/inventory.ts';
import type { PlacementContext } from '../app/context.ts';
import {
  AllocationPost,
  AllocationPut,
  ConsumerAllocations,
  ProviderAllocations,
  Reshape,
  TotalUsages,
  TotalUsagesQuery,
} from '../schemas/allocation.ts';
import { consumersOfProject, usageOfProject, type AllocationRow } from '../store/allocation.ts';
import { answer } from './answer.ts';

interface Whole {
  readonly allocations: AllocationRequest['allocations'];
  readonly project_id: string;
  readonly user_id: string;
  readonly consumer_generation?: number | null;
  readonly consumer_type?: string;
}
/** Before 1.12. */
interface Listed {
  readonly allocations: readonly {
    readonly resource_provider: { readonly uuid: string };
    readonly resources: Readonly<Record<string, number>>;
  }[];
  readonly project_id?: string;
  readonly user_id?: string;
}

const UUID = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

function requireUuid(uuid: string): void {
  if (!UUID.test(uuid)) throw badRequest(`Malformed consumer_uuid: ${uuid.slice(0, 80)}`);
}

const wholeRequest = (consumer: string, asked: Whole): AllocationRequest => ({
  consumer,
  allocations: asked.allocations,
  projectId: asked.project_id,
  userId: asked.user_id,
  consumerGeneration: asked.consumer_generation,
  type: asked.consumer_type ?? null,
});

const listedRequest = (consumer: string, asked: Listed): AllocationRequest => ({
  consumer,
  allocations: Object.fromEntries(
    asked.allocations.map(({ resource_provider, resources }) => [resource_provider.uuid, { resources }]),
  ),
  projectId: asked.project_id ?? NOBODY,
  userId: asked.user_id ?? NOBODY,
  consumerGeneration: undefined,
  type: null,
});

const amounts = (rows: readonly AllocationRow[]): Readonly<Record<string, number>> =>
  Object.fromEntries(rows.map((row) => [row.resource_class, row.used]));

/** Allocations, the usage of projects, the reshaper (placement's api-ref). */
export const allocationEndpoints = (
  { db, clock }: PlacementContext,
  allocations: AllocationApp,
  inventories: InventoryApp,
): readonly Endpoint[] => [
  endpoint({
    id: 'allocations:manage',
    min: mv('1.13'),
    method: 'POST',
    path: '/allocations',
    policy: 'placement:allocations:manage',
    body: AllocationPost,
    ok: 204,
    handler: ({ body }) =>
      allocations.replace(
        Object.entries(body as Readonly<Record<string, Whole>>).map(([consumer, asked]) =>
          wholeRequest(consumer, asked),
        ),
      ),
  }),
  endpoint({
    id: 'allocations:list',
    method: 'GET',
    path: '/allocations/{consumer_uuid}',
    policy: 'placement:allocations:list',
    response: ConsumerAllocations,
    ok: 200,
    handler: ({ params, version }) => {
      const { consumer, rows } = allocations.ofConsumer(params.consumer_uuid);
      const byProvider = Map.groupBy(rows, (row) => row.provider_uuid);
      const owner =
        consumer === undefined || rows.length === 0
          ? {}
          : {
              ...(version >= mv('1.12')
                ? { project_id: consumer.project_id, user_id: consumer.user_id }
                : {}),
              ...(version >= mv('1.28') ? { consumer_generation: consumer.generation } : {}),
              ...(version >= mv('1.38') ? { consumer_type: consumer.type ?? 'unknown' } : {}),
            };
      const list = Object.fromEntries(
        [...byProvider].map(([uuid, own]) => [
          uuid,
          { generation: allocations.generationOf(uuid), resources: amounts(own) },
        ]),
      );
      return answer(version, { allocations: list, ...owner }, consumer?.updated_at ?? clock());
    },
  }),
  endpoint({
    id: 'allocations:update',
    method: 'PUT',
    path: '/allocations/{consumer_uuid}',
    policy: 'placement:allocations:update',
    body: AllocationPut,
    ok: 204,
    handler: ({ params, body, version }) => {
      requireUuid(params.consumer_uuid);
      const request =
        version >= mv('1.12')
          ? wholeRequest(params.consumer_uuid, body as Whole)
          : listedRequest(params.consumer_uuid, body as Listed);
      allocations.replace([request]);
    },
  }),
  endpoint({
    id: 'allocations:delete',
    method: 'DELETE',
    path: '/allocations/{consumer_uuid}',
    policy: 'placement:allocations:delete',
    ok: 204,
    handler: ({ params }) => allocations.remove(params.consumer_uuid),
  }),
  endpoint({
    id: 'resource_providers:allocations:list',
    method: 'GET',
    path: '/resource_providers/{uuid}/allocations',
    policy: 'placement:resource_providers:allocations:list',
    response: ProviderAllocations,
    ok: 200,
    handler: ({ params, version }) => {
      const { row, rows } = allocations.ofProvider(params.uuid);
      const byConsumer = Map.groupBy(rows, ({ consumer_uuid }) => consumer_uuid);
      const list = Object.fromEntries(
        [...byConsumer].map(([uuid, own]) => [
          uuid,
          {
            resources: amounts(own),
            ...(version >= mv('1.28') ? { consumer_generation: own[0]?.generation } : {}),
          },
        ]),
      );
      return answer(
        version,
        { resource_provider_generation: row.generation, allocations: list },
        row.updated_at,
      );
    },
  }),
  endpoint({
    id: 'usages',
    min: mv('1.9'),
    method: 'GET',
    path: '/usages',
    policy: 'placement:usages',
    query: TotalUsagesQuery,
    response: TotalUsages,
    ok: 200,
    target: ({ query }) => ({ project_id: (query as { project_id: string }).project_id }),
    handler: ({ query, version }) => {
      const asked = query as { project_id: string; user_id?: string; consumer_type?: string };
      return answer(version, { usages: totals({ db }, asked, version) }, clock());
    },
  }),
  endpoint({
    id: 'reshaper:reshape',
    min: mv('1.30'),
    method: 'POST',
    path: '/reshaper',
    policy: 'placement:reshaper:reshape',
    body: Reshape,
    ok: 204,
    handler: ({ body, version }) => {
      const asked = body as {
        readonly inventories: Readonly<
          Record<
            string,
            {
              readonly resource_provider_generation: number;
              readonly inventories: Readonly<Record<string, InventoryRequest>>;
            }
          >
        >;
        readonly allocations: Readonly<Record<string, Whole>>;
      };
      const requests = Object.entries(asked.allocations).map(([uuid, one]) => wholeRequest(uuid, one));
      allocations.reshape(inventories, asked.inventories, requests, version);
    },
  }),
];

/** By class; from 1.38 on by type of consumer, with how many there are: all together only when 'all' is asked for. */
function totals(
  { db }: Pick<PlacementContext, 'db'>,
  asked: { readonly project_id: string; readonly user_id?: string; readonly consumer_type?: string },
  version: Microversion,
): Readonly<Record<string, unknown>> {
  const user = asked.user_id ?? null;
  const rows = usageOfProject(db, asked.project_id, user);
  const sum = (list: typeof rows): Readonly<Record<string, number>> => {
    const sums: Record<string, number> = {};
    for (const { resource_class: name, used } of list) sums[name] = (sums[name] ?? 0) + used;
    return sums;
  };
  if (version < mv('1.38')) return sum(rows);
  const counts = consumersOfProject(db, asked.project_id, user);
  const wanted = asked.consumer_type;
  if (wanted === 'all') {
    const count = counts.reduce((total, { n }) => total + n, 0);
    return count === 0 ? {} : { all: { consumer_count: count, ...sum(rows) } };
  }
  return Object.fromEntries(
    counts
      .map(({ type, n }) => ({ type, n, name: type ?? 'unknown' }))
      .filter(({ name }) => wanted === undefined || wanted === name)
      .map(({ type, n, name }) => [
        name,
        { consumer_count: n, ...sum(rows.filter((row) => row.type === type)) },
      ]),
  );
}
