import type { Db } from '../../db/index.ts';
import { transaction } from '../../db/index.ts';
import { badRequest, notFound } from '../../errors/error.ts';
import { Reply, endpoint, type Endpoint, type PolicyTarget } from '../../http/index.ts';
import { limits } from '../config.ts';
import type { Caller } from '../app/context.ts';
import { TagList } from '../schemas/misc.ts';
import { tagsOf, writeTags } from '../store/tags.ts';

/** A kind of resource that can have tags. */
export interface Tagged {
  /** Collection in the path: 'security-groups'. */
  readonly collection: string;
  readonly table: string;
  /** Ends the names of its rules: 'security_group' for get_security_group. */
  readonly rule: string;
  /** Rule for changes of tags, where who may tag is another question than who may update. */
  readonly writeRule?: string;
  /** Throws notFound for what the caller may not know of; answers what policy looks at. */
  readonly load: (caller: Pick<Caller, 'auth'>, id: string) => PolicyTarget;
}

/** https://docs.openstack.org/api-ref/network/v2/#standard-attributes-tag-extension */
export const tagEndpoints = (db: Db, clock: () => number, kinds: readonly Tagged[]): readonly Endpoint[] =>
  kinds.flatMap((kind) => endpointsOf(db, clock, kind));

function endpointsOf(db: Db, clock: () => number, kind: Tagged): Endpoint[] {
  const all = `/${kind.collection}/{resource_id}/tags` as '/{resource_id}/tags';
  const one = `/${kind.collection}/{resource_id}/tags/{tag}` as '/{resource_id}/{tag}';
  const id = (name: string): string => `${kind.collection}:tags:${name}`;
  const target = (context: { auth: Caller['auth']; params: { readonly resource_id: string } }) =>
    kind.load(context, context.params.resource_id);
  const change = (resourceId: string, to: (old: readonly string[]) => readonly string[]): readonly string[] =>
    transaction(db, () => {
      const tags = [...new Set(to(tagsOf(db, kind.table, resourceId)))];
      if (tags.length > limits.tags) throw badRequest(`At most ${limits.tags} tags are possible.`);
      writeTags(db, kind.table, resourceId, tags, clock());
      return tags;
    });
  const read = `get_${kind.rule}`;
  const write = kind.writeRule ?? `update_${kind.rule}`;
  const gone = (tag: string): Error => notFound(`Tag ${tag} could not be found.`, { type: 'TagNotFound' });
  return [
    endpoint({
      id: id('list'),
      method: 'GET',
      path: all,
      policy: read,
      response: TagList,
      ok: 200,
      target,
      handler: ({ params }) => ({ tags: tagsOf(db, kind.table, params.resource_id) }),
    }),
    endpoint({
      id: id('replace'),
      method: 'PUT',
      path: all,
      policy: write,
      body: TagList,
      response: TagList,
      ok: 200,
      target,
      handler: ({ params, body }) => ({ tags: change(params.resource_id, () => body.tags) }),
    }),
    endpoint({
      id: id('clear'),
      method: 'DELETE',
      path: all,
      policy: write,
      ok: 204,
      target,
      handler: ({ params }) => {
        change(params.resource_id, () => []);
      },
    }),
    endpoint({
      id: id('show'),
      method: 'GET',
      path: one,
      policy: read,
      ok: 204,
      target,
      handler: ({ params }) => {
        if (!tagsOf(db, kind.table, params.resource_id).includes(params.tag)) throw gone(params.tag);
      },
    }),
    endpoint({
      id: id('add'),
      method: 'PUT',
      path: one,
      policy: write,
      response: 'none',
      ok: 201,
      target,
      handler: ({ params }) => {
        if (!/^[^,/\p{Cc}]{1,255}$/u.test(params.tag))
          throw badRequest(`'${params.tag.slice(0, 80)}' is no tag.`);
        change(params.resource_id, (old) => [...old, params.tag]);
        return new Reply({});
      },
    }),
    endpoint({
      id: id('remove'),
      method: 'DELETE',
      path: one,
      policy: write,
      ok: 204,
      target,
      handler: ({ params }) => {
        change(params.resource_id, (old) => {
          if (!old.includes(params.tag)) throw gone(params.tag);
          return old.filter((tag) => tag !== params.tag);
        });
      },
    }),
  ];
}
