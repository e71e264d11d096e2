import { badRequest } from '../../errors/error.ts';
import { endpoint, type Endpoint } from '../../http/index.ts';
import type { Cache, ClearTarget } from '../app/cache.ts';
import { CacheState } from '../schemas/cache.ts';

/** The cache of bases (api-ref: image/v2, 'Cache Manage'; since 2.14). */
export const cacheEndpoints = (cache: Cache): readonly Endpoint[] => [
  endpoint({
    id: 'cache:list',
    method: 'GET',
    path: '/cache',
    policy: 'cache_list',
    response: CacheState,
    ok: 200,
    handler: () => {
      const { cached, queued } = cache.list();
      return {
        cached_images: cached.map((row) => ({
          ...row,
          last_accessed: row.last_accessed / 1000,
          last_modified: row.last_modified / 1000,
        })),
        queued_images: [...queued],
      };
    },
  }),
  endpoint({
    id: 'cache:clear',
    method: 'DELETE',
    path: '/cache',
    policy: 'cache_delete',
    ok: 204,
    handler: ({ header }) => cache.clear(targetsOf(header('x-image-cache-clear-target'))),
  }),
  endpoint({
    id: 'cache:queue',
    method: 'PUT',
    path: '/cache/{image_id}',
    policy: 'cache_image',
    response: 'none',
    ok: 202,
    handler: ({ auth, params }) => cache.queue(auth, params.image_id),
  }),
  endpoint({
    id: 'cache:delete',
    method: 'DELETE',
    path: '/cache/{image_id}',
    policy: 'cache_delete',
    ok: 204,
    handler: ({ auth, params }) => cache.remove(auth, params.image_id),
  }),
];

/** @throws {CloudError} badRequest */
function targetsOf(text: string | undefined): readonly ClearTarget[] {
  const target = (text ?? '').toLowerCase();
  if (target === '') return ['cache', 'queue'];
  if (target === 'cache' || target === 'queue') return [target];
  throw badRequest("If provided 'x-image-cache-clear-target' must be 'cache', 'queue' or empty string.");
}
