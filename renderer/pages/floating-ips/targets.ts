import type { FloatingIp, Network, Port, Router, Server, Subnet } from '../../cloud/types.ts';
import { roleOf } from '../networks/ports.ts';

/** An inside address that a floating IP can lead to. */
export interface Target {
  /** `<port id> <address>`, for a control's value. */
  readonly key: string;
  readonly port: Port;
  readonly address: string;
  /** The server's name, or the port's. */
  readonly name: string;
  readonly server: boolean;
  /** No router with a gateway leads to it. */
  readonly cutOff: boolean;
  /** Another floating IP leads to it. */
  readonly taken: boolean;
}

export interface Surroundings {
  readonly ports: readonly Port[];
  readonly servers: ReadonlyMap<string, Server>;
  readonly subnets: ReadonlyMap<string, Subnet>;
  readonly networks: ReadonlyMap<string, Network>;
  readonly routers: ReadonlyMap<string, Router>;
  readonly floating: readonly FloatingIp[];
}

/** Where floating IPs can lead: IPv4 addresses of servers' and people's own ports, servers first. */
export function targets({
  ports,
  servers,
  subnets,
  networks,
  routers,
  floating,
}: Surroundings): readonly Target[] {
  const reachable = new Set(
    ports
      .filter(
        (one) =>
          roleOf(one) === 'routerInterface' && routers.get(one.device_id)?.external_gateway_info != null,
      )
      .flatMap((one) => one.fixed_ips.map((ip) => ip.subnet_id)),
  );
  const taken = new Set(floating.map((one) => `${one.port_id ?? ''} ${one.fixed_ip_address ?? ''}`));
  return ports
    .filter((port) => ['server', 'free', 'other', 'subport'].includes(roleOf(port)))
    .filter((port) => networks.get(port.network_id)?.['router:external'] !== true)
    .flatMap((port) =>
      port.fixed_ips
        .filter((ip) => !ip.ip_address.includes(':'))
        .map((ip) => {
          const server = roleOf(port) === 'server';
          const key = `${port.id} ${ip.ip_address}`;
          return {
            key,
            port,
            address: ip.ip_address,
            name:
              (server ? servers.get(port.device_id)?.name : undefined) ??
              (port.name === '' ? (subnets.get(ip.subnet_id)?.name ?? port.id.slice(0, 8)) : port.name),
            server,
            cutOff: !reachable.has(ip.subnet_id),
            taken: taken.has(key),
          };
        }),
    )
    .sort(
      (a, b) =>
        Number(a.cutOff) - Number(b.cutOff) ||
        Number(a.taken) - Number(b.taken) ||
        Number(b.server) - Number(a.server) ||
        a.name.localeCompare(b.name),
    );
}
