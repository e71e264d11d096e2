import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { badRequest, conflict, forbidden, notFound } from '../../errors/error.ts';
import type { RequestContext } from '../../http/index.ts';
import { networkRules } from '../policy.ts';
import type { PortCreate, PortUpdate } from '../schemas/port.ts';
import { networks } from '../store/network.ts';
import { addressesOfPorts, groupsOfPorts, ports, portsOfDevice } from '../store/port.ts';
import type { NetworkRow, PortRow } from '../store/row.ts';
import { groupBy } from '../store/table.ts';
import { checkAttributes, demand, isAdmin, projectFor } from './caller.ts';
import type { Caller, NetworkContext } from './context.ts';
import { ensureDhcpPort } from './dhcp-port.ts';
import { columns, listResources, standardColumns, tagFilters, type Listing } from './listing.ts';
import {
  isNetworkOwned,
  isRouterPort,
  networkNotFound,
  type ExtraDhcpOption,
  type PortCore,
} from './port-core.ts';
import {
  addressRules,
  checkContents,
  checkFixedOwner,
  columnsOf,
  DHCP,
  mergeOptions,
  pairsOf,
} from './port-request.ts';
import { byFixedIps } from './port-filters.ts';
import { isOpenTo, maySee, mayUse } from './sharing.ts';
import { chooseQosPolicy } from './qos-binding.ts';
import { checkUntrunked, trunkDetails } from './trunk-details.ts';
import { portView } from './view.ts';

const { text, flag } = columns;

const listing: Listing<PortRow> = {
  table: ports,
  plural: 'ports',
  columns: {
    ...standardColumns,
    name: text('name'),
    network_id: text('network_id'),
    mac_address: text('mac_address'),
    admin_state_up: flag('admin_state_up'),
    status: text('status'),
    device_id: text('device_id'),
    device_owner: text('device_owner'),
    port_security_enabled: flag('port_security_enabled'),
    dns_name: text('dns_name'),
    dns_domain: text('dns_domain'),
    qos_policy_id: text('qos_policy_id'),
    qos_network_policy_id: text('(SELECT n.qos_policy_id FROM network n WHERE n.id = port.network_id)'),
    'binding:vnic_type': text('vnic_type'),
    'binding:host_id': text('binding_host'),
  },
  special: {
    ...tagFilters('port'),
    fixed_ips: byFixedIps,
    ip_address: (values) => byFixedIps(values.map((value) => `ip_address=${value}`)),
    security_groups: (values) => ({
      sql: 'EXISTS (SELECT 1 FROM port_security_group g WHERE g.port_id = port.id AND g.security_group_id IN (SELECT value FROM json_each(?)))',
      values: [JSON.stringify(values)],
    }),
  },
};

export const portNotFound = (id: string): Error =>
  notFound(`Port ${id} could not be found.`, { type: 'PortNotFound' });

export type PortTarget = PortRow & { readonly network_project_id: string; readonly shared: boolean };

export class PortApp {
  readonly #context: NetworkContext;
  readonly #core: PortCore;

  constructor(context: NetworkContext, core: PortCore) {
    this.#context = context;
    this.#core = core;
  }

  load(caller: Pick<Caller, 'auth'>, id: string): PortTarget {
    const { db } = this.#context;
    const row = ports.byId(db, id);
    const network = row && networks.byId(db, row.network_id);
    if (row === undefined || network === undefined) throw portNotFound(id);
    const { projectId } = caller.auth;
    if (!isAdmin(caller) && row.project_id !== projectId && network.project_id !== projectId)
      throw portNotFound(id);
    return {
      ...row,
      network_project_id: network.project_id,
      shared: isOpenTo(db, caller.auth, network.id),
    };
  }

  views(caller: Pick<Caller, 'auth'>, rows: readonly PortRow[]) {
    const { db, config } = this.#context;
    const ids = rows.map((row) => row.id);
    const ips = groupBy(addressesOfPorts(db, ids), (ip) => ip.port_id);
    const groups = groupBy(groupsOfPorts(db, ids), (one) => one.port_id);
    const networkIds = [...new Set(rows.map((row) => row.network_id))];
    const around = new Map(networks.byIds(db, networkIds).map((network) => [network.id, network]));
    const trunked = trunkDetails(db, ids);
    const admin = isAdmin(caller);
    return rows.map((row) =>
      portView(row, {
        ips: ips.get(row.id) ?? [],
        groupIds: groups.get(row.id)?.map((one) => one.security_group_id) ?? [],
        network: around.get(row.network_id),
        trunk: trunked.get(row.id),
        admin,
        config,
      }),
    );
  }

  list(context: RequestContext): Record<string, unknown> {
    // Asked of each row: a project's networks may be as many as its ports.
    const ownNetworks = 'EXISTS (SELECT 1 FROM network n WHERE n.id = port.network_id AND n.project_id = ?)';
    const { projectId = '' } = context.auth;
    const visible = isAdmin(context)
      ? []
      : [{ sql: `project_id = ? OR ${ownNetworks}`, values: [projectId, projectId] }];
    return listResources(this.#context.db, listing, context, visible, (rows) => this.views(context, rows));
  }

  create(caller: Caller, bodies: readonly PortCreate[]): PortRow[] {
    return transaction(this.#context.db, () => bodies.map((body) => this.#create(caller, body)));
  }

  #create(caller: Caller, body: PortCreate): PortRow {
    const projectId = projectFor(caller, body);
    const network = this.#networkFor(caller, body.network_id);
    const target = {
      project_id: projectId,
      network_project_id: network.project_id,
      shared: isOpenTo(this.#context.db, caller.auth, network.id),
      network_device: isNetworkOwned(body.device_owner ?? ''),
    };
    demand(caller, 'create_port', target);
    if (!isAdmin(caller) && !mayUse(this.#context.db, caller.auth, network)) {
      throw forbidden(`Tenant ${projectId} not allowed to create port on this network`, {
        type: 'NotAuthorized',
      });
    }
    checkAttributes(caller, networkRules, 'create_port', { ...body, ...addressRules(body) }, target, {
      device_owner: '',
      fixed_ips: null,
      mac_address: null,
      allowed_address_pairs: [],
      port_security_enabled: network.port_security_enabled === 1,
      'binding:host_id': '',
      'binding:profile': {},
    });
    this.#checkOwner(caller, body.device_owner);
    this.#checkDevice(caller, projectId, body.device_id);
    checkContents(body);
    const id = randomUUID();
    return this.#core.create({
      id,
      projectId,
      networkId: network.id,
      qosPolicyId: chooseQosPolicy(this.#context.db, caller, { kind: 'port', id }, null, body.qos_policy_id),
      ...columnsOf(body),
      fixedIps: body.fixed_ips ?? undefined,
      securityGroupIds: body.security_groups ?? undefined,
      allowedAddressPairs: body.allowed_address_pairs ?? [],
      extraDhcpOpts: mergeOptions([], body.extra_dhcp_opts),
      portSecurityEnabled: body.port_security_enabled,
      tags: body.tags ?? [],
    });
  }

  #networkFor(caller: Pick<Caller, 'auth'>, id: string): NetworkRow {
    const { db } = this.#context;
    const network = networks.byId(db, id);
    const visible = network !== undefined && (isAdmin(caller) || maySee(db, caller.auth, network));
    if (!visible) throw networkNotFound(id);
    return network;
  }

  update(caller: Caller, row: PortTarget, body: PortUpdate): PortRow {
    const target = { ...row, network_device: isNetworkOwned(body.device_owner ?? '') };
    const fixedIps = body.fixed_ips ?? (body.fixed_ips === null ? [] : undefined);
    checkAttributes(caller, networkRules, 'update_port', { ...body, ...addressRules(body) }, target, {
      device_owner: row.device_owner,
      mac_address: row.mac_address,
      port_security_enabled: row.port_security_enabled === 1,
      'binding:host_id': row.binding_host,
      'binding:profile': JSON.parse(row.binding_profile) as unknown,
    });
    if (body.device_owner !== row.device_owner) this.#checkOwner(caller, body.device_owner);
    if (body.device_id !== undefined && body.device_id !== row.device_id)
      this.#checkDevice(caller, row.project_id, body.device_id);
    checkContents(body);
    return transaction(this.#context.db, () => {
      const current = ports.byId(this.#context.db, row.id);
      if (current === undefined) throw portNotFound(row.id);
      checkFixedOwner(current, body, addressesOfPorts(this.#context.db, [row.id]));
      if (current.device_owner === DHCP) this.#context.tasks.provision(current.network_id);
      // null asks for another one (neutron's port-mac-address-regenerate).
      const mac = body.mac_address === null ? this.#core.freshMac(current) : body.mac_address?.toLowerCase();
      if (mac !== undefined && mac !== current.mac_address && current.binding_host !== '') {
        throw conflict(
          `Unable to complete operation on port ${row.id}, port is already bound, port type: bridge, old_mac ${current.mac_address}, new_mac ${mac}.`,
          { type: 'PortBound' },
        );
      }
      const own = columnsOf(body);
      return this.#core.update(
        current,
        {
          name: own.name ?? current.name,
          description: own.description ?? current.description,
          admin_state_up: Number(own.adminStateUp ?? current.admin_state_up),
          mac_address: mac ?? current.mac_address,
          device_id: own.deviceId ?? current.device_id,
          device_owner: own.deviceOwner ?? current.device_owner,
          dns_name: own.dnsName ?? current.dns_name,
          dns_domain: own.dnsDomain ?? current.dns_domain,
          qos_policy_id: chooseQosPolicy(
            this.#context.db,
            caller,
            { kind: 'port', id: row.id },
            current.qos_policy_id,
            body.qos_policy_id,
          ),
          vnic_type: own.vnicType ?? current.vnic_type,
          binding_host: own.bindingHost ?? current.binding_host,
          binding_profile: JSON.stringify(own.bindingProfile ?? JSON.parse(current.binding_profile)),
          port_security_enabled: Number(body.port_security_enabled ?? current.port_security_enabled),
          allowed_address_pairs: JSON.stringify(
            body.allowed_address_pairs === undefined
              ? JSON.parse(current.allowed_address_pairs)
              : pairsOf(body.allowed_address_pairs, mac ?? current.mac_address),
          ),
          extra_dhcp_opts: JSON.stringify(
            mergeOptions(JSON.parse(current.extra_dhcp_opts) as ExtraDhcpOption[], body.extra_dhcp_opts),
          ),
        },
        {
          ...(fixedIps === undefined ? {} : { fixedIps }),
          ...(body.security_groups === undefined ? {} : { securityGroupIds: body.security_groups ?? [] }),
        },
      );
    });
  }

  /** Ports of routers are the router's to remove. */
  delete(caller: Caller, row: PortRow): void {
    const { db, tasks, serverPortDeleted } = this.#context;
    transaction(db, () => {
      if (isRouterPort(row.device_owner)) {
        throw conflict(
          `Port ${row.id} cannot be deleted directly via the port API: has device owner ${row.device_owner}.`,
          { type: 'ServicePortInUse' },
        );
      }
      checkUntrunked(db, row.id);
      if (row.device_owner.startsWith('compute:')) serverPortDeleted?.(row, caller);
      this.#core.delete(row);
      if (row.device_owner !== DHCP) return;
      // The network still needs one: as with neutron's agent, another port takes its place.
      ensureDhcpPort(this.#context, this.#core, row.network_id);
      tasks.provision(row.network_id);
    });
  }

  /**
   * S27: another project's server or router is not named as the device of one's port: its metadata, its addresses
   * and its deletion would then be shared with a stranger.
   */
  #checkOwner(caller: Caller, deviceOwner: string | undefined): void {
    if (deviceOwner === DHCP && !isAdmin(caller))
      throw forbidden(`A port with device owner ${DHCP} is made by the network itself`, {
        type: 'PolicyNotAuthorized',
      });
    if (deviceOwner !== undefined && isRouterPort(deviceOwner))
      throw badRequest(
        `Invalid input for device_owner. Reason: '${deviceOwner}' is given by add_router_interface, external_gateway_info and floatingips only.`,
        { type: 'InvalidInput' },
      );
  }

  #checkDevice(caller: Caller, projectId: string, deviceId: string | undefined): void {
    if (deviceId === undefined || deviceId === '' || isAdmin(caller)) return;
    const { db, deviceProject } = this.#context;
    const holder =
      deviceProject(db, deviceId) ??
      portsOfDevice(db, deviceId).find((one) => one.project_id !== projectId)?.project_id;
    if (holder !== undefined && holder !== projectId) {
      throw forbidden(
        `The following device_id ${deviceId} is not owned by your tenant or matches another tenants router.`,
        { type: 'DeviceIDNotOwnedByTenant' },
      );
    }
  }
}
