import { randomUUID } from 'node:crypto';
import { transaction, type Db } from '../../db/index.ts';
import { conflict, notFound } from '../../errors/error.ts';
import type { RequestContext } from '../../http/index.ts';
import { networkRules } from '../policy.ts';
import type { SubnetCreate, SubnetUpdate } from '../schemas/subnet.ts';
import { dropPool, fillPool, setCursor } from '../store/free-range.ts';
import { networks, touchNetwork } from '../store/network.ts';
import { addressesOfSubnet } from '../store/port.ts';
import { isInterface } from '../store/router.ts';
import type { NetworkRow, SubnetRow } from '../store/row.ts';
import { subnets, subnetsOf } from '../store/subnet.ts';
import { canonical, keyOf, without, valueOf, type AddressRange } from './address.ts';
import { checkAttributes, demand, isAdmin, ownRows, projectFor } from './caller.ts';
import type { Caller, NetworkContext } from './context.ts';
import { ensureDhcpPort } from './dhcp-port.ts';
import { isAutomatic, poolsOf } from './ipam.ts';
import { columns, listResources, standardColumns, tagFilters, type Listing } from './listing.ts';
import { networkNotFound, type PortCore } from './port-core.ts';
import type { Quotas } from './quota.ts';
import { isOpenTo, maySee, openRows, sharedFilter } from './sharing.ts';
import { checkServiceTypes, checkSubnetSegment } from './subnet-segment.ts';
import { SubnetpoolAllocation } from './subnetpool-allocation.ts';
import {
  blockOf,
  checkDhcp,
  checkDhcpChange,
  checkGatewayAndPools,
  checkLists,
  checkModes,
  checkMtu6,
  keptRoutes,
  poolsFor,
  readCidr,
} from './subnet-rules.ts';
import { subnetView } from './view.ts';

const { text, flag } = columns;

const listing: Listing<SubnetRow> = {
  table: subnets,
  plural: 'subnets',
  columns: {
    ...standardColumns,
    name: text('name'),
    network_id: text('network_id'),
    ip_version: { sql: 'ip_version', type: 'integer' },
    cidr: text('cidr'),
    gateway_ip: text('gateway_ip'),
    enable_dhcp: flag('enable_dhcp'),
    ipv6_ra_mode: text('ipv6_ra_mode'),
    ipv6_address_mode: text('ipv6_address_mode'),
    subnetpool_id: text('subnetpool_id'),
    segment_id: text('segment_id'),
  },
  special: {
    ...tagFilters('subnet'),
    // An attribute of the subnet's network, which neutron's clients filter by as well.
    'router:external': (values) => ({
      sql: 'EXISTS (SELECT 1 FROM network n WHERE n.id = subnet.network_id AND n.external IN (SELECT value FROM json_each(?)))',
      values: [JSON.stringify(values.map((value) => (/^(true|1)$/i.test(value) ? 1 : 0)))],
    }),
  },
};

export const subnetNotFound = (id: string): Error =>
  notFound(`Subnet ${id} could not be found.`, { type: 'SubnetNotFound' });

/** What policy looks at: the subnet's project and its network's. */
export type SubnetTarget = SubnetRow & {
  readonly network_project_id: string;
  readonly shared: boolean;
};

export class SubnetApp {
  readonly #context: NetworkContext;
  readonly #quotas: Quotas;
  readonly #ports: PortCore;
  readonly #pools: SubnetpoolAllocation;

  constructor(context: NetworkContext, quotas: Quotas, ports: PortCore) {
    this.#context = context;
    this.#quotas = quotas;
    this.#ports = ports;
    this.#pools = new SubnetpoolAllocation(context, quotas);
  }

  load(caller: Pick<Caller, 'auth'>, id: string): SubnetTarget {
    const { db } = this.#context;
    const row = subnets.byId(db, id);
    const network = row && networks.byId(db, row.network_id);
    if (row === undefined || network === undefined) throw subnetNotFound(id);
    const shared = isOpenTo(db, caller.auth, network.id);
    const { projectId } = caller.auth;
    const own = row.project_id === projectId || network.project_id === projectId;
    // Those of external networks stay unseen, as in neutron: how the outside is made is the administrator's.
    if (!isAdmin(caller) && !own && !shared) throw subnetNotFound(id);
    return {
      ...row,
      network_project_id: network.project_id,
      shared,
    };
  }

  list(context: RequestContext): Record<string, unknown> {
    const { auth } = context;
    const open = openRows(auth, 'network', 'network_id');
    // Asked of each row: a project's networks may be as many as its subnets.
    const ownNetworks =
      'EXISTS (SELECT 1 FROM network n WHERE n.id = subnet.network_id AND n.project_id = ?)';
    const visible = { sql: `${ownNetworks} OR ${open.sql}`, values: [auth.projectId ?? '', ...open.values] };
    const special = { ...listing.special, shared: sharedFilter(auth, 'network', 'network_id') };
    return listResources(
      this.#context.db,
      { ...listing, special },
      context,
      ownRows(context, visible),
      (rows) => rows.map((row) => subnetView(row, isAdmin(context))),
    );
  }

  create(caller: Caller, bodies: readonly SubnetCreate[]): SubnetRow[] {
    return transaction(this.#context.db, () => bodies.map((body) => this.#create(caller, body)));
  }

  #create(caller: Caller, body: SubnetCreate): SubnetRow {
    const { db, clock, tasks } = this.#context;
    const projectId = projectFor(caller, body);
    const network = this.#networkFor(caller, body.network_id);
    const target = { project_id: projectId, network_project_id: network.project_id };
    demand(caller, 'create_subnet', target);
    checkAttributes(caller, networkRules, 'create_subnet', body, target, { segment_id: null });
    checkServiceTypes(body.service_types);
    this.#quotas.check(db, projectId, 'subnet');
    const { cidr, subnetpoolId } = this.#pools.allot(caller, network, projectId, body);
    const block = readCidr({ ...body, cidr: cidr ?? null }, subnetsOf(db, network.id), network.id);
    checkLists(body, block.version);
    const { gateway, pools } = poolsFor(block, body);
    const enableDhcp = body.enable_dhcp ?? true;
    checkDhcp(block, enableDhcp);
    checkModes(block, body, enableDhcp);
    checkSubnetSegment(db, network.id, body.segment_id ?? null);
    if (block.version === 6) checkMtu6(network.mtu);
    const now = clock();
    const id = randomUUID();
    subnets.insert(db, {
      id,
      project_id: projectId,
      network_id: network.id,
      name: body.name ?? '',
      description: body.description ?? '',
      ip_version: block.version,
      cidr: block.cidr,
      gateway_ip: gateway,
      enable_dhcp: enableDhcp,
      ipv6_ra_mode: body.ipv6_ra_mode ?? null,
      ipv6_address_mode: body.ipv6_address_mode ?? null,
      subnetpool_id: subnetpoolId,
      segment_id: body.segment_id ?? null,
      allocation_pools: JSON.stringify(pools),
      dns_nameservers: JSON.stringify((body.dns_nameservers ?? []).map(canonical)),
      host_routes: JSON.stringify(keptRoutes(body.host_routes)),
      service_types: JSON.stringify(body.service_types ?? []),
      tags: JSON.stringify(body.tags ?? []),
      created_at: now,
      updated_at: now,
      revision: 1,
    });
    const row = subnets.byId(db, id) as SubnetRow;
    layPools(db, row);
    touchNetwork(db, network.id, now);
    ensureDhcpPort(this.#context, this.#ports, network.id);
    this.#ports.joinSubnet(row);
    tasks.provision(network.id);
    return row;
  }

  #networkFor(caller: Pick<Caller, 'auth'>, id: string): NetworkRow {
    const { db } = this.#context;
    const network = networks.byId(db, id);
    const visible = network !== undefined && (isAdmin(caller) || maySee(db, caller.auth, network));
    if (!visible) throw networkNotFound(id);
    return network;
  }

  update(caller: Caller, row: SubnetTarget, body: SubnetUpdate): SubnetRow {
    const { db, clock, tasks } = this.#context;
    const usual = { segment_id: row.segment_id };
    checkAttributes(caller, networkRules, 'update_subnet', body, { ...row }, usual);
    checkServiceTypes(body.service_types);
    return transaction(db, () => {
      const current = subnets.byId(db, row.id);
      if (current === undefined) throw subnetNotFound(row.id);
      checkLists(body, current.ip_version);
      const segmentId = body.segment_id === undefined ? current.segment_id : body.segment_id;
      checkSubnetSegment(db, current.network_id, segmentId, current);
      const { gateway, pools } = checkGatewayAndPools(current, body);
      if (gateway !== current.gateway_ip) this.#checkGatewayFree(current);
      checkDhcpChange(current, body.enable_dhcp);
      const enableDhcp = body.enable_dhcp ?? current.enable_dhcp === 1;
      if (current.enable_dhcp === 0) checkDhcp(blockOf(current), enableDhcp);
      const changed = subnets.update(db, current, {
        name: body.name ?? current.name,
        description: body.description ?? current.description,
        gateway_ip: gateway,
        allocation_pools: JSON.stringify(pools),
        dns_nameservers:
          body.dns_nameservers === undefined
            ? current.dns_nameservers
            : JSON.stringify((body.dns_nameservers ?? []).map(canonical)),
        host_routes:
          body.host_routes === undefined ? current.host_routes : JSON.stringify(keptRoutes(body.host_routes)),
        enable_dhcp: Number(enableDhcp),
        segment_id: segmentId,
        service_types: JSON.stringify(body.service_types ?? JSON.parse(current.service_types)),
        updated_at: clock(),
        revision: current.revision + 1,
      });
      if (changed.allocation_pools !== current.allocation_pools) layPools(db, changed);
      touchNetwork(db, row.network_id, clock());
      ensureDhcpPort(this.#context, this.#ports, row.network_id);
      tasks.provision(row.network_id);
      return changed;
    });
  }

  /** The gateway address may not change while a router has it. */
  #checkGatewayFree(row: SubnetRow): void {
    const holder = addressesOfSubnet(this.#context.db, row.id).find(
      (ip) => ip.address === row.gateway_ip && ip.device_owner.startsWith('network:router'),
    );
    if (holder !== undefined) {
      throw conflict(
        `Current gateway ip ${row.gateway_ip} already in use by port ${holder.port_id}. Unable to update.`,
        { type: 'GatewayIpInUse' },
      );
    }
  }

  /**
   * Automatic addresses go with their subnet, as do the DHCP server's.
   * @throws {CloudError} SubnetInUse while ports have other addresses of it, or a router is on it.
   */
  delete(row: SubnetRow): void {
    const { db, clock, tasks } = this.#context;
    transaction(db, () => {
      const holds = isAutomatic(row) ? isInterface : (owner: string): boolean => owner !== 'network:dhcp';
      if (addressesOfSubnet(db, row.id).some((ip) => holds(ip.device_owner))) {
        throw conflict(
          `Unable to complete operation on subnet ${row.id}: One or more ports have an IP allocation from this subnet.`,
          { type: 'SubnetInUse' },
        );
      }
      this.#ports.leaveSubnet(row);
      dropSubnet(db, row);
      touchNetwork(db, row.network_id, clock());
      ensureDhcpPort(this.#context, this.#ports, row.network_id);
      tasks.provision(row.network_id);
    });
  }
}

/** Makes free what is of the pools and not in use. */
function layPools(db: Db, row: SubnetRow): void {
  const taken = addressesOfSubnet(db, row.id).map((ip) => valueOf(ip.address_key));
  const ranges: AddressRange[] = poolsOf(row).sort((a, b) => (a.first < b.first ? -1 : 1));
  fillPool(
    db,
    row.id,
    without(ranges, taken).map((range) => ({ first: keyOf(range.first), last: keyOf(range.last) })),
  );
  setCursor(db, row.id, keyOf(ranges[0]?.first ?? 0n));
}

export function dropSubnet(db: Db, row: SubnetRow): void {
  dropPool(db, row.id);
  subnets.delete(db, row.id);
}
