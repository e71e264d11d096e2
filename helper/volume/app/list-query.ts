import { badRequest } from '../../errors/error.ts';
import { type Caller, isAdmin, mv, naturalOf, nextLink } from '../../http/index.ts';
import { isTrue } from '../schemas/common.ts';
import { RESOURCE_FILTERS } from './resource-filters.ts';
import type { Condition, ListQuery, SortKey } from '../store/list.ts';

/** Longest page, cinder's osapi_max_limit. */
const MAX_PAGE = 1000;

/** What of a query a list looks at. */
export interface ListRules {
  /** Under which {@link RESOURCE_FILTERS} say by what everyone may filter. */
  readonly resource?: keyof typeof RESOURCE_FILTERS;
  /** Query keys that everyone may filter by, to conditions; 'name~' is made of 'name' where `like` has it. */
  readonly filters: Readonly<Record<string, (value: string, caller: Caller) => Condition | undefined>>;
  /** More of them, for administrators. */
  readonly adminFilters?: Readonly<Record<string, (value: string, caller: Caller) => Condition | undefined>>;
  /** Columns that `key~=text` may be asked of (microversion 3.34). */
  readonly like?: Readonly<Record<string, string>>;
  /** Sort keys of the API to columns. */
  readonly sort: Readonly<Record<string, Pick<SortKey, 'column' | 'kind'>>>;
  /** By default 'created_at', newest first. */
  readonly defaultSort?: readonly SortKey[];
}

export const equals =
  (column: string) =>
  (value: string): Condition => ({ sql: `${column} = ?`, values: [value] });

/** A number; other text finds nothing. */
export const equalsNumber =
  (column: string) =>
  (value: string): Condition =>
    /^\d{1,9}$/.test(value) ? { sql: `${column} = ?`, values: [Number(value)] } : { sql: '0', values: [] };

/** @throws {CloudError} badRequest for what is neither true nor false. */
export const equalsBool =
  (column: string, name: string) =>
  (value: string): Condition => {
    if (!/^(t|true|1|on|y|yes|f|false|0|off|n|no)$/i.test(value.trim()))
      throw badRequest(`Invalid input received: ${name}={${value.slice(0, 40)}}`);
    return { sql: `${column} = ?`, values: [isTrue(value) ? 1 : 0] };
  };

/** `metadata={'a': 'b'}` as Python or JSON writes it: each pair has to be there. */
export const hasPairs =
  (
    table:
      'volume_metadata' | 'volume_image_metadata' | 'volume_snapshot_metadata' | 'volume_backup_metadata',
    owner: string,
    of: string,
  ) =>
  (value: string): Condition => {
    const pairs = parsePairs(value);
    if (pairs === undefined) return { sql: '0', values: [] };
    const one = `EXISTS (SELECT 1 FROM ${table} p WHERE p.${owner} = ${of}.id AND p.key = ? AND p.value = ?)`;
    return {
      sql: pairs.length === 0 ? '1' : pairs.map(() => one).join(' AND '),
      values: pairs.flatMap(([key, text]) => [key, text]),
    };
  };

/** A flat dictionary of texts; undefined for anything else. */
export function parsePairs(text: string): readonly (readonly [string, string])[] | undefined {
  const body = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1];
  if (body === undefined) return undefined;
  const pairs: [string, string][] = [];
  const item = /\s*u?(['"])((?:\\.|(?!\1).)*)\1\s*:\s*u?(['"])((?:\\.|(?!\3).)*)\3\s*(,|$)/sy;
  let at = 0;
  while (at < body.length && body.slice(at).trim() !== '') {
    item.lastIndex = at;
    const match = item.exec(body);
    if (match === null) return undefined;
    pairs.push([unescaped(match[2] ?? ''), unescaped(match[4] ?? '')]);
    at = item.lastIndex;
  }
  return pairs;
}

const unescaped = (text: string): string => text.replaceAll(/\\(.)/gs, '$1');

const OPERATORS: Readonly<Record<string, string>> = {
  gt: '>',
  gte: '>=',
  eq: '=',
  neq: '<>',
  lt: '<',
  lte: '<=',
};

/** `created_at=gt:2016-01-01T01:00:00,lt:...` (microversion 3.60). @throws {CloudError} badRequest */
export const compares =
  (column: string) =>
  (value: string, caller: Caller): Condition | undefined => {
    if (caller.version < mv('3.60')) return undefined;
    const parts = value.split(',').map((part) => {
      const [, name = '', time = ''] = /^([a-z]+):(.*)$/.exec(part.trim()) ?? [];
      const operator = OPERATORS[name];
      if (operator === undefined) throw badRequest(`Invalid ${column} operator`);
      const at = Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(time) ? time : `${time}Z`);
      if (Number.isNaN(at)) throw badRequest(`Invalid ${time.slice(0, 40)} value`);
      return { sql: `${column} ${operator} ?`, value: at };
    });
    return {
      sql: parts.map(({ sql }) => sql).join(' AND '),
      values: parts.map((part) => part.value),
    };
  };

/** A filter of this microversion and later; before, it is passed over. */
export const since =
  (version: `${number}.${number}`, filter: (value: string, caller: Caller) => Condition | undefined) =>
  (value: string, caller: Caller): Condition | undefined =>
    caller.version >= mv(version) ? filter(value, caller) : undefined;

type Query = Readonly<Record<string, string>>;

/**
 * Which rows of which project are asked for, in which order: those of the caller's own project, or for administrators
 * with `all_tenants` of all projects, or of one. What nobody may filter by is passed over, as cinder does.
 */
export function listQuery(caller: Caller, query: Query, rules: ListRules, owner: string | null): ListQuery {
  const { marker, offset } = query;
  return {
    conditions: conditionsOf(caller, query, rules, owner),
    sort: sortOf(query, rules),
    limit: limitOf(query['limit']),
    offset: offsetOf(offset),
    ...(marker === undefined || marker === '' ? {} : { marker }),
  };
}

/** @param owner the column of the project that a row belongs to; null where rows belong to none. */
export function conditionsOf(
  caller: Caller,
  query: Query,
  rules: ListRules,
  owner: string | null,
): readonly Condition[] {
  const conditions: Condition[] = [];
  const admin = isAdmin(caller.auth);
  if (!admin) refuseFilters(caller, query, rules);
  if (owner !== null) {
    const all = admin && isTrue(query['all_tenants']);
    const one = all ? (query['project_id'] ?? query['tenant_id']) : (caller.auth.projectId ?? '');
    if (one !== undefined) conditions.push({ sql: `${owner} = ?`, values: [one] });
  }
  for (const [key, value] of Object.entries(query)) {
    const filter = rules.filters[key] ?? (admin ? rules.adminFilters?.[key] : undefined);
    const found = filter?.(value, caller) ?? likeFilter(caller, key, value, rules);
    if (found !== undefined) conditions.push(found);
  }
  return conditions;
}

/** The project whose rows are all that conditions ask for; undefined where they say something else or more. */
export const wholeProjectOf = (conditions: readonly Condition[], owner: string): string | undefined => {
  const [first, ...more] = conditions;
  const value = first?.values[0];
  return more.length === 0 && first?.sql === `${owner} = ?` && typeof value === 'string' ? value : undefined;
};

/** What a query has beside filters; all_tenants is what clients always send. */
const NO_FILTERS = new Set(
  'limit marker offset sort sort_key sort_dir all_tenants with_count list_volume'.split(' '),
);

/** From microversion 3.31 on what may not be filtered by is refused; before, it was passed over. */
function refuseFilters({ version }: Caller, query: Query, { resource, like = {} }: ListRules): void {
  if (resource === undefined || version < mv('3.31')) return;
  const known: readonly string[] = RESOURCE_FILTERS[resource];
  const wrong = Object.keys(query).filter(
    (key) =>
      !NO_FILTERS.has(key) &&
      !known.includes(key) &&
      !(version >= mv('3.34') && key.endsWith('~') && Object.hasOwn(like, key.slice(0, -1))),
  );
  if (wrong.length > 0)
    throw badRequest(
      `Invalid filters ${wrong.map((key) => key.slice(0, 40)).join(',')} are found in query options.`,
    );
}

function likeFilter(caller: Caller, key: string, value: string, rules: ListRules): Condition | undefined {
  if (!key.endsWith('~') || caller.version < mv('3.34')) return undefined;
  const column = rules.like?.[key.slice(0, -1)];
  if (column === undefined) return undefined;
  return { sql: `instr(lower(coalesce(${column}, '')), lower(?)) > 0`, values: [value] };
}

/** @throws {CloudError} badRequest for keys that there are not. */
function sortOf(query: Query, rules: ListRules): readonly SortKey[] {
  const { sort, sort_key, sort_dir } = query;
  if (sort !== undefined && (sort_key !== undefined || sort_dir !== undefined))
    throw badRequest(
      'The "sort_key" and "sort_dir" parameters are deprecated and cannot be used with the "sort" parameter.',
    );
  const words =
    sort ??
    (sort_key === undefined && sort_dir === undefined
      ? undefined
      : `${sort_key ?? 'created_at'}:${sort_dir ?? 'desc'}`);
  if (words === undefined)
    return rules.defaultSort ?? [{ column: 'created_at', kind: 'number', descending: true }];
  return words.split(',').map((word) => {
    const [key = '', direction = 'desc'] = word.trim().split(':');
    const known = Object.hasOwn(rules.sort, key) ? rules.sort[key] : undefined;
    if (known === undefined)
      throw badRequest(`Invalid input received: Invalid sort key: ${key.slice(0, 40)}`);
    if (direction !== 'asc' && direction !== 'desc')
      throw badRequest("Invalid input received: Unknown sort direction, must be 'desc' or 'asc'.");
    return { ...known, descending: direction === 'desc' };
  });
}

export function limitOf(text: string | undefined): number {
  if (text === undefined || text === '') return MAX_PAGE;
  const limit = naturalOf(text);
  if (limit === undefined) throw badRequest('limit param must be an integer of at least 0');
  return Math.min(limit, MAX_PAGE);
}

function offsetOf(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  const offset = naturalOf(text, 10);
  if (offset === undefined) throw badRequest('offset param must be an integer of at least 0');
  return Math.min(offset, 2_147_483_647);
}

/** The link to the next page: there is one whenever the page is as long as was asked for. */
export function nextLinks(
  caller: Caller,
  query: Query,
  path: string,
  rows: readonly { readonly id: string }[],
): readonly { readonly rel: string; readonly href: string }[] | undefined {
  const last = rows.at(-1);
  if (last === undefined || rows.length < limitOf(query['limit'])) return undefined;
  return [{ rel: 'next', href: nextLink(caller.base, `/${path}`, query, last.id) }];
}

/** self and bookmark. */
export const linksOf = (caller: Caller, collection: string, id: string) => [
  { rel: 'self', href: `${caller.base}/${collection}/${id}` },
  { rel: 'bookmark', href: `${caller.base.replace(/\/v3(?=\/|$)/, '')}/${collection}/${id}` },
];

/** Whether `with_count` asks how many there are in all (microversion 3.45). */
export const wantsCount = (caller: Caller, query: Query): boolean =>
  caller.version >= mv('3.45') && isTrue(query['with_count']);
