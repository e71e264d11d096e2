import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { conflict } from '../../errors/error.ts';
import type { RequestContext } from '../../http/index.ts';
import { networkRules } from '../policy.ts';
import type { FloatingIpCreate, FloatingIpUpdate } from '../schemas/floating-ip.ts';
import { floatingIps, floatingIpsOfPorts, type FloatingIpRow } from '../store/floating-ip.ts';
import { networks } from '../store/network.ts';
import { forwardingsOfFloatingIps } from '../store/port-forwarding.ts';
import { addressesOfPorts, ports } from '../store/port.ts';
import type { NetworkRow, PortRow } from '../store/row.ts';
import { subnetsOf } from '../store/subnet.ts';
import { groupBy } from '../store/table.ts';
import { checkAttributes, demand, isAdmin, ownRows, projectFor } from './caller.ts';
import type { Caller } from './context.ts';
import { FloatingAssociation, NOWHERE, type Association } from './floating-ip-association.ts';
import type { FixedIpAsked } from './ipam.ts';
import { columns, listResources, standardColumns, tagFilters, type Listing } from './listing.ts';
import { networkNotFound, type PortObserver } from './port-core.ts';
import { chooseQosPolicy } from './qos-binding.ts';
import {
  badFloatingIp,
  floatingIpNotFound,
  type Asker,
  type FloatingChange,
  type RouterContext,
} from './router-context.ts';
import { floatingIpView } from './router-view.ts';
import { maySee } from './sharing.ts';

const { text } = columns;

const listing: Listing<FloatingIpRow> = {
  table: floatingIps,
  plural: 'floatingips',
  columns: {
    ...standardColumns,
    floating_network_id: text('floating_network_id'),
    floating_ip_address: text('floating_ip_address'),
    port_id: text('port_id'),
    fixed_ip_address: text('fixed_ip_address'),
    router_id: text('router_id'),
    status: text('status'),
    dns_name: text('dns_name'),
    dns_domain: text('dns_domain'),
    qos_policy_id: text('qos_policy_id'),
  },
  special: {
    ...tagFilters('floating_ip'),
  },
};

/** Owner of the ports that hold the addresses of floating IPs. */
const FLOATING = 'network:floatingip';

export class FloatingIpApp implements PortObserver {
  readonly #context: RouterContext;
  readonly #association: FloatingAssociation;

  constructor(context: RouterContext) {
    this.#context = context;
    this.#association = new FloatingAssociation(context);
  }

  /** @throws {CloudError} notFound for what the caller may not know of. */
  load(caller: Pick<Caller, 'auth'>, id: string): FloatingIpRow {
    const row = floatingIps.byId(this.#context.network.db, id);
    if (row === undefined || (!isAdmin(caller) && row.project_id !== caller.auth.projectId))
      throw floatingIpNotFound(id);
    return row;
  }

  views(rows: readonly FloatingIpRow[]) {
    const ids = rows.flatMap((row) => row.port_id ?? []);
    const byId = new Map<string, PortRow>(
      (ids.length === 0 ? [] : ports.byIds(this.#context.network.db, ids)).map((port) => [port.id, port]),
    );
    const forwardings = groupBy(
      forwardingsOfFloatingIps(
        this.#context.network.db,
        rows.map((row) => row.id),
      ),
      (one) => one.floatingip_id,
    );
    return rows.map((row) => floatingIpView(row, byId.get(row.port_id ?? ''), forwardings.get(row.id) ?? []));
  }

  list(context: RequestContext): Record<string, unknown> {
    return listResources(this.#context.network.db, listing, context, ownRows(context), (rows) =>
      this.views(rows),
    );
  }

  create(caller: Caller, bodies: readonly FloatingIpCreate[]): FloatingIpRow[] {
    return transaction(this.#context.network.db, () => bodies.map((body) => this.#create(caller, body)));
  }

  #create(caller: Caller, body: FloatingIpCreate): FloatingIpRow {
    const { db, clock, config } = this.#context.network;
    const projectId = projectFor(caller, body);
    const target = { project_id: projectId };
    demand(caller, 'create_floatingip', target);
    checkAttributes(caller, networkRules, 'create_floatingip', body, target, { floating_ip_address: null });
    const network = this.#external(caller, body.floating_network_id);
    this.#context.quotas.check(db, projectId, 'floatingip');
    const id = randomUUID();
    const holder = this.#context.ports.create({
      // As a router's gateway: nobody's, so that its project does not see or change it.
      projectId: '',
      networkId: network.id,
      deviceId: id,
      deviceOwner: FLOATING,
      bindingHost: config.hostName,
      fixedIps: this.#address(network, body),
      status: 'ACTIVE',
      quota: false,
      quiet: true,
    });
    const now = clock();
    floatingIps.insert(db, {
      id,
      project_id: projectId,
      description: body.description ?? '',
      floating_network_id: network.id,
      floating_port_id: holder.id,
      floating_ip_address:
        addressesOfPorts(db, [holder.id]).find((ip) => !ip.address.includes(':'))?.address ?? '',
      ...NOWHERE,
      status: 'DOWN',
      dns_name: body.dns_name ?? '',
      dns_domain: body.dns_domain ?? '',
      qos_policy_id: chooseQosPolicy(db, caller, { kind: 'floatingip', id }, null, body.qos_policy_id),
      tags: JSON.stringify(body.tags ?? []),
      created_at: now,
      updated_at: now,
      revision: 1,
    });
    const row = floatingIps.byId(db, id) as FloatingIpRow;
    const way = this.#association.find(caller, row, body);
    return way.port_id === null ? row : this.#lead(row, way, {}, caller);
  }

  #external(caller: Pick<Caller, 'auth'>, id: string): NetworkRow {
    const { db } = this.#context.network;
    const network = networks.byId(db, id);
    const visible = network !== undefined && (isAdmin(caller) || maySee(db, caller.auth, network));
    if (!visible) throw networkNotFound(id);
    if (network.external !== 1) throw badFloatingIp(`Network ${id} is not a valid external network`);
    return network;
  }

  /** The address asked for, or one of the asked subnet, or one of the network's. */
  #address(network: NetworkRow, body: FloatingIpCreate): readonly FixedIpAsked[] | undefined {
    const all = subnetsOf(this.#context.network.db, network.id).filter((subnet) => subnet.ip_version === 4);
    if (all.length === 0) throw badFloatingIp(`Network ${network.id} does not contain any IPv4 subnet`);
    const ip_address = body.floating_ip_address ?? undefined;
    const subnet_id = body.subnet_id ?? undefined;
    const own = all.find((subnet) => subnet.gateway_ip === ip_address);
    if (own !== undefined) throw badFloatingIp(`Address ${ip_address} is the gateway of subnet ${own.id}`);
    if (ip_address === undefined && subnet_id === undefined) return undefined;
    return [
      {
        ...(subnet_id === undefined ? {} : { subnet_id }),
        ...(ip_address === undefined ? {} : { ip_address }),
      },
    ];
  }

  update(caller: Caller, row: FloatingIpRow, body: FloatingIpUpdate): FloatingIpRow {
    const { db } = this.#context.network;
    return transaction(db, () => {
      const current = floatingIps.byId(db, row.id);
      if (current === undefined) throw floatingIpNotFound(row.id);
      const description = body.description ?? current.description;
      const place = { kind: 'floatingip', id: row.id } as const;
      const qos_policy_id = chooseQosPolicy(db, caller, place, current.qos_policy_id, body.qos_policy_id);
      if (qos_policy_id !== current.qos_policy_id && current.router_id !== null)
        this.#context.routerTasks.changed(current.router_id, caller);
      const plain = { description, qos_policy_id };
      // An update without anything takes it off its port: neutron's first clients said so.
      const blank = Object.keys(body).length === 0;
      const leads = blank || body.port_id !== undefined || (body.fixed_ip_address ?? null) !== null;
      if (!leads) return this.#write(current, plain);
      if (forwardingsOfFloatingIps(db, [row.id]).length > 0) {
        if ((body.port_id ?? '') !== '') throw inUseByForwarding(row.id);
        // It leads to no port as a whole, and goes on leading its ports inside.
        return this.#write(current, plain);
      }
      const kept = blank ? null : current.port_id;
      const asked = { ...body, port_id: body.port_id === undefined ? kept : body.port_id };
      return this.#lead(current, this.#association.find(caller, current, asked), plain, caller);
    });
  }

  #write(row: FloatingIpRow, changes: Partial<FloatingIpRow>): FloatingIpRow {
    const { db, clock } = this.#context.network;
    return floatingIps.update(db, row, { ...changes, updated_at: clock(), revision: row.revision + 1 });
  }

  /** Writes where it leads and queues what the routers have to do. */
  #lead(row: FloatingIpRow, way: Association, changes: Partial<FloatingIpRow>, asker?: Asker): FloatingIpRow {
    const same =
      way.port_id === row.port_id &&
      way.fixed_ip_address === row.fixed_ip_address &&
      way.router_id === row.router_id;
    if (same) return this.#write(row, changes);
    const changed = this.#write(row, { ...changes, ...way, status: 'DOWN' });
    const { routerTasks } = this.#context;
    const change = changeOf(row, way);
    if (way.port_id !== null) routerTasks.associated(change, asker);
    else if (change.routerIds.length > 0) routerTasks.disassociated(change, asker);
    return changed;
  }

  delete(caller: Caller, row: FloatingIpRow): void {
    const { db } = this.#context.network;
    transaction(db, () => {
      const current = floatingIps.byId(db, row.id);
      if (current === undefined) throw floatingIpNotFound(row.id);
      if (forwardingsOfFloatingIps(db, [row.id]).length > 0) throw inUseByForwarding(row.id);
      const holder = ports.byId(db, current.floating_port_id);
      floatingIps.delete(db, row.id);
      if (holder !== undefined) this.#context.ports.delete(holder, { quiet: true });
      const change = changeOf(current, NOWHERE);
      if (change.routerIds.length > 0) this.#context.routerTasks.floatingIpDeleted(change, caller);
    });
  }

  /** Floating IPs of a deleted port (a deleted server's) stay their project's, and lead nowhere. */
  portDeleted(port: PortRow): void {
    for (const row of floatingIpsOfPorts(this.#context.network.db, [port.id])) this.#lead(row, NOWHERE, {});
  }

  /** An address that the port does not have any more is led to no longer: it may be another port's soon. */
  portChanged(port: PortRow): void {
    const { db } = this.#context.network;
    const leading = floatingIpsOfPorts(db, [port.id]);
    if (leading.length === 0) return;
    const left = new Set(addressesOfPorts(db, [port.id]).map((ip) => ip.address));
    for (const row of leading) if (!left.has(row.fixed_ip_address ?? '')) this.#lead(row, NOWHERE, {});
  }
}

const inUseByForwarding = (id: string): Error =>
  conflict(`Floating IP ${id} in use by Port Forwarding resources.`, { type: 'FipInUseByPortForwarding' });

/** The old router comes first: never two answer for the address. */
const changeOf = (row: FloatingIpRow, way: Association): FloatingChange => ({
  floatingIpId: row.id,
  address: row.floating_ip_address,
  routerIds: [...new Set([row.router_id, way.router_id].filter((id) => id !== null))],
});
