import { conflict } from '../../errors/error.ts';
import { networkRules } from '../policy.ts';
import type { GatewayInfo } from '../schemas/router.ts';
import { floatingIpsOfRouter } from '../store/floating-ip.ts';
import { networks } from '../store/network.ts';
import { addressesOfPorts, ports } from '../store/port.ts';
import { addressesOfRouter, GATEWAY, isInterface, type RouterRow } from '../store/router.ts';
import type { NetworkRow } from '../store/row.ts';
import { subnets } from '../store/subnet.ts';
import { checkAttributes, isAdmin } from './caller.ts';
import type { Caller } from './context.ts';
import type { FixedIpAsked } from './ipam.ts';
import { networkNotFound } from './port-core.ts';
import { chooseQosPolicy } from './qos-binding.ts';
import { badRouter, type RouterContext } from './router-context.ts';
import { checkGatewayOverlap } from './router-rules.ts';
import { maySee } from './sharing.ts';

/** The columns of a router that say where its gateway is. */
export type GatewayColumns = Pick<
  RouterRow,
  'gateway_network_id' | 'gateway_port_id' | 'enable_snat' | 'gateway_qos_policy_id'
>;

/** external_gateway_info of a router: the port on the external network that comes and goes with it. */
export class RouterGateway {
  readonly #context: RouterContext;

  constructor(context: RouterContext) {
    this.#context = context;
  }

  /** @throws {CloudError} forbidden: only admins choose SNAT and addresses. */
  checkRights(
    caller: Caller,
    action: 'create_router' | 'update_router',
    info: GatewayInfo | null | undefined,
    target: { readonly project_id: string; readonly enable_snat?: boolean },
  ): void {
    if (info === undefined || info === null) return;
    const { enable_snat, external_fixed_ips } = info;
    checkAttributes(
      caller,
      networkRules,
      `${action}:external_gateway_info`,
      { enable_snat, external_fixed_ips },
      target,
      { enable_snat: target.enable_snat ?? true, external_fixed_ips: null },
    );
  }

  /**
   * Brings the gateway port to what is asked; null (or no network) takes it away. In the caller's transaction.
   * @throws {CloudError} NetworkNotFound, BadRequest, RouterExternalGatewayInUseByFloatingIp, address errors.
   */
  set(caller: Pick<Caller, 'auth'>, row: RouterRow, info: GatewayInfo | null): GatewayColumns {
    // An empty {} clears as null does.
    const networkId = info?.network_id ?? null;
    if (info === null || networkId === null) {
      this.#remove(row);
      return {
        gateway_network_id: null,
        gateway_port_id: null,
        enable_snat: 1,
        gateway_qos_policy_id: null,
      };
    }
    const network = this.#external(caller, networkId);
    const asked = this.#asked(info, row.gateway_network_id === networkId);
    const enable_snat = Number(info.enable_snat ?? true);
    const gateway_qos_policy_id = chooseQosPolicy(
      this.#context.network.db,
      caller,
      { kind: 'router', id: row.id },
      row.gateway_qos_policy_id,
      info.qos_policy_id,
    );
    if (row.gateway_network_id === networkId && row.gateway_port_id !== null) {
      if (asked !== undefined) this.#readdress(row.gateway_port_id, asked);
      return {
        gateway_network_id: networkId,
        gateway_port_id: row.gateway_port_id,
        enable_snat,
        gateway_qos_policy_id,
      };
    }
    this.#remove(row);
    checkGatewayOverlap(this.#context.network.db, this.#interfaces(row), networkId);
    const port = this.#context.ports.create({
      // neutron's: the port is nobody's, so that its project does not see or change it.
      projectId: '',
      networkId: network.id,
      deviceId: row.id,
      deviceOwner: GATEWAY,
      bindingHost: this.#context.network.config.hostName,
      fixedIps: asked,
      quota: false,
      quiet: true,
    });
    return { gateway_network_id: networkId, gateway_port_id: port.id, enable_snat, gateway_qos_policy_id };
  }

  #interfaces(row: RouterRow) {
    return addressesOfRouter(this.#context.network.db, row.id).filter((ip) => isInterface(ip.device_owner));
  }

  #external(caller: Pick<Caller, 'auth'>, id: string): NetworkRow {
    const { db } = this.#context.network;
    const network = networks.byId(db, id);
    const visible = network !== undefined && (isAdmin(caller) || maySee(db, caller.auth, network));
    if (!visible) throw networkNotFound(id);
    if (network.external !== 1) throw badRouter(`Network ${id} is not an external network`);
    return network;
  }

  /** Undefined: any address, or on the network that the router is on already, the one that it has. */
  #asked(info: GatewayInfo, same: boolean): readonly FixedIpAsked[] | undefined {
    const asked = info.external_fixed_ips ?? undefined;
    if (asked === undefined || (asked.length === 0 && same)) return undefined;
    for (const { subnet_id, ip_address } of asked) {
      const subnet = subnet_id === undefined ? undefined : subnets.byId(this.#context.network.db, subnet_id);
      if (subnet_id !== undefined && subnet?.network_id !== info.network_id)
        throw badRouter(`Subnet ${subnet_id} is not on the external network ${String(info.network_id)}`);
      if (ip_address !== undefined && subnet?.gateway_ip === ip_address)
        throw badRouter(`External IP ${ip_address} is the same as the gateway IP`);
    }
    return asked.length === 0 ? undefined : asked;
  }

  #readdress(portId: string, asked: readonly FixedIpAsked[]): void {
    const { db } = this.#context.network;
    const port = ports.byId(db, portId);
    if (port === undefined) return;
    const before = addressesOfPorts(db, [portId]);
    const same =
      asked.length === before.length &&
      asked.every((one) => before.some((ip) => ip.address === one.ip_address));
    if (!same) this.#context.ports.setAddresses(port, asked);
  }

  /** @throws {CloudError} RouterExternalGatewayInUseByFloatingIp while floating IPs come in by it. */
  #remove(row: RouterRow): void {
    const { db } = this.#context.network;
    if (row.gateway_port_id === null) return;
    if (floatingIpsOfRouter(db, row.id).length > 0) {
      throw conflict(
        `Gateway cannot be updated for router ${row.id}, since a gateway to external network ${row.gateway_network_id} is required by one or more floating IPs.`,
        { type: 'RouterExternalGatewayInUseByFloatingIp' },
      );
    }
    const port = ports.byId(db, row.gateway_port_id);
    if (port !== undefined) this.#context.ports.delete(port, { quiet: true });
  }
}
