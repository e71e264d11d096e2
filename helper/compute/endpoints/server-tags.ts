import { Type } from 'typebox';
import { badRequest, notFound } from '../../errors/error.ts';
import { callerOf, endpoint, type Endpoint, mv, Reply } from '../../http/index.ts';
import type { ServerApp } from '../app/server.ts';
import { MAX_TAGS, Tag, strict } from '../schemas/common.ts';
import { tagsOfRow } from '../store/server-row.ts';

const Tags = strict({ tags: Type.Array(Tag, { maxItems: MAX_TAGS }) });
const since = mv('2.26');

/** /servers/{id}/tags (api-ref, "Server tags"), from 2.26. */
export const serverTagEndpoints = (servers: ServerApp): readonly Endpoint[] => [
  endpoint({
    id: 'os-server-tags:index',
    method: 'GET',
    path: '/servers/{server_id}/tags',
    policy: 'os_compute_api:os-server-tags:index',
    min: since,
    response: Tags,
    ok: 200,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: ({ target }) => ({ tags: tagsOfRow(target.row) }),
  }),
  endpoint({
    id: 'os-server-tags:update_all',
    method: 'PUT',
    path: '/servers/{server_id}/tags',
    policy: 'os_compute_api:os-server-tags:update_all',
    min: since,
    body: Tags,
    response: Tags,
    ok: 200,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => ({
      tags: servers.changeTags(callerOf(context), context.target, () => context.body.tags),
    }),
  }),
  endpoint({
    id: 'os-server-tags:delete_all',
    method: 'DELETE',
    path: '/servers/{server_id}/tags',
    policy: 'os_compute_api:os-server-tags:delete_all',
    min: since,
    ok: 204,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      servers.changeTags(callerOf(context), context.target, () => []);
    },
  }),
  endpoint({
    id: 'os-server-tags:show',
    method: 'GET',
    path: '/servers/{server_id}/tags/{tag}',
    policy: 'os_compute_api:os-server-tags:show',
    min: since,
    ok: 204,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: ({ target, params }) => {
      if (!tagsOfRow(target.row).includes(params.tag))
        throw notFound(`Server ${target.row.id} has no tag '${params.tag}'`);
    },
  }),
  endpoint({
    id: 'os-server-tags:update',
    method: 'PUT',
    path: '/servers/{server_id}/tags/{tag}',
    policy: 'os_compute_api:os-server-tags:update',
    min: since,
    response: 'none',
    ok: 201,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      const { tag } = context.params;
      if (!/^[^,/\p{Cc}]{1,60}$/u.test(tag))
        throw badRequest(
          `Tag '${tag.slice(0, 80)}' is invalid. It must be a non empty string without characters '/' and ','.`,
        );
      const had = tagsOfRow(context.target.row).includes(tag);
      servers.changeTags(callerOf(context), context.target, (old) => [...old, tag]);
      if (had) return new Reply({ status: 204 });
      const location = `${context.base}/servers/${context.target.row.id}/tags/${encodeURIComponent(tag)}`;
      return new Reply({ headers: { location } });
    },
  }),
  endpoint({
    id: 'os-server-tags:delete',
    method: 'DELETE',
    path: '/servers/{server_id}/tags/{tag}',
    policy: 'os_compute_api:os-server-tags:delete',
    min: since,
    ok: 204,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      const { tag } = context.params;
      servers.changeTags(callerOf(context), context.target, (old) => {
        if (!old.includes(tag)) throw notFound(`Instance ${context.target.row.id} has no tag '${tag}'`);
        return old.filter((one) => one !== tag);
      });
    },
  }),
];
