import type { TaskState, VmState } from '../../contract/server-actions.ts';
import { statement, type Db, type SqlValue } from '../../db/index.ts';
import { compilePattern } from './name-pattern.ts';
import type { ServerRow } from './server-row.ts';

/** Columns that may be sorted by, as the API names them. */
export const SORT_COLUMNS = {
  access_ip_v4: 'access_ip_v4',
  access_ip_v6: 'access_ip_v6',
  auto_disk_config: 'disk_config',
  availability_zone: 'availability_zone',
  config_drive: 'config_drive',
  created_at: 'created_at',
  display_description: 'description',
  display_name: 'name',
  host: 'host',
  hostname: 'hostname',
  image_ref: 'image_id',
  instance_type_id: 'flavor_id',
  key_name: 'key_name',
  launch_index: 'launch_index',
  launched_at: 'launched_at',
  locked: 'locked_by',
  locked_by: 'locked_by',
  node: 'node',
  power_state: 'power_state',
  progress: 'progress',
  project_id: 'project_id',
  root_device_name: 'root_device_name',
  task_state: 'task_state',
  terminated_at: 'terminated_at',
  updated_at: 'updated_at',
  user_id: 'user_id',
  uuid: 'id',
  vm_state: 'vm_state',
} as const;

export type SortKey = keyof typeof SORT_COLUMNS;

/** Columns that are compared with a value as it is. */
const EQUAL = {
  imageId: 'image_id',
  host: 'host',
  flavorId: 'flavor_id',
  userId: 'user_id',
  id: 'id',
  taskState: 'task_state',
  configDrive: 'config_drive',
  launchIndex: 'launch_index',
  powerState: 'power_state',
  progress: 'progress',
  diskConfig: 'disk_config',
  keyName: 'key_name',
  zone: 'availability_zone',
  node: 'node',
  reservationId: 'reservation_id',
  accessIpV4: 'access_ip_v4',
  accessIpV6: 'access_ip_v6',
  rootDeviceName: 'root_device_name',
} as const;

/** Columns that are matched by a pattern. */
const PATTERN = { name: 'name', description: 'description', hostname: 'hostname' } as const;

/** Columns that lists show or judge by; what only one server is asked for at a time (keys, files, plans) stays out. */
const LISTED = [
  'seq',
  'id',
  'project_id',
  'user_id',
  'name',
  'hostname',
  'description',
  'vm_state',
  'task_state',
  'power_state',
  'progress',
  'host',
  'node',
  'requested_zone',
  'availability_zone',
  'image_id',
  'flavor_id',
  'flavor_name',
  'vcpus',
  'ram_mib',
  'disk_gib',
  'ephemeral_gib',
  'swap_mib',
  'extra_specs',
  'key_name',
  'user_data',
  'config_drive',
  'disk_config',
  'access_ip_v4',
  'access_ip_v6',
  'metadata',
  'tags',
  'trusted_certs',
  'locked_by',
  'locked_reason',
  'launch_index',
  'reservation_id',
  'root_device_name',
  'fault_code',
  'fault_message',
  'fault_details',
  'fault_at',
  'created_at',
  'updated_at',
  'launched_at',
  'terminated_at',
] as const satisfies readonly (keyof ServerRow)[];

/** A server as lists have it. */
export type ListedServer = Pick<ServerRow, (typeof LISTED)[number]>;

/** What a list of servers is narrowed to. Absent: not at all. */
export interface ServerFilter {
  /** Undefined: of all projects. */
  readonly projectId?: string;
  readonly equal?: Partial<Record<keyof typeof EQUAL, string | number>>;
  /** Regular expressions as name-pattern.ts understands them; compiled already once, so that they cannot fail. */
  readonly patterns?: Partial<Record<keyof typeof PATTERN, string>>;
  /** Any of these. */
  readonly states?: readonly { readonly vmState: VmState; readonly taskStates?: readonly TaskState[] }[];
  readonly locked?: boolean;
  /** Only these ids: servers with an address that was asked for. */
  readonly ids?: readonly string[];
  readonly tags?: readonly string[];
  readonly tagsAny?: readonly string[];
  readonly notTags?: readonly string[];
  readonly notTagsAny?: readonly string[];
  readonly changedSince?: number;
  readonly changedBefore?: number;
  /** 'without' deleted ones (the default), 'only' them, or 'with' them. */
  readonly deleted?: 'without' | 'only' | 'with';
}

export interface ServerOrder {
  readonly key: SortKey;
  readonly descending: boolean;
}

/** One page; undefined when there is no server of the marker's id. */
export function listServers(
  db: Db,
  filter: ServerFilter,
  order: readonly ServerOrder[],
  page: { readonly limit: number; readonly marker?: string },
): readonly ListedServer[] | undefined {
  const query = new Query();
  addFilter(query, filter, db);
  const columns = order.map(({ key, descending }) => ({ column: SORT_COLUMNS[key], descending }));
  const keys = [...columns, { column: 'seq' as const, descending: columns[0]?.descending ?? true }];
  if (page.marker !== undefined) {
    const marker = statement<[string], ServerRow>(db, 'SELECT * FROM server WHERE id = ?').get(page.marker);
    if (marker === undefined) return undefined;
    addMarker(query, keys, marker);
  }
  const by = keys.map(({ column, descending }) => `${column} ${descending ? 'DESC' : 'ASC'}`).join(', ');
  const where = query.conditions.length === 0 ? '' : `WHERE ${query.conditions.join(' AND ')}`;
  return statement<[Readonly<Record<string, SqlValue>>], ListedServer>(
    db,
    `SELECT ${LISTED.join(', ')} FROM server ${where} ORDER BY ${by} LIMIT @limit`,
  ).all({ ...query.values, limit: page.limit });
}

class Query {
  readonly conditions: string[] = [];
  readonly values: Record<string, SqlValue> = {};
  add(condition: string, values: Readonly<Record<string, SqlValue>> = {}): void {
    this.conditions.push(condition);
    Object.assign(this.values, values);
  }
}

function addFilter(query: Query, filter: ServerFilter, db: Db): void {
  if (filter.deleted === 'only') query.add('deleted_at IS NOT NULL');
  else if (filter.deleted !== 'with') query.add('deleted_at IS NULL');
  if (filter.projectId !== undefined) query.add('project_id = @projectId', { projectId: filter.projectId });
  for (const [name, column] of Object.entries(EQUAL)) {
    const value = filter.equal?.[name as keyof typeof EQUAL];
    if (value !== undefined) query.add(`${column} = @${name}`, { [name]: value });
  }
  for (const [name, column] of Object.entries(PATTERN)) {
    const pattern = filter.patterns?.[name as keyof typeof PATTERN];
    if (pattern === undefined) continue;
    ensureMatcher(db);
    query.add(`name_matches(@${name}Pattern, ${column})`, { [`${name}Pattern`]: pattern });
  }
  if (filter.states !== undefined) addStates(query, filter.states);
  if (filter.locked !== undefined) query.add(`locked_by IS ${filter.locked ? 'NOT ' : ''}NULL`);
  if (filter.ids !== undefined)
    query.add('id IN (SELECT value FROM json_each(@ids))', { ids: JSON.stringify(filter.ids) });
  addTags(query, filter);
  if (filter.changedSince !== undefined)
    query.add('updated_at >= @changedSince', { changedSince: filter.changedSince });
  if (filter.changedBefore !== undefined)
    query.add('updated_at <= @changedBefore', { changedBefore: filter.changedBefore });
}

function addStates(query: Query, states: NonNullable<ServerFilter['states']>): void {
  // The text stays one of few: states travel as JSON.
  const any = states.filter(({ taskStates }) => taskStates === undefined).map(({ vmState }) => vmState);
  const withTask = states.flatMap(({ vmState, taskStates }) =>
    (taskStates ?? []).map((task) => `${vmState}/${task}`),
  );
  query.add(
    `(vm_state IN (SELECT value FROM json_each(@vmStates))
      OR vm_state || '/' || task_state IN (SELECT value FROM json_each(@vmTasks)))`,
    { vmStates: JSON.stringify(any), vmTasks: JSON.stringify(withTask) },
  );
}

const having = (parameter: string): string =>
  `(SELECT count(*) FROM json_each(tags) AS t WHERE t.value IN (SELECT value FROM json_each(@${parameter})))`;

function addTags(query: Query, filter: ServerFilter): void {
  const add = (name: string, tags: readonly string[] | undefined, condition: string): void => {
    if (tags !== undefined) query.add(`${having(name)} ${condition}`, { [name]: JSON.stringify(tags) });
  };
  add('tags', filter.tags, '= json_array_length(@tags)');
  add('tagsAny', filter.tagsAny, '> 0');
  add('notTags', filter.notTags, '< json_array_length(@notTags)');
  add('notTagsAny', filter.notTagsAny, '= 0');
}

/** Rows after the marker in the order of `keys`; SQLite sorts nulls first. */
function addMarker(
  query: Query,
  keys: readonly { readonly column: keyof ServerRow; readonly descending: boolean }[],
  marker: ServerRow,
): void {
  const alternatives = keys.map(({ column, descending }, index) => {
    const equal = keys.slice(0, index).map((key, at) => `${key.column} IS @marker${at}`);
    const value = marker[column];
    query.values[`marker${index}`] = value;
    const after =
      value === null
        ? descending
          ? '0'
          : `${column} IS NOT NULL`
        : descending
          ? `(${column} < @marker${index} OR ${column} IS NULL)`
          : `${column} > @marker${index}`;
    return `(${[...equal, after].join(' AND ')})`;
  });
  query.conditions.push(`(${alternatives.join(' OR ')})`);
}

const withMatcher = new WeakSet<Db>();

/** Gives SQLite the function name_matches(pattern, text). */
function ensureMatcher(db: Db): void {
  if (withMatcher.has(db)) return;
  withMatcher.add(db);
  let last: { readonly pattern: string; readonly match: (text: string) => boolean } | undefined;
  db.function('name_matches', { deterministic: true }, (pattern: unknown, text: unknown) => {
    if (typeof pattern !== 'string' || typeof text !== 'string') return 0;
    if (last?.pattern !== pattern) last = { pattern, match: compilePattern(pattern) };
    return last.match(text) ? 1 : 0;
  });
}
