import type { Static, TSchema } from 'typebox';
import { endpoint, type Endpoint, type PolicyTarget, type RequestContext } from '../../http/index.ts';
import { bodiesOf, checkRevision } from '../app/caller.ts';
import { pick } from '../app/listing.ts';
import { listed, oneOrMany, wrapped } from '../schemas/common.ts';
import { oneOrManyShown } from './shown.ts';

/** A request as the functions of a {@link Crud} see it: its path's names by their names. */
export type Asked = RequestContext<Readonly<Record<string, string>>>;

/** The five operations of a resource as neutron has them for nearly all of its resources. */
export interface Crud<
  Row extends { readonly id: string; readonly revision: number },
  C extends TSchema,
  U extends TSchema,
> {
  /** Key of one in bodies: 'metering_label'. */
  readonly single: string;
  readonly plural: string;
  /** Below the version root: '/metering/metering-labels'; names in braces for what it belongs to. */
  readonly path: string;
  /** Begins the ids of the operations; the plural where it is left out. */
  readonly id?: string;
  /** Ends the names of its rules: 'metering_label' for get_metering_label; where left out, the single. */
  readonly rule?: string;
  readonly create: C;
  /** None: it cannot be changed. */
  readonly update?: U;
  readonly shown: TSchema;
  /** What a nested resource belongs to: what policy looks at. Throws notFound for what the caller may not know of. */
  readonly parent?: (asked: Asked) => PolicyTarget;
  readonly load: (asked: Asked, id: string) => Row;
  /** What policy looks at for one of them. */
  readonly targetOf: (row: Row, asked: Asked) => PolicyTarget;
  readonly views: (asked: Asked, rows: readonly Row[]) => readonly Readonly<Record<string, unknown>>[];
  readonly list: (asked: Asked) => Readonly<Record<string, unknown>>;
  readonly make: (asked: Asked, bodies: readonly Static<C>[]) => readonly Row[];
  readonly change?: (asked: Asked, row: Row, body: Static<U>) => Row;
  readonly remove: (asked: Asked, row: Row) => void;
}

/** Lists, makes, shows, changes and removes a resource; with `fields`, `If-Match` and creation of several at once. */
export function crud<
  Row extends { readonly id: string; readonly revision: number },
  C extends TSchema,
  U extends TSchema,
>(spec: Crud<Row, C, U>): Endpoint[] {
  const { single, plural, shown } = spec;
  const id = (name: string): string => `${spec.id ?? plural}:${name}`;
  const rule = (verb: string): string => `${verb}_${spec.rule ?? single}`;
  const item = `${spec.path}/{id}` as '/{id}';
  const { parent } = spec;
  const ofParent =
    parent === undefined ? {} : { target: (context: unknown) => ({ ...parent(context as Asked) }) };
  const target = (context: unknown) => {
    const asked = context as Asked;
    parent?.(asked);
    const row = spec.load(asked, asked.params['id'] ?? '');
    return { ...spec.targetOf(row, asked), row };
  };
  const shownOne = (context: unknown, row: Row): Readonly<Record<string, unknown>> =>
    spec.views(context as Asked, [row])[0] ?? {};
  const endpoints: Endpoint[] = [
    endpoint({
      id: id('list'),
      method: 'GET',
      path: spec.path as '/',
      policy: rule('get'),
      response: listed(plural, shown),
      ok: 200,
      ...ofParent,
      handler: (context) => spec.list(context as Asked),
    }),
    endpoint({
      id: id('create'),
      method: 'POST',
      path: spec.path as '/',
      policy: rule('create'),
      body: oneOrMany(single, plural, spec.create),
      response: oneOrManyShown(single, plural, shown),
      ok: 201,
      ...ofParent,
      handler: (context) => {
        const asked = context as unknown as Asked;
        const body = context.body as Readonly<Record<string, unknown>>;
        const { many, bodies } = bodiesOf(
          body[single] as Static<C> | undefined,
          body[plural] as readonly Static<C>[] | undefined,
        );
        const views = spec.views(asked, spec.make(asked, bodies));
        return many ? { [plural]: views } : { [single]: views[0] };
      },
    }),
    endpoint({
      id: id('show'),
      method: 'GET',
      path: item,
      policy: rule('get'),
      response: wrapped(single, shown),
      ok: 200,
      target,
      handler: (context) => ({ [single]: pick(shownOne(context, context.target.row), context) }),
    }),
    endpoint({
      id: id('delete'),
      method: 'DELETE',
      path: item,
      policy: rule('delete'),
      ok: 204,
      target,
      handler: (context) => {
        checkRevision(context, context.target.row);
        spec.remove(context, context.target.row);
      },
    }),
  ];
  const { change, update } = spec;
  if (change === undefined || update === undefined) return endpoints;
  endpoints.push(
    endpoint({
      id: id('update'),
      method: 'PUT',
      path: item,
      policy: rule('update'),
      body: wrapped(single, update),
      response: wrapped(single, shown),
      ok: 200,
      target,
      handler: (context) => {
        checkRevision(context, context.target.row);
        const body = (context.body as Readonly<Record<string, unknown>>)[single] as Static<U>;
        const row = change(context, context.target.row, body);
        return { [single]: shownOne(context, row) };
      },
    }),
  );
  return endpoints;
}
