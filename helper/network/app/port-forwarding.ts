import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { badRequest, conflict, notFound } from '../../errors/error.ts';
import type { RequestContext } from '../../http/index.ts';
import type { PortForwardingCreate, PortForwardingUpdate } from '../schemas/port-forwarding.ts';
import { floatingIps, floatingIpsOfPorts, type FloatingIpRow } from '../store/floating-ip.ts';
import {
  forwardingsOfFloatingIps,
  forwardingsToPort,
  portForwardings,
  type PortForwardingRow,
} from '../store/port-forwarding.ts';
import { addressesOfPorts, ports } from '../store/port.ts';
import { routersBetween } from '../store/router.ts';
import type { PortRow } from '../store/row.ts';
import { subnets } from '../store/subnet.ts';
import { isAdmin } from './caller.ts';
import type { Caller } from './context.ts';
import { columns, listResources, standardColumns, type Listing } from './listing.ts';
import type { PortObserver } from './port-core.ts';
import { portNotFound } from './port.ts';
import { badForwarding, checkForwarding, protocolOf, rangeOf } from './port-forwarding-rules.ts';
import { floatingIpNotFound, type Asker, type RouterContext } from './router-context.ts';

const { text } = columns;
const number = (sql: string) => ({ sql, type: 'integer' as const });

const listing: Listing<PortForwardingRow> = {
  table: portForwardings,
  plural: 'port_forwardings',
  columns: {
    id: standardColumns['id'] ?? text('id'),
    description: text('description'),
    protocol: text('protocol'),
    internal_port_id: text('internal_port_id'),
    internal_ip_address: text('internal_ip_address'),
    external_port: number('CASE WHEN external_first = external_last THEN external_first END'),
    internal_port: number('CASE WHEN internal_first = internal_last THEN internal_first END'),
    external_port_range: text("external_first || ':' || external_last"),
    internal_port_range: text("internal_first || ':' || internal_last"),
  },
};

const single = (name: string, first: number, last: number) => (first === last ? { [name]: first } : {});

/** As a floating IP shows it: without ranges and description (floating-ip-port-forwarding-detail). */
export const forwardingBrief = (row: PortForwardingRow) => ({
  id: row.id,
  protocol: row.protocol,
  internal_port_id: row.internal_port_id,
  internal_ip_address: row.internal_ip_address,
  ...single('external_port', row.external_first, row.external_last),
  ...single('internal_port', row.internal_first, row.internal_last),
});

const view = (row: PortForwardingRow) => ({
  ...forwardingBrief(row),
  description: row.description,
  external_port_range: `${row.external_first}:${row.external_last}`,
  internal_port_range: `${row.internal_first}:${row.internal_last}`,
});

/** Ports of a floating IP that lead inside: floating-ip-port-forwarding and its port ranges. */
export class PortForwardingApp implements PortObserver {
  readonly #context: RouterContext;

  constructor(context: RouterContext) {
    this.#context = context;
  }

  /** @throws {CloudError} PortForwardingNotFound, also for another floating IP's. */
  load(floatingIpId: string, id: string): PortForwardingRow {
    const row = portForwardings.byId(this.#context.network.db, id);
    if (row?.floatingip_id !== floatingIpId)
      throw notFound(`Port Forwarding ${id} could not be found.`, { type: 'PortForwardingNotFound' });
    return row;
  }

  views(rows: readonly PortForwardingRow[]) {
    return rows.map(view);
  }

  list(context: RequestContext, floatingIpId: string): Record<string, unknown> {
    const mine = [{ sql: 'floatingip_id = ?', values: [floatingIpId] }];
    return listResources(this.#context.network.db, listing, context, mine, (rows) => this.views(rows));
  }

  create(caller: Caller, floatingIpId: string, bodies: readonly PortForwardingCreate[]): PortForwardingRow[] {
    return transaction(this.#context.network.db, () =>
      bodies.map((body) => this.#create(caller, floatingIpId, body)),
    );
  }

  #create(caller: Caller, floatingIpId: string, body: PortForwardingCreate): PortForwardingRow {
    const { db, clock } = this.#context.network;
    const floating = this.#floating(floatingIpId);
    const external = rangeOf('external', body);
    const internal = rangeOf('internal', body);
    for (const [name, range] of Object.entries({ external_port: external, internal_port: internal }))
      if (range === undefined)
        throw badRequest(`Invalid input for ${name}. Reason: '${name}' or '${name}_range' is needed.`);
    if (external === undefined || internal === undefined) throw badForwarding('ports are missing');
    const port = this.#port(caller, floating, body.internal_port_id);
    this.#checkUnbound(port.id);
    const way = this.#way(floating, port, body.internal_ip_address);
    if (floating.port_id !== null) {
      throw conflict(
        `Cannot associate floating IP ${floating.floating_ip_address} (${floating.id}) with port ${port.id} using fixed IP ${way.address}, as that floating IP is associated with a port already.`,
        { type: 'FloatingIPPortAlreadyAssociated' },
      );
    }
    this.#checkRouter(floating, way.routerId, port.id);
    const now = clock();
    const row = {
      id: randomUUID(),
      project_id: floating.project_id,
      description: body.description ?? '',
      floatingip_id: floating.id,
      protocol: protocolOf(body.protocol),
      external_first: external.first,
      external_last: external.last,
      internal_first: internal.first,
      internal_last: internal.last,
      internal_port_id: port.id,
      internal_ip_address: way.address,
      created_at: now,
      updated_at: now,
      revision: 1,
    };
    this.#check(row);
    portForwardings.insert(db, row);
    if (floating.router_id !== way.routerId) this.#setRouter(floating, way.routerId);
    this.#changed(floating, way.routerId, [], caller);
    return portForwardings.byId(db, row.id) as PortForwardingRow;
  }

  update(caller: Caller, row: PortForwardingRow, body: PortForwardingUpdate): PortForwardingRow {
    const { db, clock } = this.#context.network;
    return transaction(db, () => {
      const current = this.load(row.floatingip_id, row.id);
      const floating = this.#floating(current.floatingip_id);
      const external = rangeOf('external', body);
      const internal = rangeOf('internal', body);
      const portId = body.internal_port_id ?? current.internal_port_id;
      if (body.internal_port_id !== undefined) this.#checkUnbound(portId);
      const address =
        body.internal_ip_address ??
        (portId === current.internal_port_id ? current.internal_ip_address : undefined);
      const way = this.#way(floating, this.#port(caller, floating, portId), address);
      this.#checkRouter(floating, way.routerId, portId);
      const changes = {
        description: body.description ?? current.description,
        protocol: body.protocol === undefined ? current.protocol : protocolOf(body.protocol),
        external_first: external?.first ?? current.external_first,
        external_last: external?.last ?? current.external_last,
        internal_first: internal?.first ?? current.internal_first,
        internal_last: internal?.last ?? current.internal_last,
        internal_port_id: portId,
        internal_ip_address: way.address,
        updated_at: clock(),
        revision: current.revision + 1,
      };
      this.#check({ ...current, ...changes });
      const changed = portForwardings.update(db, current, changes);
      this.#changed(floating, way.routerId, [current], caller);
      return changed;
    });
  }

  delete(caller: Caller, row: PortForwardingRow): void {
    transaction(this.#context.network.db, () => this.#remove([this.load(row.floatingip_id, row.id)], caller));
  }

  /** The last one that goes sets its floating IP free. */
  #remove(rows: readonly PortForwardingRow[], asker?: Asker): void {
    const { db } = this.#context.network;
    for (const row of rows) {
      const floating = this.#floating(row.floatingip_id);
      portForwardings.delete(db, row.id);
      const left = forwardingsOfFloatingIps(db, [floating.id]).length;
      if (floating.router_id !== null) this.#changed(floating, floating.router_id, [row], asker);
      if (left === 0) this.#setRouter(floating, null);
    }
  }

  #setRouter(floating: FloatingIpRow, routerId: string | null): void {
    const { db, clock } = this.#context.network;
    floatingIps.update(db, floating, {
      router_id: routerId,
      status: 'DOWN',
      updated_at: clock(),
      revision: floating.revision + 1,
    });
  }

  #changed(
    floating: FloatingIpRow,
    routerId: string,
    gone: readonly PortForwardingRow[],
    asker?: Asker,
  ): void {
    this.#context.routerTasks.forwarded(
      {
        floatingIpId: floating.id,
        address: floating.floating_ip_address,
        routerId,
        gone: gone.map((row) => ({
          protocol: row.protocol,
          first: row.external_first,
          last: row.external_last,
          fixed: row.internal_ip_address,
          inside: row.internal_first,
        })),
      },
      asker,
    );
  }

  #floating(id: string): FloatingIpRow {
    const floating = floatingIps.byId(this.#context.network.db, id);
    if (floating === undefined) throw floatingIpNotFound(id);
    return floating;
  }

  #port(caller: Pick<Caller, 'auth'>, floating: FloatingIpRow, id: string): PortRow {
    const { db } = this.#context.network;
    const port = ports.byId(db, id);
    if (port === undefined || (!isAdmin(caller) && port.project_id !== floating.project_id))
      throw portNotFound(id);
    return port;
  }

  #checkUnbound(id: string): void {
    const [bound] = floatingIpsOfPorts(this.#context.network.db, [id]);
    if (bound !== undefined) {
      throw conflict(
        `Cannot create port forwarding to floating IP ${bound.floating_ip_address} (${bound.id}) with port ${id} using fixed IP ${bound.fixed_ip_address}, as that port already has a binding floating IP.`,
        { type: 'PortHasBindingFloatingIP' },
      );
    }
  }

  /** The inside address and the router that leads there. */
  #way(floating: FloatingIpRow, port: PortRow, wanted: string | undefined) {
    const { db } = this.#context.network;
    const four = addressesOfPorts(db, [port.id]).filter((ip) => !ip.address.includes(':'));
    if (four.length === 0)
      throw badForwarding(`Requested internal port ${port.id} must allocate an IPv4 address at least`);
    const found = wanted === undefined ? four[0] : four.find((ip) => ip.address === wanted);
    if (found === undefined) {
      throw badForwarding(
        `Requested internal IP address ${wanted} is not suitable for internal neutron port ${port.id}, as its fixed_ips are ${four.map((ip) => ip.address).join(', ')}`,
      );
    }
    const ways = routersBetween(db, found.subnet_id, floating.floating_network_id);
    const gateway = subnets.byId(db, found.subnet_id)?.gateway_ip;
    const router = ways.find((way) => way.address === gateway) ?? ways[0];
    if (router === undefined) {
      throw badForwarding(
        `External network ${floating.floating_network_id} is not reachable from subnet ${found.subnet_id}. Cannot set Port forwarding for port ${port.id} with Floating IP ${floating.id}`,
      );
    }
    return { address: found.address, routerId: router.id };
  }

  #checkRouter(floating: FloatingIpRow, routerId: string, portId: string): void {
    if (floating.router_id === null || floating.router_id === routerId) return;
    throw badForwarding(
      `The Floating IP ${floating.id} had been set on router ${floating.router_id}, the internal Neutron port ${portId} can not reach it`,
    );
  }

  #check(row: Omit<PortForwardingRow, 'seq'>): void {
    const { db } = this.#context.network;
    checkForwarding(
      row,
      forwardingsOfFloatingIps(db, [row.floatingip_id]),
      forwardingsToPort(db, row.internal_port_id),
    );
  }

  portDeleted(port: PortRow): void {
    this.#remove(forwardingsToPort(this.#context.network.db, port.id));
  }

  /** What leads to an address that the port does not have any more goes. */
  portChanged(port: PortRow): void {
    const { db } = this.#context.network;
    const rows = forwardingsToPort(db, port.id);
    if (rows.length === 0) return;
    const left = new Set(addressesOfPorts(db, [port.id]).map((ip) => ip.address));
    this.#remove(rows.filter((row) => !left.has(row.internal_ip_address)));
  }
}
