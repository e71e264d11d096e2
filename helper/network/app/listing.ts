import { badRequest } from '../../errors/error.ts';
import { naturalOf, type RequestContext } from '../../http/index.ts';
import type { Db } from '../../db/index.ts';
import { limits } from '../config.ts';
import { listRows, type Condition, type Order } from '../store/list.ts';
import type { StandardRow } from '../store/row.ts';
import { inJson, type Table } from '../store/table.ts';

/** How an attribute of the API is found among the columns. */
export interface Column {
  /** Column or expression. */
  readonly sql: string;
  readonly type: 'text' | 'boolean' | 'integer';
  /** An attribute that cannot be sorted by. */
  readonly unsorted?: boolean;
}

/** What a list needs of its rows; their order is that of the column `seq`. */
type Identified = Pick<StandardRow, 'id'>;

/** A resource's list: its table, the attributes one may filter and sort by, and filters of another kind. */
export interface Listing<Row extends Identified = StandardRow> {
  readonly table: Table<Row>;
  readonly plural: string;
  readonly columns: Readonly<Record<string, Column>>;
  /** Filters that are no comparison with a column. */
  readonly special?: Readonly<Record<string, (values: readonly string[]) => Condition>>;
  /** A marker that names nothing the caller sees is passed over, as neutron does for what it keeps in objects. */
  readonly lenientMarker?: true;
}

type Asked = Pick<RequestContext, 'query' | 'queryAll' | 'base' | 'path'>;

/** Parameters of a list that are no filters. */
export const CONTROL: ReadonlySet<string> = new Set([
  'fields',
  'limit',
  'marker',
  'sort_key',
  'sort_dir',
  'page_reverse',
]);

const text = (sql: string): Column => ({ sql, type: 'text' });
const flag = (sql: string): Column => ({ sql, type: 'boolean' });

/** Columns that every resource has. */
export const standardColumns: Readonly<Record<string, Column>> = {
  id: text('id'),
  project_id: text('project_id'),
  tenant_id: text('project_id'),
  description: text('description'),
  revision_number: { sql: 'revision', type: 'integer' },
  created_at: { sql: "strftime('%Y-%m-%dT%H:%M:%SZ', created_at / 1000, 'unixepoch')", type: 'text' },
  updated_at: { sql: "strftime('%Y-%m-%dT%H:%M:%SZ', updated_at / 1000, 'unixepoch')", type: 'text' },
};

export const columns = { text, flag };

const words = (values: readonly string[]): string[] =>
  values.flatMap((value) => value.split(',')).filter((value) => value !== '');

/** Filters by tags: all of them, any of them, and the negations. */
export function tagFilters(table: string): NonNullable<Listing['special']> {
  const having =
    (comparison: string) =>
    (values: readonly string[]): Condition => {
      const json = JSON.stringify([...new Set(words(values))]);
      const found = `(SELECT count(*) FROM json_each(${table}.tags) WHERE value IN ${inJson})`;
      const wanted = '(SELECT count(*) FROM json_each(?))';
      return comparison.includes('wanted')
        ? { sql: comparison.replace('found', found).replace('wanted', wanted), values: [json, json] }
        : { sql: comparison.replace('found', found), values: [json] };
    };
  return {
    tags: having('found = wanted'),
    'tags-any': having('found > 0'),
    'not-tags': having('found < wanted'),
    'not-tags-any': having('found = 0'),
  };
}

function comparison(name: string, column: Column, values: readonly string[]): Condition {
  if (column.type === 'text') {
    // neutron's empty-string filtering: an empty value finds what is unset.
    const expression = values.includes('') ? `coalesce(${column.sql}, '')` : column.sql;
    return { sql: `${expression} IN ${inJson}`, values: [JSON.stringify(values)] };
  }
  const parsed = values.map((value) => {
    if (column.type === 'boolean') {
      if (/^(true|1|yes|on)$/i.test(value)) return 1;
      if (/^(false|0|no|off)$/i.test(value)) return 0;
      throw badRequest(
        `Invalid input for operation: '${value.slice(0, 80)}' cannot be converted to boolean (${name}).`,
        { type: 'InvalidInput' },
      );
    }
    if (/^-?\d{1,15}$/.test(value)) return Number(value);
    throw badRequest(`Invalid input for operation: '${value.slice(0, 80)}' is not an integer (${name}).`, {
      type: 'InvalidInput',
    });
  });
  return { sql: `${column.sql} IN ${inJson}`, values: [JSON.stringify(parsed)] };
}

/** The names in the query that are filters. */
const filterNames = (asked: Asked): string[] =>
  Object.keys(asked.query as Record<string, unknown>).filter((name) => !CONTROL.has(name));

function conditionsOf(listing: Pick<Listing, 'columns' | 'special'>, asked: Asked): Condition[] {
  const unknown = filterNames(asked).filter(
    (name) => !(name in listing.columns) && !(listing.special !== undefined && name in listing.special),
  );
  if (unknown.length > 0) {
    throw badRequest(
      `[${unknown.map((name) => `'${name.slice(0, 80)}'`).join(', ')}] is invalid attribute for filtering`,
    );
  }
  return filterNames(asked).map((name) => {
    const values = asked.queryAll(name);
    const special = listing.special?.[name];
    return special === undefined
      ? comparison(name, listing.columns[name] as Column, values)
      : special(values);
  });
}

/** The sort keys and their directions. @throws {CloudError} badRequest for a key that is none. */
export function sortsOf(
  asked: Pick<Asked, 'queryAll'>,
  isKey: (key: string) => boolean,
): { readonly key: string; readonly descending: boolean }[] {
  const keys = asked.queryAll('sort_key');
  const dirs = asked.queryAll('sort_dir');
  if (keys.length > 8) throw badRequest('At most 8 sort keys are possible.');
  if (dirs.length > 0 && dirs.length !== keys.length)
    throw badRequest('The number of sort_keys and sort_dirs must be same');
  return keys.map((key, i) => {
    if (!isKey(key)) throw badRequest(`['${key.slice(0, 80)}'] is invalid attribute for sort keys`);
    const dir = dirs[i] ?? 'asc';
    if (dir !== 'asc' && dir !== 'desc')
      throw badRequest(`sort_dir should be 'asc' or 'desc', not '${dir.slice(0, 20)}'`);
    return { key, descending: dir === 'desc' };
  });
}

function orderOf(listing: Pick<Listing, 'columns'>, asked: Asked): Order[] {
  const sortable = (key: string): boolean =>
    Object.hasOwn(listing.columns, key) && listing.columns[key]?.unsorted !== true;
  return sortsOf(asked, sortable).map(({ key, descending }) => {
    const { sql, type } = listing.columns[key] as Column;
    return {
      expression: type === 'text' ? `coalesce(${sql}, '')` : `coalesce(${sql}, -1)`,
      descending,
    };
  });
}

/** Undefined: all of them. */
export function limitOf(asked: Pick<Asked, 'queryAll'>): number | undefined {
  const raw = asked.queryAll('limit')[0];
  if (raw === undefined || raw === '') return undefined;
  const limit = naturalOf(raw);
  if (limit === undefined)
    throw badRequest(`Limit must be an integer 0 or greater and not '${raw.slice(0, 40)}'`);
  return limit === 0 ? undefined : limit;
}

/** Without `limit` all rows come, as neutron answers; a bound only against running out of memory. */
const ALL = 1_000_000;

/**
 * A list as neutron gives it: filters by any attribute (values of one are alternatives), sorting, paging in both
 * directions with links, `fields`.
 *
 * @param visible which rows the caller may see.
 * @param view the rows' API form, children of all rows loaded at once.
 * @throws {CloudError} badRequest on unknown filters, sort keys, markers.
 */
export function listResources<Row extends Identified>(
  db: Db,
  listing: Listing<Row>,
  asked: Asked,
  visible: readonly Condition[],
  view: (rows: readonly Row[]) => readonly Readonly<Record<string, unknown>>[],
): Record<string, unknown> {
  const limit = limitOf(asked);
  const marker = asked.queryAll('marker')[0];
  const reverse = /^(true|1)$/i.test(asked.queryAll('page_reverse')[0] ?? '');
  const page = Math.min(limit ?? ALL, limit === undefined ? ALL : limits.page);
  const conditions = [...visible, ...conditionsOf(listing, asked)];
  const known =
    marker !== undefined && marker !== '' && isMarker(db, listing, marker, visible) ? marker : undefined;
  const rows = listRows<Row>(db, listing.table.name, {
    conditions,
    order: orderOf(listing, asked),
    limit: page,
    ...(known === undefined ? {} : { marker: known }),
    reverse,
  });
  const items = view(rows).map((item) => pick(item, asked));
  const links = limit === undefined ? [] : linksOf(asked, rows, { full: rows.length >= page, reverse });
  return {
    [listing.plural]: items,
    ...(links.length > 0 ? { [`${listing.plural}_links`]: links } : {}),
  };
}

/** @throws {CloudError} InvalidMarker for what is none, but where it is as if there were no marker. */
function isMarker<Row extends Identified>(
  db: Db,
  listing: Listing<Row>,
  marker: string,
  visible: readonly Condition[],
): boolean {
  const found = listRows(db, listing.table.name, {
    conditions: [...visible, { sql: 'id = ?', values: [marker] }],
    order: [],
    limit: 1,
    reverse: false,
  });
  if (found.length === 0 && listing.lenientMarker !== true)
    throw badRequest(`Marker ${marker.slice(0, 80)} could not be found.`, { type: 'InvalidMarker' });
  return found.length > 0;
}

/** As neutron's: a full page may have another behind it, and the empty one at the end leads back. */
export function linksOf(
  asked: Asked,
  rows: readonly Identified[],
  page: { full: boolean; reverse: boolean },
): { rel: 'next' | 'previous'; href: string }[] {
  const link = (rel: 'next' | 'previous', id: string | undefined) => {
    const parameters = new URLSearchParams();
    for (const name of Object.keys(asked.query as Record<string, unknown>)) {
      if (name === 'marker' || name === 'page_reverse') continue;
      for (const value of asked.queryAll(name)) parameters.append(name, value);
    }
    if (id !== undefined) parameters.set('marker', id);
    if (rel === 'previous') parameters.set('page_reverse', 'True');
    const { pathname } = new URL(asked.base);
    const at = asked.path.startsWith(`${pathname}/`) ? pathname.length : asked.path.lastIndexOf('/');
    const place = asked.path.slice(at);
    return { rel, href: `${asked.base}${place}?${parameters.toString()}` };
  };
  const links: { rel: 'next' | 'previous'; href: string }[] = [];
  if (page.full || page.reverse) links.push(link('next', rows.at(-1)?.id));
  if (page.full || !page.reverse) links.push(link('previous', rows[0]?.id));
  return links;
}

/** Only the attributes that `fields` names; all without it. */
export function pick(
  item: Readonly<Record<string, unknown>>,
  asked: Pick<RequestContext, 'queryAll'>,
): Readonly<Record<string, unknown>> {
  const fields = words(asked.queryAll('fields'));
  if (fields.length === 0) return item;
  return Object.fromEntries(fields.filter((name) => name in item).map((name) => [name, item[name]]));
}
