import { randomBytes, randomUUID } from 'node:crypto';
import { transaction, type Db } from '../helper/db/index.ts';

type Value = string | number | bigint | Buffer | null;
type Row = Record<string, Value>;

/** A table's columns and rows are taken as they are: whatever a migration adds is copied too. */
class Copier {
  readonly #insert: (row: Row) => void;
  readonly #model: Row;

  constructor(db: Db, table: string, key: string, value: Value) {
    const model = db.prepare<[Value], Row>(`SELECT * FROM ${table} WHERE ${key} = ? LIMIT 1`).get(value);
    if (model === undefined) throw new Error(`${table} has no row whose ${key} is ${String(value)}`);
    const counted = db
      .prepare<[], { name: string }>(
        `SELECT name FROM pragma_table_info('${table}') WHERE pk = 1 AND type = 'INTEGER'`,
      )
      .all();
    for (const { name } of counted) delete model[name];
    const columns = Object.keys(model);
    const insert = db.prepare<[Row]>(
      `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map((name) => `@${name}`).join(', ')})`,
    );
    this.#insert = (row) => insert.run(row);
    this.#model = model;
  }

  get model(): Readonly<Row> {
    return this.#model;
  }

  copy(changes: Row): void {
    this.#insert({ ...this.#model, ...changes });
  }
}

/**
 * Puts copies of a stopped server into the database, each with a port and an address of its own, as so many requests
 * would have made them; and as many tokens beside the one that is there.
 * @returns the copies' ids.
 */
export function fillWithServers(db: Db, serverId: string, count: number): readonly string[] {
  const server = new Copier(db, 'server', 'id', serverId);
  const action = new Copier(db, 'server_action', 'server_id', serverId);
  const lease = new Copier(db, 'image_lease', 'user_id', serverId);
  const port = new Copier(db, 'port', 'device_id', serverId);
  const portId = port.model['id'] as string;
  const address = new Copier(db, 'port_ip', 'port_id', portId);
  const group = new Copier(db, 'port_security_group', 'port_id', portId);
  const token = new Copier(db, 'identity_token', 'scope_kind', 'project');
  const firstAddress = Number.parseInt((address.model['address_key'] as string).slice(-8), 16) + 1000;
  const createdAt = Number(server.model['created_at']);
  return transaction(db, () =>
    Array.from({ length: count }, (_, index) => {
      const id = randomUUID();
      const request = `req-${randomUUID()}`;
      const own = { id: randomUUID(), mac: `fa:16:3f:${hexPairs(index, 3)}` };
      server.copy({
        id,
        name: `bench-${index}`,
        hostname: `bench-${index}`,
        reservation_id: `r-${index.toString(36).padStart(8, '0')}`,
        created_at: createdAt - index * 1000,
      });
      action.copy({ server_id: id, request_id: request, operation_id: null });
      lease.copy({ user_id: id });
      port.copy({ id: own.id, mac_address: own.mac, device_id: id });
      const value = firstAddress + index;
      address.copy({
        port_id: own.id,
        address: [24, 16, 8, 0].map((shift) => (value >>> shift) & 255).join('.'),
        address_key: `${(address.model['address_key'] as string).slice(0, -8)}${hex(value, 4)}`,
      });
      group.copy({ port_id: own.id });
      token.copy({ hash: randomBytes(32), audit_id: randomBytes(16).toString('base64url') });
      return id;
    }),
  );
}

/** How copies of a table's row differ from it, beside id and name. */
type Difference = (index: number, id: string) => Row;

/** What is listed beside servers: by table, the name of the model, and what is its own in each copy. */
const OTHERS: readonly {
  readonly table: string;
  readonly name: string;
  readonly own: Difference;
}[] = [
  { table: 'network', name: 'bench', own: (index, id) => ({ id, name: `n-${index}` }) },
  { table: 'router', name: 'demo-router', own: (index, id) => ({ id, name: `r-${index}` }) },
  {
    table: 'security_group',
    name: 'demo-ssh',
    own: (index, id) => ({ id, name: `g-${index}` }),
  },
  { table: 'flavor', name: 'm1.tiny', own: (index, id) => ({ id, name: `f-${index}` }) },
  {
    table: 'keypair',
    name: 'demo-key',
    own: (index) => ({ name: `k-${index}` }),
  },
  {
    table: 'image',
    name: 'deskcloud-tiny',
    own: (index, id) => ({ id, name: `i-${index}` }),
  },
  {
    table: 'identity_user',
    name: 'demo',
    own: (index, id) => ({ id: id.replaceAll('-', ''), name: `u-${index}` }),
  },
  {
    table: 'identity_project',
    name: 'demo',
    own: (index, id) => ({ id: id.replaceAll('-', ''), name: `p-${index}` }),
  },
];

/** As many copies of the demo's networks, routers, images, users and so on: whatever can be listed. */
export function fillWithOthers(db: Db, count: number): void {
  transaction(db, () => {
    for (const { table, name, own } of OTHERS) {
      const copier = new Copier(db, table, 'name', name);
      for (let index = 0; index < count; index++) copier.copy(own(index, randomUUID()));
    }
    const networkId = db.prepare<[], { id: string }>("SELECT id FROM network WHERE name = 'bench'").get()?.id;
    const subnet = new Copier(db, 'subnet', 'network_id', networkId ?? '');
    const free = db.prepare<[], { id: string }>("SELECT id FROM network WHERE name LIKE 'n-%'").all();
    for (const [index, { id }] of free.entries())
      subnet.copy({ id: randomUUID(), name: `s-${index}`, network_id: id });
  });
}

const hex = (value: number, bytes: number): string => value.toString(16).padStart(bytes * 2, '0');

const hexPairs = (value: number, bytes: number): string => (hex(value, bytes).match(/../g) ?? []).join(':');
