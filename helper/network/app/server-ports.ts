import { randomUUID } from 'node:crypto';
import { transaction, type Db } from '../../db/index.ts';
import { badRequest, CloudError, conflict, forbidden, notFound, unavailable } from '../../errors/error.ts';
import type { AuthContext } from '../../http/index.ts';
import type { InterfaceAsked, NetworksAsked, RequestedNic } from '../face.ts';
import { attachableNetworks, networks, takeNumber } from '../store/network.ts';
import { addressTaken, plugs, ports, portsOfDevice } from '../store/port.ts';
import type { NetworkRow, PortRow } from '../store/row.ts';
import { groups, groupsNamed } from '../store/security-group.ts';
import { subnetIdsOf, subnetsOf } from '../store/subnet.ts';
import { keyOf, parseAddress, parseBlock } from './address.ts';
import type { AutoAllocatedTopology } from './auto-allocated.ts';
import type { NetworkContext } from './context.ts';
import type { PortCore } from './port-core.ts';
import type { Quotas } from './quota.ts';
import { ensureDefaultGroup } from './security-group-core.ts';
import { isOpenTo, maySee, mayUse } from './sharing.ts';

/** Columns that say to which server a port belongs. */
type Binding = Pick<
  PortRow,
  'device_id' | 'device_owner' | 'binding_host' | 'dns_name' | 'nic_index' | 'nic_tag'
>;

interface ServerOfPorts {
  readonly serverId: string;
  readonly serverName: string;
  readonly projectId: string;
  readonly availabilityZone: string;
  readonly securityGroupIds: readonly string[];
}

/** What compute asks for when it creates and deletes servers: all of it SQL in compute's own transactions. */
export class ServerPorts {
  readonly #context: NetworkContext;
  readonly #core: PortCore;
  readonly #quotas: Quotas;
  readonly #topology: Pick<AutoAllocatedTopology, 'get'> | undefined;

  /** @param topology makes the network of a project that has none and asks for 'auto' */
  constructor(
    context: NetworkContext,
    core: PortCore,
    quotas: Quotas,
    topology?: Pick<AutoAllocatedTopology, 'get'>,
  ) {
    this.#context = context;
    this.#core = core;
    this.#quotas = quotas;
    this.#topology = topology;
  }

  plan(
    auth: AuthContext,
    asked: NetworksAsked,
    securityGroups: readonly string[] | undefined,
  ): { nics: RequestedNic[]; securityGroupIds: string[] } {
    const { db } = this.#context;
    return transaction(db, () => {
      const nics = this.#nics(auth, asked);
      const made = nics.filter((nic) => !nic.existing).length;
      if (made > 0) this.#checkPortQuota(auth.projectId ?? '', made);
      return { nics, securityGroupIds: this.#groups(db, auth, securityGroups) };
    });
  }

  /** One more interface of a server of `projectId`, which an administrator's token need not be of. */
  planInterface(
    caller: AuthContext,
    projectId: string,
    asked: InterfaceAsked,
  ): { nic: RequestedNic; securityGroupIds: string[] } {
    const { db } = this.#context;
    const auth: AuthContext = { ...caller, projectId };
    return transaction(db, () => {
      const nic = this.#interface(auth, asked);
      if (!nic.existing) this.#checkPortQuota(projectId, 1);
      return {
        nic: asked.tag === undefined ? nic : { ...nic, tag: asked.tag },
        securityGroupIds: this.#groups(db, auth, undefined),
      };
    });
  }

  #interface(auth: AuthContext, { networkId, portId, fixedIp }: InterfaceAsked): RequestedNic {
    const { db } = this.#context;
    if (portId !== undefined) {
      const port = ports.byId(db, portId);
      if (port === undefined || (port.project_id !== auth.projectId && !auth.roles.has('admin')))
        throw notFound(`Port id ${portId} could not be found.`);
      if (port.project_id !== auth.projectId)
        throw badRequest(`Port ${portId} not usable for a server of project ${auth.projectId}.`);
      return this.#existing(auth, portId, undefined);
    }
    if (networkId === undefined) {
      const [only] = this.#automatic(auth, undefined);
      if (only === undefined)
        throw badRequest(
          `No specific network was requested and none are available for project '${auth.projectId}'.`,
        );
      return only;
    }
    const network = networks.byId(db, networkId);
    if (network === undefined || !(auth.roles.has('admin') || maySee(db, auth, network)))
      throw notFound(`Network ${networkId} could not be found.`);
    if (fixedIp !== undefined && this.#isTaken(network, fixedIp))
      throw conflict(`Fixed IP address ${fixedIp} is already in use.`);
    return this.#onNetwork(auth, {
      uuid: networkId,
      ...(fixedIp === undefined ? {} : { fixed_ip: fixedIp }),
    });
  }

  #isTaken(network: NetworkRow, text: string): boolean {
    const { db } = this.#context;
    const address = parseAddress(text);
    return (
      address !== undefined &&
      subnetsOf(db, network.id).some((subnet) => addressTaken(db, subnet.id, keyOf(address.value)))
    );
  }

  #checkPortQuota(projectId: string, made: number): void {
    try {
      this.#quotas.check(this.#context.db, projectId, 'port', made);
    } catch (error) {
      // nova answers 403 where neutron has no port left to give.
      throw forbidden('Maximum number of ports exceeded', { cause: error });
    }
  }

  #nics(auth: AuthContext, asked: NetworksAsked): RequestedNic[] {
    if (asked === 'none') return [];
    if (asked === undefined || asked === 'auto' || asked.length === 0) return this.#automatic(auth, asked);
    const portIds = new Set<string>();
    return asked.map((one) => {
      if (one.port === undefined) return this.#onNetwork(auth, one);
      if (portIds.has(one.port)) throw badRequest(`Port ${one.port} is requested twice.`);
      portIds.add(one.port);
      return this.#existing(auth, one.port, one.tag);
    });
  }

  /** The project's only network; a server without one when there is none. */
  #automatic(auth: AuthContext, asked: NetworksAsked): RequestedNic[] {
    const { db } = this.#context;
    const candidates = attachableNetworks(db, auth.projectId ?? '');
    const withSubnets = new Set(
      subnetIdsOf(
        db,
        candidates.map((network) => network.id),
      ).map((one) => one.network_id),
    );
    const usable = candidates.filter((network) => network.external === 0 && withSubnets.has(network.id));
    const own = usable.filter((network) => network.project_id === auth.projectId);
    const chosen = own.length > 0 ? own : usable;
    const [only] = chosen;
    if (chosen.length > 1) {
      throw conflict('Multiple possible networks found, use a Network ID to be more specific.');
    }
    if (only === undefined) {
      if (asked !== 'auto') return [];
      return [{ portId: randomUUID(), existing: false, networkId: this.#allocated(auth) }];
    }
    return [{ portId: randomUUID(), existing: false, networkId: only.id }];
  }

  /** nova's get-me-a-network, in its words. */
  #allocated(auth: AuthContext): string {
    const projectId = auth.projectId ?? '';
    const caller = { auth, may: () => true, requestId: '' };
    try {
      if (this.#topology !== undefined) return this.#topology.get(caller, projectId, []).id;
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      throw badRequest(
        `Unable to automatically allocate a network for project ${projectId}: ${error.message}`,
        {
          cause: error,
        },
      );
    }
    throw badRequest(`Unable to automatically allocate a network for project ${projectId}`);
  }

  #onNetwork(
    auth: AuthContext,
    one: { readonly uuid?: string; readonly fixed_ip?: string; readonly tag?: string },
  ): RequestedNic {
    const { db } = this.#context;
    if (one.uuid === undefined) throw badRequest('Network or port must be given for each network.');
    const network = networks.byId(db, one.uuid);
    const admin = auth.roles.has('admin');
    const visible = network !== undefined && (admin || maySee(db, auth, network));
    if (!visible) throw badRequest(`Network ${one.uuid} could not be found.`);
    if (!admin && !mayUse(db, auth, network))
      throw forbidden(`It is not allowed to create an interface on external network ${network.id}`);
    const subnets = subnetsOf(db, network.id);
    if (subnets.length === 0)
      throw badRequest(`Network ${network.id} requires a subnet in order to boot instances on.`);
    if (one.fixed_ip !== undefined) this.#checkFixedIp(network, one.fixed_ip);
    return {
      portId: randomUUID(),
      existing: false,
      networkId: network.id,
      ...(one.fixed_ip === undefined ? {} : { fixedIp: one.fixed_ip }),
      ...(one.tag === undefined ? {} : { tag: one.tag }),
    };
  }

  #checkFixedIp(network: NetworkRow, text: string): void {
    const { db } = this.#context;
    const address = parseAddress(text);
    const subnet = subnetsOf(db, network.id).find((one) => {
      const block = parseBlock(one.cidr);
      return (
        address !== undefined &&
        block?.version === address.version &&
        block.first <= address.value &&
        address.value <= block.last
      );
    });
    if (address === undefined || subnet === undefined)
      throw badRequest(`Fixed IP address ${text} is not a valid ip address for network ${network.id}.`);
    if (addressTaken(db, subnet.id, keyOf(address.value)))
      throw badRequest(`Fixed IP address ${text} is already in use on instance.`);
  }

  #existing(auth: AuthContext, portId: string, tag: string | undefined): RequestedNic {
    const { db } = this.#context;
    const port = ports.byId(db, portId);
    if (port === undefined || (!auth.roles.has('admin') && port.project_id !== auth.projectId))
      throw notFound(`Port id ${portId} could not be found.`, { status: 400 });
    if (port.device_id !== '') throw conflict(`Port ${portId} is still in use.`);
    return {
      portId,
      existing: true,
      networkId: port.network_id,
      ...(tag === undefined ? {} : { tag }),
    };
  }

  #groups(db: Db, auth: AuthContext, asked: readonly string[] | undefined): string[] {
    const projectId = auth.projectId ?? '';
    const wanted = asked === undefined || asked.length === 0 ? ['default'] : asked;
    const ids = wanted.map((nameOrId) => {
      if (nameOrId === 'default') return ensureDefaultGroup(this.#context, projectId).id;
      const byId = groups.byId(db, nameOrId);
      if (byId !== undefined && (byId.project_id === projectId || isOpenTo(db, auth, byId.id)))
        return byId.id;
      const named = groupsNamed(db, projectId, nameOrId);
      if (named.length > 1) {
        throw conflict(
          `Multiple security groups found matching '${nameOrId}'. Use an ID to be more specific.`,
        );
      }
      const [only] = named;
      if (only === undefined)
        throw badRequest(`Security group ${nameOrId} not found for project ${projectId}.`);
      return only.id;
    });
    return [...new Set(ids)];
  }

  create(server: ServerOfPorts & { readonly nics: readonly RequestedNic[] }): void {
    server.nics.forEach((nic, nicIndex) => this.#give(server, nic, nicIndex));
  }

  /** One more port, after the server's others. */
  attach(server: ServerOfPorts & { readonly nic: RequestedNic }): void {
    const used = portsOfDevice(this.#context.db, server.serverId).map(({ nic_index: index }) => index ?? -1);
    this.#give(server, server.nic, Math.max(-1, ...used) + 1);
  }

  #give(server: ServerOfPorts, nic: RequestedNic, nicIndex: number): void {
    const { db, config } = this.#context;
    const there = ports.byId(db, nic.portId);
    if (there?.device_id === server.serverId) return;
    const binding: Binding = {
      device_id: server.serverId,
      device_owner: `compute:${server.availabilityZone}`,
      binding_host: config.hostName,
      dns_name: dnsLabel(server.serverName),
      nic_index: nicIndex,
      nic_tag: nic.tag ?? null,
    };
    if (nic.existing) {
      if (there === undefined) throw notFound(`Port id ${nic.portId} could not be found.`);
      if (there.device_id !== '') throw conflict(`Port ${nic.portId} is still in use.`);
      this.#bind(there, binding);
    } else this.#make(server, nic, binding, nicIndex);
    this.#reserve(nic);
  }

  #make(server: ServerOfPorts, nic: RequestedNic, binding: Binding, nicIndex: number): void {
    const network = networks.byId(this.#context.db, nic.networkId);
    const guarded = network?.port_security_enabled === 1;
    this.#core.create({
      id: nic.portId,
      projectId: server.projectId,
      networkId: nic.networkId,
      fixedIps: nic.fixedIp === undefined ? undefined : [{ ip_address: nic.fixedIp }],
      securityGroupIds: guarded ? server.securityGroupIds : [],
      deviceId: binding.device_id,
      deviceOwner: binding.device_owner,
      bindingHost: binding.binding_host,
      dnsName: binding.dns_name,
      madeByCompute: true,
      nicIndex,
      nicTag: nic.tag,
      quiet: true,
    });
  }

  #bind(row: PortRow, binding: Binding): void {
    const { db, clock } = this.#context;
    ports.update(db, row, {
      ...binding,
      dns_name: row.dns_name === '' ? binding.dns_name : row.dns_name,
      updated_at: clock(),
      revision: row.revision + 1,
    });
  }

  /** The port's place in the packet filter, chosen before anything is on the host. */
  #reserve(nic: RequestedNic): void {
    const { db } = this.#context;
    if (plugs.byId(db, nic.portId) !== undefined) return;
    const mark = takeNumber(db, 'mark');
    if (mark === undefined)
      throw unavailable('This host has no room for another port: 65535 are plugged.', {
        type: 'HostPortsExhausted',
      });
    plugs.insert(db, { port_id: nic.portId, network_id: nic.networkId, mark });
  }

  /** Those that compute made are deleted; the others are free for another server. */
  delete(serverId: string): void {
    for (const row of portsOfDevice(this.#context.db, serverId)) this.#release(row);
  }

  /** As {@link delete} for one port of the server. */
  detach(serverId: string, portId: string): void {
    const row = ports.byId(this.#context.db, portId);
    if (row?.device_id === serverId) this.#release(row);
  }

  #release(row: PortRow): void {
    const { db, clock } = this.#context;
    if (!row.device_owner.startsWith('compute:')) return;
    if (row.made_by_compute === 1) {
      this.#core.delete(row, { quiet: true });
      return;
    }
    ports.update(db, row, {
      device_id: '',
      device_owner: '',
      binding_host: '',
      dns_name: '',
      nic_index: null,
      nic_tag: null,
      status: 'DOWN',
      updated_at: clock(),
      revision: row.revision + 1,
    });
  }
}

/** A server's name as a host name: letters, digits and hyphens (nova's sanitize_hostname); may come out empty. */
export function dnsLabel(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/[ _.]/g, '-')
    .replaceAll(/[^a-z0-9-]/g, '')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 63)
    .replaceAll(/-+$/g, '');
}
