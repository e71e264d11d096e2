import { randomBytes, randomUUID } from 'node:crypto';
import { badRequest, conflict, notFound, unavailable } from '../../errors/error.ts';
import { networks } from '../store/network.ts';
import {
  addAddress,
  addressesOfPorts,
  forgetPlug,
  groupsOfPorts,
  macInNetwork,
  macInUse,
  plugs,
  ports,
  releasePlug,
  setPortGroups,
} from '../store/port.ts';
import { openAmong } from '../store/rbac.ts';
import type { NetworkRow, PortRow, SubnetRow } from '../store/row.ts';
import { GATEWAY, HA_PORT, isInterface } from '../store/router.ts';
import { groups } from '../store/security-group.ts';
import type { NetworkContext } from './context.ts';
import { allocate, type FixedIpAsked } from './ipam.ts';
import { freeAddress, joinSubnet, leaveSubnet, readdress, setPortAddresses } from './port-addresses.ts';
import type { Quotas } from './quota.ts';
import { ensureDefaultGroup } from './security-group-core.ts';
import { SHARED } from './sharing.ts';

export interface AddressPair {
  readonly ip_address: string;
  readonly mac_address: string;
}

export interface ExtraDhcpOption {
  readonly opt_name: string;
  readonly opt_value: string;
  readonly ip_version: 4 | 6;
}

/** A port to make, checked as far as the caller's rights go. What is left out is as neutron has it. */
export interface PortSpec {
  readonly id?: string;
  readonly projectId: string;
  readonly networkId: string;
  readonly name?: string;
  readonly description?: string;
  readonly macAddress?: string;
  readonly adminStateUp?: boolean;
  /** Undefined: one of the network's choosing. Empty: none. */
  readonly fixedIps?: readonly FixedIpAsked[] | undefined;
  /** Undefined: the project's default group, unless port security is off or the port is the network's own. */
  readonly securityGroupIds?: readonly string[] | undefined;
  readonly portSecurityEnabled?: boolean | undefined;
  /** A pair without a MAC address is for the port's own. */
  readonly allowedAddressPairs?: readonly { readonly ip_address: string; readonly mac_address?: string }[];
  readonly extraDhcpOpts?: readonly ExtraDhcpOption[];
  readonly deviceId?: string;
  /** 'compute:nova', 'network:router_interface', ...; '' for none. */
  readonly deviceOwner?: string;
  readonly dnsName?: string;
  /** With trailing dot; '' for the network's. */
  readonly dnsDomain?: string;
  readonly qosPolicyId?: string | null;
  readonly vnicType?: string;
  readonly bindingHost?: string;
  readonly bindingProfile?: Readonly<Record<string, unknown>>;
  readonly tags?: readonly string[];
  readonly status?: 'ACTIVE' | 'DOWN';
  readonly madeByCompute?: boolean;
  readonly nicIndex?: number;
  readonly nicTag?: string | undefined;
  /** The caller sees to the host itself (compute plugs and unplugs): no task is queued. */
  readonly quiet?: boolean;
  /** Ports that the cloud makes for itself (DHCP, router gateways) are counted but never refused. */
  readonly quota?: boolean;
}

/** Who is told of ports, in the transaction that changes them: floating IPs lead to them, routers have some. */
export interface PortObserver {
  /** Its columns or addresses were written. */
  portChanged(row: PortRow): void;
  /** Its row is gone. */
  portDeleted(row: PortRow): void;
}

/** Ports of the cloud's own: no security groups, no filter. */
export const isNetworkOwned = (deviceOwner: string): boolean => deviceOwner.startsWith('network:');

/** Interfaces and gateways of routers, addresses of floating IPs: made and deleted with those only. */
export const isRouterPort = (deviceOwner: string): boolean =>
  isInterface(deviceOwner) || [GATEWAY, HA_PORT, 'network:floatingip'].includes(deviceOwner);

/**
 * Ports as rows: what the API, compute, DHCP and routers share. Every method joins the caller's transaction and leaves
 * the host's part to the tasks.
 */
export class PortCore {
  readonly #context: NetworkContext;
  readonly #quotas: Quotas;
  readonly #observers: PortObserver[] = [];

  constructor(context: NetworkContext, quotas: Quotas) {
    this.#context = context;
    this.#quotas = quotas;
  }

  observe(observer: PortObserver): void {
    this.#observers.push(observer);
  }

  /** @throws {CloudError} in neutron's words: quota, network, MAC, addresses, groups. */
  create(spec: PortSpec): PortRow {
    const { db, clock, tasks } = this.#context;
    const network = networks.byId(db, spec.networkId);
    if (network === undefined) throw networkNotFound(spec.networkId);
    if (spec.quota !== false) this.#quotas.check(db, spec.projectId, 'port');
    const deviceOwner = spec.deviceOwner ?? '';
    const own = isNetworkOwned(deviceOwner);
    const portSecurity = spec.portSecurityEnabled ?? (!own && network.port_security_enabled === 1);
    const groupIds = this.#groupsFor(spec, portSecurity, own);
    const id = spec.id ?? randomUUID();
    const macAddress = this.#mac(network, spec.macAddress?.toLowerCase());
    const pairs = (spec.allowedAddressPairs ?? []).map((pair) => ({
      ip_address: pair.ip_address,
      mac_address: pair.mac_address?.toLowerCase() ?? macAddress,
    }));
    checkSecurity(portSecurity, groupIds, pairs);
    const addresses = allocate(
      db,
      { network_id: network.id, mac_address: macAddress, device_owner: deviceOwner },
      spec.fixedIps,
    );
    const now = clock();
    ports.insert(db, {
      id,
      project_id: spec.projectId,
      network_id: network.id,
      name: spec.name ?? '',
      description: spec.description ?? '',
      mac_address: macAddress,
      admin_state_up: spec.adminStateUp ?? true,
      status: spec.status ?? 'DOWN',
      device_id: spec.deviceId ?? '',
      device_owner: deviceOwner,
      port_security_enabled: portSecurity,
      allowed_address_pairs: JSON.stringify(pairs),
      extra_dhcp_opts: JSON.stringify(spec.extraDhcpOpts ?? []),
      dns_name: spec.dnsName ?? '',
      dns_domain: spec.dnsDomain ?? '',
      qos_policy_id: spec.qosPolicyId ?? null,
      vnic_type: spec.vnicType ?? 'normal',
      binding_host: spec.bindingHost ?? '',
      binding_profile: JSON.stringify(spec.bindingProfile ?? {}),
      made_by_compute: spec.madeByCompute ?? false,
      nic_index: spec.nicIndex ?? null,
      nic_tag: spec.nicTag ?? null,
      tags: JSON.stringify(spec.tags ?? []),
      created_at: now,
      updated_at: now,
      revision: 1,
    });
    addresses.forEach((address, position) => addAddress(db, { ...address, port_id: id, position }));
    setPortGroups(db, id, groupIds);
    if (spec.quiet !== true) tasks.portsChanged({ networkId: network.id, portIds: [id], groupIds });
    return ports.byId(db, id) as PortRow;
  }

  /**
   * Changes a port's columns and, where given, its addresses and groups.
   * @throws {CloudError} as {@link create}.
   */
  update(
    row: PortRow,
    changes: Partial<Omit<PortRow, 'seq' | 'id' | 'network_id' | 'revision'>>,
    more: {
      fixedIps?: readonly FixedIpAsked[] | undefined;
      securityGroupIds?: readonly string[] | undefined;
    } = {},
  ): PortRow {
    const { db, clock, tasks } = this.#context;
    const network = networks.byId(db, row.network_id) as NetworkRow;
    const before = groupsOfPorts(db, [row.id]).map((one) => one.security_group_id);
    const addressed = { ...row, ...changes };
    if (addressed.mac_address !== row.mac_address) {
      this.#mac(network, addressed.mac_address);
      readdress(db, addressed, more.fixedIps);
    } else if (more.fixedIps !== undefined) setPortAddresses(db, addressed, more.fixedIps);
    const portSecurity = (changes.port_security_enabled ?? row.port_security_enabled) === 1;
    const pairs = JSON.parse(changes.allowed_address_pairs ?? row.allowed_address_pairs) as AddressPair[];
    const after = more.securityGroupIds ?? before;
    checkSecurity(portSecurity, after, pairs);
    if (more.securityGroupIds !== undefined) {
      this.#checkGroups(more.securityGroupIds, row.project_id);
      setPortGroups(db, row.id, more.securityGroupIds);
    }
    const changed = ports.update(db, row, { ...changes, updated_at: clock(), revision: row.revision + 1 });
    tasks.portsChanged({
      networkId: row.network_id,
      portIds: [row.id],
      groupIds: [...new Set([...before, ...after])],
    });
    for (const observer of this.#observers) observer.portChanged(changed);
    return changed;
  }

  /** Gives the port exactly these addresses, next to its automatic ones; those that it has already it keeps. */
  setAddresses(row: PortRow, asked: readonly FixedIpAsked[]): void {
    setPortAddresses(this.#context.db, row, asked);
  }

  /** Gives ports what a new subnet has for them. */
  joinSubnet(subnet: SubnetRow): void {
    this.#addressesChanged(subnet.network_id, joinSubnet(this.#context.db, subnet));
  }

  /** Takes the addresses of a subnet that goes from all ports that have some. */
  leaveSubnet(subnet: SubnetRow): void {
    this.#addressesChanged(subnet.network_id, leaveSubnet(this.#context.db, subnet));
  }

  #addressesChanged(networkId: string, rows: readonly PortRow[]): void {
    if (rows.length === 0) return;
    const { db, clock, tasks } = this.#context;
    const portIds = rows.map((row) => row.id);
    const changed = rows.map((row) =>
      ports.update(db, row, { updated_at: clock(), revision: row.revision + 1 }),
    );
    const groupIds = new Set(groupsOfPorts(db, portIds).map((one) => one.security_group_id));
    tasks.portsChanged({ networkId, portIds, groupIds: [...groupIds] });
    for (const row of changed) for (const observer of this.#observers) observer.portChanged(row);
  }

  delete(row: PortRow, options: { readonly quiet?: boolean } = {}): void {
    const { db, tasks } = this.#context;
    const groupIds = groupsOfPorts(db, [row.id]).map((one) => one.security_group_id);
    for (const ip of addressesOfPorts(db, [row.id])) freeAddress(db, ip);
    setPortGroups(db, row.id, []);
    this.#release(row.id, groupIds);
    ports.delete(db, row.id);
    for (const observer of this.#observers) observer.portDeleted(row);
    if (options.quiet !== true)
      tasks.portsChanged({ networkId: row.network_id, portIds: [row.id], groupIds });
  }

  /** What the host has nothing of is free at once; the rest when it was taken off (R23). */
  #release(portId: string, groupIds: readonly string[]): void {
    const { db } = this.#context;
    const plug = plugs.byId(db, portId);
    if (plug === undefined) return;
    if (plug.plugged === 0) forgetPlug(db, plug);
    else releasePlug(db, portId, groupIds);
  }

  #groupsFor(spec: PortSpec, portSecurity: boolean, own: boolean): readonly string[] {
    if (spec.securityGroupIds === undefined) {
      if (own || !portSecurity) return [];
      return [ensureDefaultGroup(this.#context, spec.projectId).id];
    }
    this.#checkGroups(spec.securityGroupIds, spec.projectId);
    return [...new Set(spec.securityGroupIds)];
  }

  #checkGroups(ids: readonly string[], projectId: string): void {
    const { db } = this.#context;
    const shared = openAmong(db, SHARED, ids, projectId);
    const found = new Set(
      groups
        .byIds(db, ids)
        .filter((group) => group.project_id === projectId || shared.has(group.id))
        .map((group) => group.id),
    );
    const kinds = new Set(groups.byIds(db, ids).map((group) => group.stateful));
    if (kinds.size > 1) {
      throw conflict(
        'Error Cannot apply both stateful and stateless security groups on the same port at the same time while attempting the operation.',
        { type: 'SecurityGroupConflict' },
      );
    }
    const missing = ids.find((id) => !found.has(id));
    if (missing !== undefined)
      throw notFound(`Security group ${missing} does not exist`, { type: 'SecurityGroupNotFound' });
  }

  /** A MAC address that no port has. */
  freshMac(port: Pick<PortRow, 'network_id'>): string {
    const network = networks.byId(this.#context.db, port.network_id);
    if (network === undefined) throw networkNotFound(port.network_id);
    return this.#mac(network, undefined);
  }

  #mac(network: NetworkRow, wanted: string | undefined): string {
    const { db } = this.#context;
    if (wanted !== undefined) {
      if (/^00:00:00:00:00:00$|^.[13579bdf]/.test(wanted)) {
        throw badRequest(`Invalid input for mac_address. Reason: '${wanted}' is not a valid MAC address.`);
      }
      if (macInNetwork(db, network.id, wanted) !== undefined) {
        throw conflict(
          `Unable to complete operation for network ${network.id}. The mac address ${wanted} is in use.`,
          { type: 'MacAddressInUse' },
        );
      }
      return wanted;
    }
    for (let attempt = 0; attempt < 16; attempt++) {
      const bytes = [...randomBytes(3)].map((byte) => byte.toString(16).padStart(2, '0'));
      const mac = ['fa', '16', '3e', ...bytes].join(':');
      if (!macInUse(db, mac)) return mac;
    }
    throw unavailable(`Unable to generate unique mac on network ${network.id}.`, {
      type: 'MacAddressGenerationFailure',
    });
  }
}

export const networkNotFound = (id: string): Error =>
  notFound(`Network ${id} could not be found.`, { type: 'NetworkNotFound' });

function checkSecurity(
  portSecurity: boolean,
  groupIds: readonly string[],
  pairs: readonly AddressPair[],
): void {
  if (portSecurity) return;
  if (groupIds.length > 0) {
    throw conflict(
      'Port has security group associated. Cannot disable port security or IP address until security group is removed.',
      { type: 'PortSecurityPortHasSecurityGroup' },
    );
  }
  if (pairs.length > 0) {
    throw conflict('Port Security must be enabled in order to have allowed address pairs on a port.', {
      type: 'AddressPairAndPortSecurityRequired',
    });
  }
}
