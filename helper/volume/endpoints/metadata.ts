import { type Caller, callerOf, endpoint, type Endpoint, type PolicyTarget } from '../../http/index.ts';
import type { Metadata } from '../app/metadata.ts';
import { Meta, MetaShown, Metadata as MetadataBody, MetadataShown } from '../schemas/volume.ts';

interface Place {
  readonly collection: 'volumes' | 'snapshots';
  readonly get: (
    auth: Caller['auth'],
    id: string,
  ) => PolicyTarget & { readonly metadata: Readonly<Record<string, string>> };
  readonly policies: {
    readonly get: string;
    readonly create: string;
    readonly update: string;
    readonly delete: string;
  };
}

/** /volumes/{id}/metadata and /snapshots/{id}/metadata. */
export function metadataEndpoints(
  { collection, get, policies }: Place,
  metadata: Metadata,
): readonly Endpoint[] {
  const path = `/${collection}/{id}/metadata` as const;
  const item = `/${collection}/{id}/metadata/{key}` as const;
  return [
    endpoint({
      id: `${collection}:metadata:list`,
      method: 'GET',
      path,
      policy: policies.get,
      response: MetadataShown,
      ok: 200,
      target: ({ auth, params }) => get(auth, params.id),
      handler: ({ target }) => ({ metadata: target.metadata }),
    }),
    ...(['POST', 'PUT'] as const).map((method) =>
      endpoint({
        id: `${collection}:metadata:${method === 'POST' ? 'create' : 'replace'}`,
        method,
        path,
        policy: method === 'POST' ? policies.create : policies.update,
        body: MetadataBody,
        response: MetadataShown,
        ok: 200,
        target: ({ auth, params }) => get(auth, params.id),
        handler: (context) => {
          const { metadata: pairs } = context.body;
          return { metadata: metadata.set(callerOf(context), context.params.id, pairs, method === 'PUT') };
        },
      }),
    ),
    endpoint({
      id: `${collection}:metadata:show`,
      method: 'GET',
      path: item,
      policy: policies.get,
      response: MetaShown,
      ok: 200,
      target: ({ auth, params }) => get(auth, params.id),
      handler: (context) => ({
        meta: metadata.item(callerOf(context), context.params.id, context.params.key),
      }),
    }),
    endpoint({
      id: `${collection}:metadata:update`,
      method: 'PUT',
      path: item,
      policy: policies.update,
      body: Meta,
      response: MetaShown,
      ok: 200,
      target: ({ auth, params }) => get(auth, params.id),
      handler: (context) => {
        const { meta } = context.body;
        const { id, key } = context.params;
        return { meta: metadata.setItem(callerOf(context), id, key, meta) };
      },
    }),
    endpoint({
      id: `${collection}:metadata:delete`,
      method: 'DELETE',
      path: item,
      policy: policies.delete,
      response: 'none',
      ok: 200,
      target: ({ auth, params }) => get(auth, params.id),
      handler: (context) => metadata.remove(callerOf(context), context.params.id, context.params.key),
    }),
  ];
}
