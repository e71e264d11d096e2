import { conflict, notFound } from '../../errors/error.ts';
import { floatingIpAt, type FloatingIpRow } from '../store/floating-ip.ts';
import { networks } from '../store/network.ts';
import { addressesOfPorts, ports } from '../store/port.ts';
import { routersBetween } from '../store/router.ts';
import type { PortIpRow, PortRow } from '../store/row.ts';
import { subnets } from '../store/subnet.ts';
import { isAdmin } from './caller.ts';
import type { Caller } from './context.ts';
import { portNotFound } from './port.ts';
import { badFloatingIp, type RouterContext } from './router-context.ts';

/** Where a floating IP leads, and through which router. */
export type Association = Pick<FloatingIpRow, 'port_id' | 'fixed_ip_address' | 'router_id'>;

export const NOWHERE: Association = { port_id: null, fixed_ip_address: null, router_id: null };

/** Finds the way of a floating IP: port, fixed address, router. */
export class FloatingAssociation {
  readonly #context: RouterContext;

  constructor(context: RouterContext) {
    this.#context = context;
  }

  /**
   * @throws {CloudError} PortNotFound, BadRequest, FloatingIPPortAlreadyAssociated,
   *   ExternalGatewayForFloatingIPNotFound.
   */
  find(
    caller: Pick<Caller, 'auth'>,
    row: FloatingIpRow,
    asked: { readonly port_id?: string | null; readonly fixed_ip_address?: string | null },
  ): Association {
    const { db } = this.#context.network;
    const portId = asked.port_id ?? '';
    const wanted = asked.fixed_ip_address ?? undefined;
    if (portId === '') {
      if (wanted !== undefined) throw badFloatingIp('fixed_ip_address cannot be specified without a port_id');
      return NOWHERE;
    }
    const port = this.#port(caller, row, portId);
    const fixed = chooseAddress(port, addressesOfPorts(db, [portId]), wanted);
    const other = floatingIpAt(db, row.floating_network_id, portId, fixed.address);
    if (other !== undefined && other.id !== row.id) {
      throw conflict(
        `Cannot associate floating IP ${row.floating_ip_address} (${row.id}) with port ${portId} using fixed IP ${fixed.address}, as that fixed IP already has a floating IP on external network ${row.floating_network_id}.`,
        { type: 'FloatingIPPortAlreadyAssociated' },
      );
    }
    return { port_id: portId, fixed_ip_address: fixed.address, router_id: this.#router(row, port, fixed) };
  }

  #port(caller: Pick<Caller, 'auth'>, row: FloatingIpRow, id: string): PortRow {
    const port = ports.byId(this.#context.network.db, id);
    if (port === undefined) throw portNotFound(id);
    if (isAdmin(caller) || port.project_id === row.project_id) return port;
    if (networks.byId(this.#context.network.db, port.network_id)?.project_id === caller.auth.projectId) {
      throw badFloatingIp(
        `Cannot process floating IP association with Port ${id}, since that port is owned by a different project`,
      );
    }
    // Not even that it exists is told to strangers.
    throw portNotFound(id);
  }

  #router(row: FloatingIpRow, port: PortRow, fixed: PortIpRow): string {
    const { db } = this.#context.network;
    const ways = routersBetween(db, fixed.subnet_id, row.floating_network_id);
    const gateway = subnets.byId(db, fixed.subnet_id)?.gateway_ip;
    const found = ways.find((way) => way.address === gateway) ?? ways[0];
    if (found !== undefined) return found.id;
    throw notFound(
      `External network ${row.floating_network_id} is not reachable from subnet ${fixed.subnet_id}.  Therefore, cannot associate Port ${port.id} with a Floating IP.`,
      { type: 'ExternalGatewayForFloatingIPNotFound' },
    );
  }
}

function chooseAddress(port: PortRow, all: readonly PortIpRow[], wanted: string | undefined): PortIpRow {
  const four = all.filter((ip) => !ip.address.includes(':'));
  if (wanted !== undefined) {
    const found = four.find((ip) => ip.address === wanted);
    if (found === undefined) throw badFloatingIp(`Port ${port.id} does not have fixed ip ${wanted}`);
    return found;
  }
  const [only, ...more] = four;
  if (only === undefined) {
    throw badFloatingIp(`Cannot add floating IP to port ${port.id} that has no fixed IPv4 addresses`);
  }
  if (more.length > 0) {
    throw badFloatingIp(
      `Port ${port.id} has multiple fixed IPv4 addresses.  Must provide a specific IPv4 address when assigning a floating IP`,
    );
  }
  return only;
}
