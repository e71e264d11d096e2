import { badRequest } from '../../errors/error.ts';
import type { AuthContext } from '../../http/index.ts';
import { MEMBER_STATUSES } from '../schemas/member.ts';
import { IMAGE_SORT_KEYS, type ImageFilter, type ImageSortKey } from '../store/image.ts';

type Condition = ImageFilter['conditions'][number];

const CONTROL = new Set([
  'limit',
  'marker',
  'sort',
  'sort_key',
  'sort_dir',
  'member_status',
  'visibility',
  'tag',
  'os_hidden',
]);
const EQUAL: Readonly<Record<string, string>> = {
  owner: 'owner_id',
  checksum: 'md5',
  os_hash_value: 'sha512',
};
const IN_OR_EQUAL = new Set(['id', 'name', 'status', 'container_format', 'disk_format']);
const NUMBERS: Readonly<Record<string, string>> = {
  size_min: 'size >= ?',
  size_max: 'size <= ?',
  size: 'size = ?',
  min_disk: 'min_disk = ?',
  min_ram: 'min_ram = ?',
  virtual_size: 'virtual_size = ?',
};
const COMPARISONS: Readonly<Record<string, string>> = {
  gt: '>',
  gte: '>=',
  lt: '<',
  lte: '<=',
  eq: '=',
  neq: '<>',
};

/** What a GET /images asks for, as SQL conditions over what the caller may see. */
export function filterOf(
  auth: AuthContext,
  query: Readonly<Record<string, string>>,
  all: (key: string) => readonly string[],
): ImageFilter {
  const conditions: Condition[] = [visibilityCondition(auth, query), hiddenCondition(query['os_hidden'])];
  for (const [key, value] of Object.entries(query)) {
    if (!CONTROL.has(key)) conditions.push(conditionOf(key, value));
  }
  for (const tag of all('tag')) {
    conditions.push({ sql: 'id IN (SELECT image_id FROM image_tag WHERE tag = ?)', values: [tag] });
  }
  return { conditions, sort: sortOf(query, all) };
}

const SHARED =
  'id IN (SELECT image_id FROM image_member WHERE member_id = ? AND status IN (SELECT value FROM json_each(?)))';

/** What others share with the caller's project, by what the project answered to it. */
function sharedWith(project: string, asked = 'accepted'): Condition {
  if (asked !== 'all' && !MEMBER_STATUSES.some((status) => status === asked)) {
    throw badRequest(
      `Invalid status value: ${asked.slice(0, 80)}. It is one of pending, accepted, rejected, all.`,
    );
  }
  return {
    sql: `(visibility = 'shared' AND ${SHARED})`,
    values: [project, JSON.stringify(asked === 'all' ? MEMBER_STATUSES : [asked])],
  };
}

function visibilityCondition(auth: AuthContext, query: Readonly<Record<string, string>>): Condition {
  const asked = query['visibility'];
  const project = auth.projectId ?? '';
  const isAdmin = auth.roles.has('admin');
  const shared = sharedWith(project, query['member_status']);
  switch (asked) {
    case undefined:
      return isAdmin
        ? { sql: `(visibility <> 'community' OR owner_id = ?)`, values: [project] }
        : {
            // By age, whatever of it may be seen: the sign keeps the index of what is public from being read whole.
            sql: `(owner_id = ? OR +visibility = 'public' OR ${shared.sql})`,
            values: [project, ...shared.values],
          };
    case 'all':
      return isAdmin
        ? { sql: '1', values: [] }
        : {
            sql: `(owner_id = ? OR +visibility IN ('public', 'community') OR ${shared.sql})`,
            values: [project, ...shared.values],
          };
    case 'public':
    case 'community':
      return { sql: 'visibility = ?', values: [asked] };
    case 'private':
      return isAdmin
        ? { sql: 'visibility = ?', values: [asked] }
        : { sql: 'visibility = ? AND owner_id = ?', values: [asked, project] };
    case 'shared':
      // Who names a status wants what others share, an administrator too.
      if (query['member_status'] !== undefined) {
        return {
          sql: `(${shared.sql} OR (visibility = 'shared' AND owner_id = ?))`,
          values: [...shared.values, project],
        };
      }
      return isAdmin
        ? { sql: 'visibility = ?', values: [asked] }
        : {
            sql: `(${shared.sql} OR (visibility = 'shared' AND owner_id = ?))`,
            values: [...shared.values, project],
          };
    default:
      throw badRequest(
        `Invalid visibility value: ${asked.slice(0, 80)}. It is one of public, community, shared, private, all.`,
      );
  }
}

function hiddenCondition(asked: string | undefined): Condition {
  const text = asked?.toLowerCase();
  if (text !== undefined && text !== 'true' && text !== 'false') {
    throw badRequest(`Invalid value '${text.slice(0, 80)}' for 'os_hidden' filter. It is true or false.`);
  }
  return { sql: 'os_hidden = ?', values: [text === 'true' ? 1 : 0] };
}

function conditionOf(key: string, value: string): Condition {
  if (key === 'protected') return { sql: 'protected = ?', values: [value.toLowerCase() === 'true' ? 1 : 0] };
  if (key === 'created_at' || key === 'updated_at') return timeCondition(key, value);
  const numeric = ownValue(NUMBERS, key);
  if (numeric !== undefined) {
    if (!/^\d{1,15}$/.test(value))
      throw badRequest(`Cannot convert '${value.slice(0, 40)}' to an integer, for ${key}.`);
    return { sql: numeric, values: [Number(value)] };
  }
  if (IN_OR_EQUAL.has(key)) {
    if (!value.startsWith('in:')) return { sql: `${key} = ?`, values: [value] };
    return {
      sql: `${key} IN (SELECT value FROM json_each(?))`,
      values: [JSON.stringify(splitIn(value.slice(3)))],
    };
  }
  const column = ownValue(EQUAL, key);
  if (column !== undefined) return { sql: `${column} = ?`, values: [value] };
  return {
    sql: 'id IN (SELECT image_id FROM image_property WHERE name = ? AND value = ?)',
    values: [key, value],
  };
}

/** A table's entry, and nothing that every object has: the key is the caller's. */
const ownValue = (table: Readonly<Record<string, string>>, key: string): string | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

/** 'a,"b,c"' as its values: quotes protect commas. */
function splitIn(text: string): readonly string[] {
  const values = [...text.matchAll(/"((?:[^"\\]|\\.)*)"|([^,]+)/g)];
  return values.map((match) => match[1] ?? match[2] ?? '');
}

function timeCondition(column: 'created_at' | 'updated_at', value: string): Condition {
  const [operator, time] =
    value.includes(':') && /^[a-z]+:/.test(value)
      ? [value.slice(0, value.indexOf(':')), value.slice(value.indexOf(':') + 1)]
      : ['eq', value];
  const comparison = ownValue(COMPARISONS, operator);
  const at = Date.parse(/[zZ]$|[+-]\d\d:?\d\d$/.test(time) ? time : `${time}Z`);
  if (comparison === undefined) throw badRequest(`Unable to filter on an unknown operator ${operator}.`);
  if (Number.isNaN(at)) throw badRequest(`Invalid time value for '${column}': ${time.slice(0, 80)}`);
  // The API shows whole seconds, so it is these that are compared.
  return { sql: `${column} / 1000 ${comparison} ?`, values: [Math.floor(at / 1000)] };
}

function sortOf(
  query: Readonly<Record<string, string>>,
  all: (key: string) => readonly string[],
): ImageFilter['sort'] {
  const keys: { key: string; direction: string }[] = [];
  if (query['sort'] !== undefined) {
    if (query['sort_key'] !== undefined || query['sort_dir'] !== undefined) {
      throw badRequest('Old and new sorting syntax cannot be combined');
    }
    for (const part of query['sort'].split(',')) {
      const [key = '', direction = 'desc'] = part.trim().split(':');
      keys.push({ key, direction });
    }
  } else {
    const directions = all('sort_dir');
    const names = all('sort_key');
    if (directions.length > 1 && directions.length !== names.length) {
      throw badRequest('Number of sort dirs does not match the number of sort keys');
    }
    names.forEach((key, index) =>
      keys.push({ key, direction: directions[index] ?? directions[0] ?? 'desc' }),
    );
    if (keys.length === 0) keys.push({ key: 'created_at', direction: directions[0] ?? 'desc' });
  }
  const sort = keys.map(({ key, direction }) => {
    if (!isSortKey(key))
      throw badRequest(
        `Invalid sort key: ${key.slice(0, 80)}. It must be one of the following: ${IMAGE_SORT_KEYS.join(', ')}.`,
      );
    if (direction !== 'asc' && direction !== 'desc')
      throw badRequest(`Invalid sort direction: ${direction.slice(0, 80)}`);
    return { key, descending: direction === 'desc' };
  });
  const descending = sort[0]?.descending ?? true;
  for (const key of ['created_at', 'id'] as const)
    if (!sort.some((one) => one.key === key)) sort.push({ key, descending });
  return sort;
}

const isSortKey = (key: string): key is ImageSortKey => (IMAGE_SORT_KEYS as readonly string[]).includes(key);
