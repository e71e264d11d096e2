import { Type } from 'typebox';
import type { Db } from '../../db/index.ts';
import { endpoint, pageOf, type AuthContext, type Endpoint } from '../../http/index.ts';
import { searchOperations } from '../../saga/index.ts';
import { OperationSearch } from '../schemas.ts';

const Query = Type.Object({
  /** Words; all must occur. */
  q: Type.Optional(Type.String({ maxLength: 500 })),
  limit: Type.Optional(Type.String()),
  marker: Type.Optional(Type.String()),
});

/** Search in all that the flight recorder has, within commands and documents too. */
export const operationSearch = (
  db: Db,
  scope: (auth: AuthContext) => { readonly projectId?: string },
): Endpoint =>
  endpoint({
    id: 'operations:search',
    method: 'GET',
    path: '/operations/search',
    policy: 'deskcloud:operations',
    query: Query,
    response: OperationSearch,
    ok: 200,
    handler: async ({ auth, query, signal }) =>
      await searchOperations(db, {
        ...scope(auth),
        ...pageOf(query, { max: 200 }),
        words: (query.q ?? '').split(/\s+/).filter((word) => word !== ''),
        ...(signal === undefined ? {} : { signal }),
      }),
  });
