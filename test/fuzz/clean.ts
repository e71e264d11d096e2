import Database from 'better-sqlite3';
import type { HelperClient } from '../../main/helper-client.ts';
import type { Pool } from './pool.ts';
import { settle } from './remains.ts';
import type { Wire } from './wire.ts';
import { inventory, versionHeader, type Thing, type World } from './world.ts';

const ROUNDS = 30;

/**
 * Deletes over the API everything that was not there before, in rounds: what another thing needs goes after that.
 * @returns what could not be deleted, with the last answer.
 */
export async function clean(
  world: World,
  pool: Pool,
  wire: Wire,
  helper: HelperClient,
  onProgress: (text: string) => void,
): Promise<readonly string[]> {
  let left: string[] = [];
  // As upstream has it, quotas outlive their project, and key pairs their user.
  for (const id of pool.ever('project')) {
    await send(world, wire, 'DELETE', `/compute/v2.1/os-quota-sets/${id}`);
    await send(world, wire, 'DELETE', `/networking/v2.0/quotas/${id}`);
  }
  // Nothing lists consumers.
  for (const id of pool.ever('consumer')) await send(world, wire, 'DELETE', `/placement/allocations/${id}`);
  // A type that is a project's default stays.
  const { json: defaults } = await send(world, wire, 'GET', '/volume/v3/default-types');
  for (const { project_id: id } of (defaults as { default_types?: { project_id: string }[] }).default_types ??
    [])
    await send(world, wire, 'DELETE', `/volume/v3/default-types/${id}`);
  // A domain is a project too, here as upstream, and the first one stays.
  await send(world, wire, 'DELETE', '/identity/v3/projects/default/tags');
  for (const id of pool.ever('user')) {
    const list = '/compute/v2.1/os-keypairs';
    const of = `?user_id=${encodeURIComponent(id)}`;
    const { json } = await send(world, wire, 'GET', `${list}${of}`);
    for (const { keypair } of (json as { keypairs?: { keypair: { name: string } }[] }).keypairs ?? [])
      await send(world, wire, 'DELETE', `${list}/${encodeURIComponent(keypair.name)}${of}`);
  }
  for (let round = 0; round < ROUNDS; round++) {
    const going = await settle(helper);
    await gather(world, wire);
    const mine = (await inventory(world, wire)).filter(
      (thing) => (thing.path !== undefined || isGroup(thing)) && !pool.isKept(thing.kind, thing.id),
    );
    onProgress(`cleaning, round ${round + 1}: ${mine.length} things, ${left[0] ?? ''}`);
    left = [...going];
    for (const thing of mine) {
      await loosen(world, wire, pool, thing);
      const { status, text } = isGroup(thing)
        ? await send(world, wire, 'POST', `/volume/v3/groups/${thing.id}/action`, {
            delete: { 'delete-volumes': true },
          })
        : await send(world, wire, 'DELETE', thing.path ?? '');
      if (status >= 400 && status !== 404)
        left.push(`${thing.service.name} ${thing.kind} ${thing.id}: ${status} ${text.slice(0, 200)}`);
      else left.push(`${thing.service.name} ${thing.kind} ${thing.id} is there still`);
    }
    if (mine.length === 0) return going;
  }
  return left;
}

/** What no list of things shows: traits, which are only names, and disks of volumes that were let go, which are taken in. */
async function gather(world: World, wire: Wire): Promise<void> {
  const { json } = await send(world, wire, 'GET', '/placement/traits');
  for (const name of (json as { traits: readonly string[] }).traits)
    if (name.startsWith('CUSTOM_')) await send(world, wire, 'DELETE', `/placement/traits/${name}`);
  const { json: found } = await send(world, wire, 'GET', '/volume/v3/os-services');
  const { services } = found as { services: readonly { binary: string; host: string }[] };
  for (const { host } of services.filter(({ binary }) => binary === 'cinder-volume')) {
    const list = '/volume/v3/manageable_volumes';
    const { json: disks } = await send(world, wire, 'GET', `${list}?host=${encodeURIComponent(host)}`);
    const known = (disks as { 'manageable-volumes'?: readonly Manageable[] })['manageable-volumes'] ?? [];
    for (const { reference, safe_to_manage: isSafe } of known)
      if (isSafe) await send(world, wire, 'POST', list, { volume: { host, ref: reference } });
  }
}

interface Manageable {
  readonly reference: object;
  readonly safe_to_manage: boolean;
}

/** Groups of volumes are deleted by an action, and their volumes with them. */
const isGroup = ({ service, kind }: Thing): boolean => service.name === 'volume' && kind === 'group';

const send = (
  world: World,
  wire: Wire,
  method: string,
  path: string,
  body?: unknown,
  type = 'application/json',
) => {
  const service = world.services.find(({ prefix }) => path.startsWith(`${prefix}/`));
  return wire.send({
    method,
    path,
    headers: {
      'x-auth-token': world.admin.token,
      'content-type': type,
      ...(service === undefined ? {} : versionHeader(service)),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
};

interface PortOf {
  readonly id: string;
  readonly device_owner: string;
  readonly device_id: string;
  readonly fixed_ips: readonly { readonly subnet_id: string; readonly ip_address: string }[];
}

/** What has to be undone before a thing of its kind can be deleted. */
async function loosen(
  world: World,
  wire: Wire,
  pool: Pool,
  { service, kind, id, path = '', body }: Thing,
): Promise<void> {
  const call = (method: string, at: string, sent: unknown, type?: string) =>
    send(world, wire, method, at, sent, type);
  const network = '/networking/v2.0';
  /** A SLAAC subnet gives an address to each port of its network, one of an external network to its routers' gateways. */
  const moveFrom = async (subnetId: string, port: PortOf): Promise<void> => {
    const rest = port.fixed_ips.filter(({ subnet_id }) => subnet_id !== subnetId);
    if (port.device_owner !== 'network:router_gateway') {
      await call('PUT', `${network}/ports/${port.id}`, { port: { fixed_ips: rest } });
      return;
    }
    const at = `${network}/routers/${port.device_id}`;
    const { json } = await call('GET', at, undefined);
    const { router } = json as { router?: { external_gateway_info: object } };
    await call('PUT', at, {
      router: { external_gateway_info: { ...router?.external_gateway_info, external_fixed_ips: rest } },
    });
  };
  if (service.name === 'compute' && kind === 'server') await call('POST', `${path}/action`, { unlock: null });
  if (service.name === 'compute' && kind === 'aggregate')
    for (const host of (body['hosts'] ?? []) as string[])
      await call('POST', `${path}/action`, { remove_host: { host } });
  if (service.name === 'volume' && kind === 'volume') {
    // An administrator may have said that it is attached, or anything else, when nothing has it.
    const { json } = await call('GET', path, undefined);
    const { volume } = json as { volume?: { attachments: unknown[]; status: string } };
    if (volume?.attachments.length === 0 && volume.status !== 'deleting')
      await call('POST', `${path}/action`, {
        'os-reset_status': { status: 'available', attach_status: 'detached' },
      });
  }
  if (service.name === 'volume' && kind === 'qos_spec')
    await call('GET', `${path}/disassociate_all`, undefined);
  if (service.name === 'image' && kind === 'image')
    await call(
      'PATCH',
      path,
      [{ op: 'replace', path: '/protected', value: false }],
      'application/openstack-images-v2.1-json-patch',
    );
  if (service.name === 'image' && kind === 'namespace')
    await call('PUT', path, { namespace: body['namespace'], protected: false });
  if (service.name === 'identity' && kind === 'domain')
    await call('PATCH', path, { domain: { enabled: false } });
  if (service.name === 'network' && kind === 'router')
    await call('PUT', path, { router: { routes: [], external_gateway_info: null } });
  if (
    service.name === 'network' &&
    kind === 'port' &&
    /^network:(?:router_interface|ha_router_replicated_interface)/.test(String(body['device_owner']))
  )
    await call('PUT', `${network}/routers/${String(body['device_id'])}/remove_router_interface`, {
      port_id: body['id'],
    });
  if (service.name === 'network' && kind === 'subnet') {
    // A port that was there before may have got an address of it.
    const { json } = await call('GET', `${network}/ports?fixed_ips=subnet_id%3D${id}`, undefined);
    const { ports = [] } = json as { ports?: PortOf[] };
    for (const port of ports.filter((one) => pool.isKept('port', one.id))) await moveFrom(id, port);
  }
  if (service.name === 'network' && kind === 'floatingip') {
    const { json } = await call('GET', `${path}/port_forwardings`, undefined);
    for (const { id } of (json as { port_forwardings?: { id: string }[] }).port_forwardings ?? [])
      await call('DELETE', `${path}/port_forwardings/${id}`, undefined);
  }
  if (service.name === 'network' && kind === 'trunk') {
    // One that is disabled cannot be changed in any other way, here as upstream.
    await call('PUT', path, { trunk: { admin_state_up: true } });
    const subPorts = (body['sub_ports'] ?? []) as { port_id: string }[];
    // Somebody may have said that a host has its port, and then it is in use.
    await call('PUT', `${network}/ports/${String(body['port_id'])}`, { port: { 'binding:host_id': '' } });
    await call('PUT', `${path}/remove_subports`, { sub_ports: subPorts.map(({ port_id }) => ({ port_id })) });
  }
}

/**
 * Tables that tell what was, whose rows stay for a while on purpose; and quotas of classes and types of resources, which
 * no API can take back, here as upstream.
 */
const HISTORY = new Set([
  'compute_quota_class',
  'image_cache',
  'image_task',
  'metadef_resource_type',
  'saga',
  'saga_event',
  'saga_plan',
  'trace',
  'volume_message',
  'identity_token',
  'sqlite_sequence',
  'sqlite_stat1',
]);

/** Rows of servers that are gone stay for lists by changes-since. */
const CONDITIONS: Readonly<Record<string, string>> = {
  server: 'WHERE deleted_at IS NULL',
  compute_migration: 'WHERE server_id IN (SELECT id FROM server WHERE deleted_at IS NULL)',
  server_action: 'WHERE server_id IN (SELECT id FROM server WHERE deleted_at IS NULL)',
};

/** The rows of each table, but for the histories, as texts by their keys. */
export type Rows = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Reads all rows that are to be the same after a run. */
export function readRows(databasePath: string): Rows {
  const db = new Database(databasePath, { readonly: true });
  try {
    const tables = db
      .prepare<[], { name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
      .all();
    return new Map(
      tables
        .filter(({ name }) => !HISTORY.has(name))
        .map(({ name }) => {
          const keys = db
            .prepare<[], { name: string }>(`SELECT name FROM pragma_table_info('${name}') WHERE pk > 0`)
            .all();
          const rows = db
            .prepare<[], Record<string, unknown>>(`SELECT * FROM "${name}" ${CONDITIONS[name] ?? ''}`)
            .all();
          const keyOf = (row: Record<string, unknown>): string =>
            JSON.stringify(keys.length === 0 ? row : keys.map((key) => row[key.name]));
          return [name, new Map(rows.map((row) => [keyOf(row), JSON.stringify(row)]))];
        }),
    );
  } finally {
    db.close();
  }
}

/** What is in a table that was not, and what is not that was; one line a row. */
export function rowDifferences(before: Rows, after: Rows): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((table) => {
    const was = before.get(table) ?? new Map<string, string>();
    const is = after.get(table) ?? new Map<string, string>();
    return [
      ...[...is].filter(([key]) => !was.has(key)).map(([, row]) => `table ${table} has ${row}`),
      ...[...was].filter(([key]) => !is.has(key)).map(([, row]) => `table ${table} has lost ${row}`),
    ];
  });
}
