import { statesOf } from '../../contract/server-actions.ts';
import type { VmState, TaskState } from '../../contract/server-actions.ts';
import { badRequest, forbidden } from '../../errors/error.ts';
import { type Caller, isAdmin, mv, requirePolicy } from '../../http/index.ts';
import { isTrue } from '../schemas/common.ts';
import { SORT_KEYS } from '../schemas/server.ts';
import { PatternError, compilePattern } from '../store/name-pattern.ts';
import type { ServerFilter, ServerOrder } from '../store/server-list.ts';

export type ListQuery = Readonly<Record<string, string | undefined>>;
type QueryAll = (key: string) => readonly string[];

/** What the query of a list comes to; `none` when no server can match. */
export interface ParsedFilter {
  readonly filter: ServerFilter;
  readonly none: boolean;
  /** Patterns on addresses, which are the network service's to know. */
  readonly ip: { readonly version: 4 | 6; readonly pattern: string } | undefined;
}

/** Filters of everybody; the rest is for who may use all of them. */
const OPEN_FILTERS = [
  'reservation_id',
  'name',
  'status',
  'image',
  'flavor',
  'ip',
  'changes-since',
  'all_tenants',
];
const OPEN_FROM: readonly (readonly [number, readonly string[]])[] = [
  [mv('2.5'), ['ip6']],
  [mv('2.26'), ['tags', 'tags-any', 'not-tags', 'not-tags-any']],
  [mv('2.66'), ['changes-before']],
  [mv('2.73'), ['locked']],
  [
    mv('2.83'),
    [
      'availability_zone',
      'config_drive',
      'key_name',
      'created_at',
      'launched_at',
      'terminated_at',
      'power_state',
      'task_state',
      'vm_state',
      'progress',
      'user_id',
    ],
  ],
];

/** Fields of tables that nova joins; to filter by one is refused. */
const JOINED = [
  'block_device_mapping',
  'services',
  'metadata',
  'system_metadata',
  'info_cache',
  'security_groups',
  'pci_devices',
];

const EQUAL_PARAMETERS = {
  image: 'imageId',
  image_ref: 'imageId',
  host: 'host',
  flavor: 'flavorId',
  user_id: 'userId',
  uuid: 'id',
  key_name: 'keyName',
  availability_zone: 'zone',
  node: 'node',
  reservation_id: 'reservationId',
  access_ip_v4: 'accessIpV4',
  access_ip_v6: 'accessIpV6',
  root_device_name: 'rootDeviceName',
  auto_disk_config: 'diskConfig',
} as const;

const NUMBER_PARAMETERS = {
  launch_index: 'launchIndex',
  power_state: 'powerState',
  progress: 'progress',
} as const;

const PATTERN_PARAMETERS = {
  name: 'name',
  display_name: 'name',
  description: 'description',
  display_description: 'description',
  hostname: 'hostname',
} as const;

export const timeOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  // Without a zone it is UTC, as all times of the API are.
  return Date.parse(
    /[zZ]|[+-]\d\d:?\d\d$/.test(text) ? text : `${text.includes('T') ? text : `${text}T00:00:00`}Z`,
  );
};

/** @throws {CloudError} badRequest for a pattern that is none. */
function pattern(name: string, text: string): string {
  try {
    compilePattern(text);
    return text;
  } catch (error) {
    if (error instanceof PatternError) throw badRequest(`Invalid filter ${name}: ${error.message}`);
    throw error;
  }
}

/**
 * The filter of GET /servers and /servers/detail.
 * @throws {CloudError} badRequest, or forbidden for what only administrators may list.
 */
export function filterOf(
  caller: Caller,
  query: ListQuery,
  all: QueryAll,
  list: 'index' | 'detail',
): ParsedFilter {
  const everything = caller.may('os_compute_api:servers:allow_all_filters');
  const open = new Set([
    ...OPEN_FILTERS,
    ...OPEN_FROM.flatMap(([from, names]) => (caller.version >= from ? names : [])),
  ]);
  const get = (name: string): string | undefined => (everything || open.has(name) ? query[name] : undefined);
  if (everything)
    for (const name of Object.keys(query))
      if (JOINED.includes(name) || name.startsWith('_')) throw badRequest(`Invalid filter field: ${name}.`);

  const equal: Record<string, string | number> = {};
  for (const [parameter, column] of Object.entries(EQUAL_PARAMETERS)) {
    const value = get(parameter);
    if (value !== undefined) equal[column] = value;
  }
  for (const [parameter, column] of Object.entries(NUMBER_PARAMETERS)) {
    const value = get(parameter);
    if (value !== undefined) equal[column] = Number.isInteger(Number(value)) ? Number(value) : -1;
  }
  const drive = get('config_drive');
  if (drive !== undefined) equal['configDrive'] = isTrue(drive) ? 1 : 0;
  const patterns: Record<string, string> = {};
  for (const [parameter, column] of Object.entries(PATTERN_PARAMETERS)) {
    const value = get(parameter);
    if (value !== undefined) patterns[column] = pattern(parameter, value);
  }
  const states = statesFilter(caller, get, all);
  const project = projectFilter(caller, query, list);
  const ip = get('ip');
  const ip6 = get('ip6');
  return {
    none: states === 'none' || project === 'none',
    ip:
      ip !== undefined
        ? { version: 4, pattern: pattern('ip', ip) }
        : ip6 !== undefined
          ? { version: 6, pattern: pattern('ip6', ip6) }
          : undefined,
    filter: {
      equal,
      patterns,
      ...(project === 'all' || project === 'none' ? {} : { projectId: project.projectId }),
      ...(states === 'none' || states === undefined ? {} : { states }),
      ...timesAndDeleted(caller, get, states),
      ...tagFilters(caller, query),
      ...(get('locked') === undefined || caller.version < mv('2.73')
        ? {}
        : { locked: isTrue(get('locked')) }),
    },
  };
}

function statesFilter(
  caller: Caller,
  get: (name: string) => string | undefined,
  all: QueryAll,
): ServerFilter['states'] | 'none' {
  const statuses = all('status');
  if (statuses.length > 0) {
    const states = statuses.flatMap(statesOf);
    if (states.length > 0) return states;
    if (caller.version >= mv('2.38')) throw badRequest('Invalid status value');
    return 'none';
  }
  const vmState = get('vm_state');
  const taskState = get('task_state');
  if (vmState === undefined) return undefined;
  return [
    {
      vmState: vmState as VmState,
      ...(taskState === undefined ? {} : { taskStates: [taskState as TaskState] }),
    },
  ];
}

function projectFilter(
  caller: Caller,
  query: ListQuery,
  list: 'index' | 'detail',
): 'all' | 'none' | { readonly projectId: string } {
  const wanted = query['all_tenants'];
  if (wanted !== undefined && wanted !== '' && !/^(0|1|t|f|true|false|on|off|y|n|yes|no)$/i.test(wanted))
    throw badRequest(`Invalid value '${wanted.slice(0, 40)}' for all_tenants`);
  const everyone = wanted !== undefined && (wanted === '' || /^(1|t|true|on|y|yes)$/i.test(wanted));
  if (!everyone) return caller.auth.projectId === undefined ? 'none' : { projectId: caller.auth.projectId };
  requirePolicy(caller, `os_compute_api:servers:${list}:get_all_tenants`);
  const projectId = query['tenant_id'] ?? query['project_id'];
  return projectId === undefined ? 'all' : { projectId };
}

function timesAndDeleted(
  caller: Caller,
  get: (name: string) => string | undefined,
  states: ServerFilter['states'] | 'none',
): Partial<ServerFilter> {
  const since = timeOf(get('changes-since'));
  const before = caller.version >= mv('2.66') ? timeOf(get('changes-before')) : undefined;
  if (since !== undefined && before !== undefined && before < since)
    throw badRequest('The value of changes-since must be less than or equal to changes-before.');
  const deletedOnly = typeof states === 'object' && states.length === 1 && states[0]?.vmState === 'deleted';
  if (deletedOnly && !isAdmin(caller.auth)) throw forbidden('Only administrators may list deleted instances');
  const asked = get('deleted');
  const deleted =
    deletedOnly || (asked !== undefined && isTrue(asked))
      ? 'only'
      : asked === undefined && (since !== undefined || before !== undefined)
        ? 'with'
        : 'without';
  return {
    deleted,
    ...(since === undefined ? {} : { changedSince: since }),
    ...(before === undefined ? {} : { changedBefore: before }),
  };
}

function tagFilters(caller: Caller, query: ListQuery): Partial<ServerFilter> {
  if (caller.version < mv('2.26')) return {};
  const tags = (name: string): readonly string[] | undefined => query[name]?.split(',');
  const [all, any, not, notAny] = [tags('tags'), tags('tags-any'), tags('not-tags'), tags('not-tags-any')];
  return {
    ...(all === undefined ? {} : { tags: all }),
    ...(any === undefined ? {} : { tagsAny: any }),
    ...(not === undefined ? {} : { notTags: not }),
    ...(notAny === undefined ? {} : { notTagsAny: notAny }),
  };
}

/**
 * The order of a list; newest first when none is asked for. Keys that upstream ignores are left out.
 * @throws {CloudError} badRequest for a direction that is none, forbidden for a key that only administrators see.
 */
export function orderOf(caller: Caller, all: QueryAll): readonly ServerOrder[] {
  const directions = all('sort_dir');
  for (const direction of directions)
    if (direction !== 'asc' && direction !== 'desc')
      throw badRequest(`Unknown sort direction, must be one of: asc, desc`);
  const orders: ServerOrder[] = [];
  for (const [index, key] of all('sort_key').entries()) {
    const column = SORT_KEYS.find((one) => one === key);
    if (column === undefined) continue;
    if ((key === 'host' || key === 'node') && !isAdmin(caller.auth))
      throw forbidden('Only administrators can sort servers by host or node');
    const direction = directions[index] ?? directions[0] ?? 'desc';
    orders.push({ key: column, descending: direction === 'desc' });
  }
  if (orders.length === 0) orders.push({ key: 'created_at', descending: directions[0] !== 'asc' });
  return orders;
}
