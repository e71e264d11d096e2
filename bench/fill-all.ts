import { randomBytes, randomUUID } from 'node:crypto';
import { transaction, type Db } from '../helper/db/index.ts';

type Value = string | number | bigint | Buffer | null;
type Row = Record<string, Value>;

/** Tables of which there is one row a machine (or a migration), whatever the cloud holds; and the address pools. */
const FEW =
  /^(sqlite_.*|.*migration|compute_host|compute_host_claims|network_count|volume_count|volume_metadata_count|compute_service|compute_boot|network_agent|network_free_range|network_pool|saga_plan|aggregate_host|ha_network|auto_allocated_topology|placement_inventory|placement_trait|placement_resource_class)$/;

/** What a copied row has to be: nothing may begin to work by itself because it is there. */
const MODELS: Readonly<Record<string, string>> = {
  saga: "state = 'succeeded'",
  server: "vm_state = 'stopped'",
  image: "status = 'active'",
  identity_project: 'is_domain = 0',
  // Each copy's role is a user's of its own.
  identity_user: "name = 'fuzz-member'",
  identity_assignment: "actor_id = (SELECT id FROM identity_user WHERE name = 'fuzz-member')",
  // Each conntrack helper is of a router of its own.
  router: 'id IN (SELECT router_id FROM conntrack_helper)',
  // Each pair of metadata is of a volume of its own.
  volume: 'id IN (SELECT volume_id FROM volume_metadata)',
};

/** Of what one thing has at most so many, as the API or what a cloud is like has it: the rest are other copies'. */
const MOST: Readonly<Record<string, { readonly of: string; readonly owner: string; readonly n: number }>> = {
  identity_project_tag: { of: 'project_id', owner: 'identity_project.id', n: 80 },
  image_member: { of: 'image_id', owner: 'image.id', n: 128 },
  port_security_group: { of: 'port_id', owner: 'port.id', n: 10 },
  volume_attachment: { of: 'volume_id', owner: 'volume.id', n: 2 },
  volume_transfer: { of: 'volume_id', owner: 'volume.id', n: 1 },
  volume_export: { of: 'volume_id', owner: 'volume.id', n: 1 },
  server_volume: { of: 'volume_id', owner: 'volume.id', n: 1 },
};

/** Whose a thing is stays the same, so that a project has as many of them. */
const OWNER = /^(project_id|user_id|domain_id|tenant_id)$/;

interface Column {
  readonly name: string;
  readonly type: string;
  readonly pk: number;
}

interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  /** Columns of the primary key and of each unique index. */
  readonly unique: readonly (readonly string[])[];
  /** Foreign keys: the column, and the table that it names a row of. */
  readonly parents: readonly { readonly from: string; readonly table: string; readonly to: string }[];
  readonly model: Row;
}

/**
 * Fills every table with copies of one of its rows until it has so many, whatever tables a migration adds. What a row
 * names by id (also without a foreign key) its n-th copy names the n-th copy of.
 * @returns the tables that could not be filled: there was no row to copy.
 */
export function fillAll(db: Db, count: number): readonly string[] {
  const { tables, without } = read(db);
  const ids: Ids = { byText: new Map(), byTable: new Map() };
  for (const table of tables) {
    for (const { name, type, pk } of table.columns) {
      const named = (name === 'id' || name === 'uuid') && type === 'TEXT';
      if (!named && (pk === 0 || table.columns.filter((one) => one.pk > 0).length > 1)) continue;
      const fresh = newKeys(db, table, name, count);
      ids.byTable.set(`${table.name}.${name}`, fresh);
      if (type === 'TEXT') ids.byText.set(table.model[name] ?? null, fresh);
    }
  }
  db.pragma('foreign_keys = OFF');
  transaction(db, () => {
    for (const table of tables) copy(db, table, ids, count);
  });
  db.pragma('foreign_keys = ON');
  return without;
}

/** The copies' keys in their order, by the id of what was copied, and by 'table.column'. */
interface Ids {
  readonly byText: Map<Value, readonly Value[]>;
  readonly byTable: Map<string, readonly Value[]>;
}

function read(db: Db): { readonly tables: readonly Table[]; readonly without: readonly string[] } {
  const names = db
    .prepare<[], { name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    .all()
    .map(({ name }) => name)
    .filter((name) => !FEW.test(name));
  const tables: Table[] = [];
  const without: string[] = [];
  const known = new Set<Value>();
  const done = new Set<string>();
  const visit = (name: string): void => {
    if (done.has(name) || FEW.test(name)) return;
    done.add(name);
    const parents = db.pragma(`foreign_key_list("${name}")`) as Table['parents'];
    for (const parent of parents) visit(parent.table);
    const columns = db.pragma(`table_info("${name}")`) as Column[];
    const unique = (db.pragma(`index_list("${name}")`) as { name: string; unique: number }[])
      .filter((index) => index.unique === 1)
      .map((index) =>
        (db.pragma(`index_info("${index.name}")`) as { name: string }[]).map((column) => column.name),
      );
    const rows = db.prepare<[], Row>(`SELECT * FROM "${name}" ${where(name)}`).all();
    // The row that belongs to most of the other tables' models.
    const score = (row: Row): number => Object.values(row).filter((value) => known.has(value)).length;
    const model = rows.reduce<Row | undefined>(
      (best, row) => (best === undefined || score(row) >= score(best) ? row : best),
      undefined,
    );
    if (model === undefined) {
      without.push(name);
      return;
    }
    const table = { name, columns, unique, parents, model };
    tables.push(table);
    for (const column of ['id', 'uuid']) if (typeof model[column] === 'string') known.add(model[column]);
  };
  for (const name of names) visit(name);
  return { tables, without };
}

const where = (table: string): string => (MODELS[table] === undefined ? '' : `WHERE ${MODELS[table]}`);

function newKeys(db: Db, { name, model }: Table, key: string, count: number): readonly Value[] {
  const was = model[key] ?? '';
  const highest =
    typeof was === 'number'
      ? (db.prepare<[], { n: number | null }>(`SELECT max("${key}") AS n FROM "${name}"`).get()?.n ?? 0)
      : 0;
  return Array.from({ length: count }, (_, index) =>
    typeof was === 'number' ? highest + 1 + index : another(was, index),
  );
}

/** A value of the same form. */
function another(value: Value, index: number): Value {
  if (value instanceof Buffer) return randomBytes(value.length);
  const text = String(value);
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) return randomUUID();
  if (/^[0-9a-f]{32}$/.test(text)) return randomUUID().replaceAll('-', '');
  if (/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(text)) return `fa:16:3f:${hexPairs(index)}`;
  return `${text}-${index}`;
}

const hexPairs = (value: number): string =>
  (value.toString(16).padStart(6, '0').match(/../g) ?? []).join(':');

function copy(db: Db, table: Table, ids: Ids, count: number): void {
  const { name, columns, unique, parents, model } = table;
  const keys = columns.filter(({ pk }) => pk > 0);
  /** What a column becomes in the copies. */
  const changes = new Map<string, readonly Value[]>();
  for (const { name: column, type } of columns) {
    const value = model[column] ?? null;
    const parent = parents.find(({ from }) => from === column);
    const fresh =
      ids.byTable.get(`${name}.${column}`) ??
      (type === 'TEXT' ? ids.byText.get(value) : ids.byTable.get(`${parent?.table}.${parent?.to}`));
    if (value !== null && fresh !== undefined && !OWNER.test(column)) changes.set(column, fresh);
  }
  const vary = (column: string): void => {
    const value = model[column] ?? null;
    changes.set(column, ids.byText.get(value) ?? newKeys(db, table, column, count));
  };
  const most = MOST[name];
  if (most !== undefined) {
    const owners = ids.byTable.get(most.owner) ?? [];
    // The model's own owner has the model already.
    const ownerOf = (index: number): Value =>
      owners[Math.floor((index + 1) / most.n) - 1] ?? model[most.of] ?? null;
    changes.set(
      most.of,
      Array.from({ length: count }, (_, index) => ownerOf(index)),
    );
  }
  for (const key of [...unique, keys.map((column) => column.name)]) {
    if (key.some((column) => changes.has(column) && column !== most?.of)) continue;
    const column =
      key.find((one) => /name|tag|hash|audit|mac/.test(one)) ?? key.findLast((one) => model[one] !== null);
    if (column !== undefined) vary(column);
  }
  if (typeof model['name'] === 'string' && !changes.has('name')) vary('name');
  const used = columns.map((column) => column.name);
  const insert = db.prepare<Value[]>(
    `INSERT INTO "${name}" (${used.map((column) => `"${column}"`).join(', ')}) VALUES (${used.map(() => '?').join(', ')})`,
  );
  for (let index = 0; index < count; index++)
    insert.run(...used.map((column) => changes.get(column)?.[index] ?? model[column] ?? null));
}
