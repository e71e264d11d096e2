import { Type } from 'typebox';
import { nextLink, pageOf, type Page, type RequestContext } from '../../http/index.ts';
import { open, optional } from '../schemas/common.ts';

/** Upstream lists have no pages unless asked for; this bounds them all the same. */
const MOST = 10_000;

const Word = optional(Type.String());

/** Filters of all lists; unknown ones are ignored, as upstream does. */
export const ListQuery = open({
  name: Word,
  enabled: Word,
  domain_id: Word,
  parent_id: Word,
  is_domain: Word,
  type: Word,
  service_id: Word,
  region_id: Word,
  parent_region_id: Word,
  interface: Word,
  service: Word,
  path: Word,
  method: Word,
  limit: Word,
  marker: Word,
});

/** A flag of a query, by upstream's words: present means yes but for 0, false, no, off. */
export const flag = (text: string | undefined): boolean | undefined =>
  text === undefined ? undefined : !['0', 'false', 'no', 'off'].includes(text.toLowerCase());

type Asked = Pick<RequestContext, 'base' | 'path' | 'origin'> & { readonly query: unknown };

/**
 * A list's answer: `{<key>: [...], links: {self, next, previous}}`. `load` gets one row more than the page, to know
 * whether there is a next one.
 */
export function listAnswer<Row extends { id: string }>(
  context: Asked,
  key: string,
  load: (page: Page) => Row[],
  view: (rows: Row[]) => object[],
): object {
  const query = (context.query ?? {}) as Readonly<Record<string, string>>;
  const page = pageOf(query, { max: MOST });
  const rows = load({ ...page, limit: page.limit + 1 });
  const shown = rows.slice(0, page.limit);
  const last = rows.length > shown.length ? shown.at(-1) : undefined;
  const next = last === undefined ? null : nextLink(context.origin, context.path, query, last.id);
  return { [key]: view(shown), links: listLinks(context, next) };
}

/** Links of a list that comes whole. */
export const listLinks = (context: Asked, next: string | null = null): object => ({
  self: `${context.origin}${context.path}`,
  next,
  previous: null,
});
