import { Type } from 'typebox';
import { badRequest, notFound } from '../../errors/error.ts';
import { callerOf, endpoint, type Endpoint } from '../../http/index.ts';
import type { ServerApp } from '../app/server.ts';
import { Metadata, strict } from '../schemas/common.ts';
import { metadataOfRow } from '../store/server-row.ts';

const All = strict({ metadata: Metadata });
const One = strict({
  meta: Type.Intersect([Metadata, Type.Object({}, { minProperties: 1, maxProperties: 1 })]),
});
const OneShown = strict({ meta: Metadata });

const ITEM_NOT_FOUND = 'Metadata item was not found';

/** Without one key. */
const without = (all: Readonly<Record<string, string>>, key: string): Record<string, string> =>
  Object.fromEntries(Object.entries(all).filter(([name]) => name !== key));

/** /servers/{id}/metadata (api-ref, "Server metadata"). */
export const serverMetadataEndpoints = (servers: ServerApp): readonly Endpoint[] => [
  endpoint({
    id: 'server-metadata:index',
    method: 'GET',
    path: '/servers/{server_id}/metadata',
    policy: 'os_compute_api:server-metadata:index',
    response: All,
    ok: 200,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: ({ target }) => ({ metadata: metadataOfRow(target.row) }),
  }),
  endpoint({
    id: 'server-metadata:create',
    method: 'POST',
    path: '/servers/{server_id}/metadata',
    policy: 'os_compute_api:server-metadata:create',
    body: All,
    response: All,
    ok: 200,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => ({
      metadata: servers.changeMetadata(callerOf(context), context.target, (old) => ({
        ...old,
        ...(context.body as { readonly metadata: Readonly<Record<string, string>> }).metadata,
      })),
    }),
  }),
  endpoint({
    id: 'server-metadata:update_all',
    method: 'PUT',
    path: '/servers/{server_id}/metadata',
    policy: 'os_compute_api:server-metadata:update_all',
    body: All,
    response: All,
    ok: 200,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => ({
      metadata: servers.changeMetadata(
        callerOf(context),
        context.target,
        () => (context.body as { readonly metadata: Readonly<Record<string, string>> }).metadata,
      ),
    }),
  }),
  endpoint({
    id: 'server-metadata:show',
    method: 'GET',
    path: '/servers/{server_id}/metadata/{key}',
    policy: 'os_compute_api:server-metadata:show',
    response: OneShown,
    ok: 200,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: ({ target, params }) => {
      const all = metadataOfRow(target.row);
      if (!Object.hasOwn(all, params.key)) throw notFound(ITEM_NOT_FOUND);
      return { meta: { [params.key]: all[params.key] } };
    },
  }),
  endpoint({
    id: 'server-metadata:update',
    method: 'PUT',
    path: '/servers/{server_id}/metadata/{key}',
    policy: 'os_compute_api:server-metadata:update',
    body: One,
    response: OneShown,
    ok: 200,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      const { meta } = context.body as { readonly meta: Readonly<Record<string, string>> };
      if (!Object.hasOwn(meta, context.params.key)) throw badRequest('Request body and URI mismatch');
      servers.changeMetadata(callerOf(context), context.target, (old) => ({ ...old, ...meta }));
      return { meta };
    },
  }),
  endpoint({
    id: 'server-metadata:delete',
    method: 'DELETE',
    path: '/servers/{server_id}/metadata/{key}',
    policy: 'os_compute_api:server-metadata:delete',
    ok: 204,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      const { key } = context.params;
      if (!Object.hasOwn(metadataOfRow(context.target.row), key)) throw notFound(ITEM_NOT_FOUND);
      servers.changeMetadata(callerOf(context), context.target, (old) => without(old, key));
    },
  }),
];
