import { transaction } from '../../db/index.ts';
import { CloudError, badRequest, conflict, forbidden, notFound } from '../../errors/error.ts';
import type { ComputeAddresses, ProxyFloatingIp } from '../face.ts';
import { floatingIpsOfProject, type FloatingIpRow } from '../store/floating-ip.ts';
import { allNetworks, attachableNetworks, externalNetworks, networks } from '../store/network.ts';
import { addressesOfPorts, ports, portsOfDevice } from '../store/port.ts';
import type { NetworkRow, PortRow } from '../store/row.ts';
import { subnetsOf } from '../store/subnet.ts';
import { isAdmin } from './caller.ts';
import type { Caller, NetworkContext } from './context.ts';
import type { FloatingIpApp } from './floating-ip.ts';
import type { NetworkApp } from './network.ts';
import type { PortCore } from './port-core.ts';

/** Compute's policy was asked already. */
const as = (caller: Pick<Caller, 'auth' | 'requestId'>): Caller => ({ ...caller, may: () => true });

const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

/** The proxies of compute's old microversions: networks, floating IPs, fixed addresses of servers, in nova's words. */
export class ComputeAddressProxy implements ComputeAddresses {
  readonly #context: NetworkContext;
  readonly #networks: NetworkApp;
  readonly #floating: FloatingIpApp;
  readonly #ports: PortCore;

  constructor(parts: {
    readonly context: NetworkContext;
    readonly networks: NetworkApp;
    readonly floating: FloatingIpApp;
    readonly ports: PortCore;
  }) {
    this.#context = parts.context;
    this.#networks = parts.networks;
    this.#floating = parts.floating;
    this.#ports = parts.ports;
  }

  listNetworks: ComputeAddresses['listNetworks'] = ({ auth }) => {
    const { db } = this.#context;
    if (isAdmin({ auth })) return allNetworks(db).map(({ id, name }) => ({ id, name }));
    const own = attachableNetworks(db, auth.projectId ?? '');
    const external = externalNetworks(db).filter(({ id }) => !own.some((one) => one.id === id));
    return [...own, ...external].map(({ id, name }) => ({ id, name }));
  };

  showNetwork: ComputeAddresses['showNetwork'] = (caller, id) => {
    try {
      const { name } = this.#networks.load(caller, id);
      return { id, name };
    } catch (error) {
      throw notFound('Network not found', { cause: error });
    }
  };

  pools: ComputeAddresses['pools'] = () =>
    externalNetworks(this.#context.db).map(({ id, name }) => ({ id, name }));

  listFloatingIps: ComputeAddresses['listFloatingIps'] = ({ auth }) =>
    this.#views(floatingIpsOfProject(this.#context.db, auth.projectId ?? ''));

  showFloatingIp: ComputeAddresses['showFloatingIp'] = (caller, id) => this.#view(this.#load(caller, id));

  createFloatingIp: ComputeAddresses['createFloatingIp'] = (caller, pool) => {
    const all = externalNetworks(this.#context.db);
    const network = pool === undefined ? all[0] : all.find(({ id, name }) => id === pool || name === pool);
    if (network === undefined) throw notFound('Floating IP pool not found.');
    const inPool = pool === undefined ? '' : ` in pool ${pool}`;
    try {
      const [row] = this.#floating.create(as(caller), [{ floating_network_id: network.id }]);
      return this.#view(row as FloatingIpRow);
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      if (error.kind === 'overQuota') throw forbidden(`IP allocation over quota${inPool}.`, { cause: error });
      if (error.type === 'IpAddressGenerationFailure')
        throw notFound(inPool === '' ? 'No more floating IPs available.' : `No more floating IPs${inPool}.`, {
          cause: error,
        });
      throw badRequest(error.message, { cause: error });
    }
  };

  deleteFloatingIp: ComputeAddresses['deleteFloatingIp'] = (caller, id) => {
    this.#floating.delete(as(caller), this.#load(caller, id));
  };

  associate: ComputeAddresses['associate'] = (caller, serverId, address, fixedAddress) => {
    const { db } = this.#context;
    transaction(db, () => {
      const mine = portsOfDevice(db, serverId);
      const fixed = addressesOfPorts(
        db,
        mine.map(({ id }) => id),
      );
      if (fixed.length === 0) throw badRequest('No fixed IPs associated to instance');
      const chosen =
        fixedAddress === undefined
          ? fixed.find((one) => !one.address.includes(':'))
          : fixed.find((one) => one.address === fixedAddress);
      if (chosen === undefined && fixedAddress !== undefined)
        throw badRequest('Specified fixed address not assigned to instance');
      if (chosen === undefined)
        throw badRequest(
          `Unable to associate floating IP ${address} to any fixed IPs for instance ${serverId}. Instance has no fixed IPv4 addresses to associate.`,
        );
      const row = this.#byAddress(caller, address);
      if (row === undefined) throw notFound('floating IP not found');
      try {
        this.#floating.update(as(caller), row, {
          port_id: chosen.port_id,
          fixed_ip_address: chosen.address,
        });
      } catch (error) {
        if (!(error instanceof CloudError)) throw error;
        throw badRequest(
          `Unable to associate floating IP ${address} to fixed IP ${chosen.address} for instance ${serverId}. Error: ${error.message}`,
          { cause: error },
        );
      }
    });
  };

  disassociate: ComputeAddresses['disassociate'] = (caller, serverId, address) => {
    const { db } = this.#context;
    transaction(db, () => {
      const row = this.#byAddress(caller, address);
      if (row === undefined) throw notFound('floating IP not found');
      const port = row.port_id === null ? undefined : ports.byId(db, row.port_id);
      if (port?.device_id !== serverId)
        throw conflict(`Floating IP ${address} is not associated with instance ${serverId}.`);
      this.#floating.update(as(caller), row, { port_id: null });
    });
  };

  addFixedIp: ComputeAddresses['addFixedIp'] = (serverId, networkId) => {
    const { db } = this.#context;
    transaction(db, () => {
      const port = portsOfDevice(db, serverId).find((one) => one.network_id === networkId);
      const subnet = subnetsOf(db, networkId)[0];
      if (port === undefined || subnet === undefined)
        throw badRequest(`Network could not be found for instance ${serverId}.`);
      this.#changeAddresses(port, [...this.#addresses(port), { subnet_id: subnet.id }]);
    });
  };

  removeFixedIp: ComputeAddresses['removeFixedIp'] = (serverId, address) => {
    const { db } = this.#context;
    transaction(db, () => {
      for (const port of portsOfDevice(db, serverId)) {
        const all = this.#addresses(port);
        const left = all.filter((one) => one.ip_address !== address);
        if (left.length === all.length) continue;
        this.#changeAddresses(port, left);
        return;
      }
      throw badRequest(`Instance ${serverId} does not have fixed IP '${address}'.`);
    });
  };

  #addresses(port: PortRow): readonly { readonly subnet_id: string; readonly ip_address: string }[] {
    return addressesOfPorts(this.#context.db, [port.id]).map((one) => ({
      subnet_id: one.subnet_id,
      ip_address: one.address,
    }));
  }

  #changeAddresses(
    port: PortRow,
    fixedIps: readonly { readonly subnet_id?: string; readonly ip_address?: string }[],
  ): void {
    try {
      this.#ports.update(port, {}, { fixedIps });
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      throw badRequest(error.message, { cause: error });
    }
  }

  #load(caller: Pick<Caller, 'auth'>, id: string): FloatingIpRow {
    if (!UUID.test(id)) throw badRequest(`Invalid ID received ${id.slice(0, 80)}.`);
    try {
      return this.#floating.load(caller, id);
    } catch (error) {
      throw notFound(`Floating IP not found for ID ${id}`, { cause: error });
    }
  }

  /** Of the caller's project; of any for administrators. */
  #byAddress({ auth }: Pick<Caller, 'auth'>, address: string): FloatingIpRow | undefined {
    const { db } = this.#context;
    const project = isAdmin({ auth }) ? null : (auth.projectId ?? '');
    return floatingIpsOfProject(db, project).find((one) => one.floating_ip_address === address);
  }

  #view(row: FloatingIpRow): ProxyFloatingIp {
    return this.#views([row])[0] as ProxyFloatingIp;
  }

  #views(rows: readonly FloatingIpRow[]): readonly ProxyFloatingIp[] {
    const { db } = this.#context;
    const nets = new Map<string, NetworkRow>(
      networks.byIds(db, [...new Set(rows.map((row) => row.floating_network_id))]).map((n) => [n.id, n]),
    );
    const portIds = rows.flatMap((row) => row.port_id ?? []);
    const byId = new Map<string, PortRow>(
      (portIds.length === 0 ? [] : ports.byIds(db, portIds)).map((port) => [port.id, port]),
    );
    return rows.map((row) => ({
      id: row.id,
      address: row.floating_ip_address,
      pool: nets.get(row.floating_network_id)?.name || row.floating_network_id,
      fixedAddress: row.fixed_ip_address,
      serverId: byId.get(row.port_id ?? '')?.device_id || null,
    }));
  }
}
