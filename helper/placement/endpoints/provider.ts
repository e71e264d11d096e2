import { Reply, endpoint, mv, type Endpoint, type Microversion } from '../../http/index.ts';
import type { ProviderApp, ProviderRequest } from '../app/provider.ts';
import {
  AggregatesAnswer,
  AggregatesUpdate,
  ProviderAnswer,
  ProviderCreate,
  ProviderCreated,
  ProviderList,
  ProviderQuery,
  ProviderTraits,
  ProviderUpdate,
} from '../schemas/provider.ts';
import type { ProviderRow } from '../store/provider.ts';
import { answer, newest } from './answer.ts';

const place = (uuid: string): string => `/placement/resource_providers/${uuid}`;

const LINKS: readonly (readonly [rel: string, since: Microversion])[] = [
  ['inventories', mv('1.0')],
  ['usages', mv('1.0')],
  ['aggregates', mv('1.1')],
  ['traits', mv('1.6')],
  ['allocations', mv('1.11')],
];

const body = (version: Microversion, row: ProviderRow) => ({
  uuid: row.uuid,
  name: row.name,
  generation: row.generation,
  ...(version >= mv('1.14')
    ? { parent_provider_uuid: row.parent_uuid, root_provider_uuid: row.root_uuid }
    : {}),
  links: [
    { rel: 'self', href: place(row.uuid) },
    ...LINKS.filter(([, since]) => version >= since).map(([rel]) => ({
      rel,
      href: `${place(row.uuid)}/${rel}`,
    })),
  ],
});

/** /resource_providers, their aggregates and traits (placement's api-ref). */
export const providerEndpoints = (providers: ProviderApp, clock: () => number): readonly Endpoint[] => [
  endpoint({
    id: 'resource_providers:list',
    method: 'GET',
    path: '/resource_providers',
    policy: 'placement:resource_providers:list',
    query: ProviderQuery,
    response: ProviderList,
    ok: 200,
    handler: ({ query, queryAll, version }) => {
      const asked = query as Readonly<Record<string, string | undefined>>;
      const rows = providers.list(
        {
          name: asked['name'],
          uuid: asked['uuid'],
          in_tree: asked['in_tree'],
          resources: asked['resources'],
          member_of: queryAll('member_of'),
          required: queryAll('required'),
        },
        version,
      );
      const list = { resource_providers: rows.map((row) => body(version, row)) };
      return answer(version, list, newest(rows, clock()));
    },
  }),
  endpoint({
    id: 'resource_providers:create',
    method: 'POST',
    path: '/resource_providers',
    policy: 'placement:resource_providers:create',
    body: ProviderCreate,
    response: ProviderCreated,
    ok: 200,
    handler: ({ body: request, version, origin }) => {
      const row = providers.create(request as ProviderRequest);
      const headers = { location: `${origin}${place(row.uuid)}` };
      if (version < mv('1.20')) return new Reply({ status: 201, headers });
      const made = answer(version, body(version, row), row.updated_at);
      return new Reply({ status: 200, headers: { ...made.headers, ...headers }, body: made.body });
    },
  }),
  endpoint({
    id: 'resource_providers:show',
    method: 'GET',
    path: '/resource_providers/{uuid}',
    policy: 'placement:resource_providers:show',
    response: ProviderAnswer,
    ok: 200,
    handler: ({ params, version }) => {
      const row = providers.find(params.uuid);
      return answer(version, body(version, row), row.updated_at);
    },
  }),
  endpoint({
    id: 'resource_providers:update',
    method: 'PUT',
    path: '/resource_providers/{uuid}',
    policy: 'placement:resource_providers:update',
    body: ProviderUpdate,
    response: ProviderAnswer,
    ok: 200,
    handler: ({ params, body: request, version }) => {
      const row = providers.update(params.uuid, request as ProviderRequest, version);
      return answer(version, body(version, row), row.updated_at);
    },
  }),
  endpoint({
    id: 'resource_providers:delete',
    method: 'DELETE',
    path: '/resource_providers/{uuid}',
    policy: 'placement:resource_providers:delete',
    ok: 204,
    handler: ({ params }) => providers.remove(params.uuid),
  }),
  endpoint({
    id: 'resource_providers:aggregates:list',
    min: mv('1.1'),
    method: 'GET',
    path: '/resource_providers/{uuid}/aggregates',
    policy: 'placement:resource_providers:aggregates:list',
    response: AggregatesAnswer,
    ok: 200,
    handler: ({ params, version }) => {
      const { row, aggregates } = providers.aggregates(params.uuid);
      return answer(version, aggregatesBody(version, row, aggregates), row.updated_at);
    },
  }),
  endpoint({
    id: 'resource_providers:aggregates:update',
    min: mv('1.1'),
    method: 'PUT',
    path: '/resource_providers/{uuid}/aggregates',
    policy: 'placement:resource_providers:aggregates:update',
    body: AggregatesUpdate,
    response: AggregatesAnswer,
    ok: 200,
    handler: ({ params, body: request, version }) => {
      const asked = Array.isArray(request)
        ? { aggregates: request as readonly string[], resource_provider_generation: undefined }
        : (request as { aggregates: readonly string[]; resource_provider_generation: number });
      providers.setAggregates(params.uuid, asked.aggregates, asked.resource_provider_generation);
      const { row, aggregates } = providers.aggregates(params.uuid);
      return answer(version, aggregatesBody(version, row, aggregates), row.updated_at);
    },
  }),
  endpoint({
    id: 'resource_providers:traits:list',
    min: mv('1.6'),
    method: 'GET',
    path: '/resource_providers/{uuid}/traits',
    policy: 'placement:resource_providers:traits:list',
    response: ProviderTraits,
    ok: 200,
    handler: ({ params, version }) => {
      const { row, traits } = providers.traits(params.uuid);
      return answer(version, { traits, resource_provider_generation: row.generation }, row.updated_at);
    },
  }),
  endpoint({
    id: 'resource_providers:traits:update',
    min: mv('1.6'),
    method: 'PUT',
    path: '/resource_providers/{uuid}/traits',
    policy: 'placement:resource_providers:traits:update',
    body: ProviderTraits,
    response: ProviderTraits,
    ok: 200,
    handler: ({ params, body: request, version }) => {
      const row = providers.setTraits(params.uuid, request.traits, request.resource_provider_generation);
      const { traits } = providers.traits(params.uuid);
      return answer(version, { traits, resource_provider_generation: row.generation }, row.updated_at);
    },
  }),
  endpoint({
    id: 'resource_providers:traits:delete',
    min: mv('1.6'),
    method: 'DELETE',
    path: '/resource_providers/{uuid}/traits',
    policy: 'placement:resource_providers:traits:delete',
    ok: 204,
    handler: ({ params }) => {
      providers.setTraits(params.uuid, [], undefined);
    },
  }),
];

const aggregatesBody = (version: Microversion, row: ProviderRow, aggregates: readonly string[]) => ({
  aggregates,
  ...(version >= mv('1.19') ? { resource_provider_generation: row.generation } : {}),
});
