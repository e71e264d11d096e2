import type { Network, Port, Subnet } from '../../cloud/types.ts';

export interface Joinable {
  readonly subnet: Subnet;
  /** The name of its network. */
  readonly network: string;
}

/** Subnets that a router could join by their gateway's address: of inside networks, and no router has it yet. */
export function joinable(
  subnets: readonly Subnet[],
  networks: readonly Network[],
  ports: readonly Port[],
): readonly Joinable[] {
  const names = new Map(networks.map((one) => [one.id, one.name] as const));
  const outside = new Set(networks.filter((one) => one['router:external']).map((one) => one.id));
  const taken = new Set(
    ports
      .filter((one) => one.device_owner === 'network:router_interface')
      .flatMap((one) => one.fixed_ips.map((ip) => ip.ip_address + ip.subnet_id)),
  );
  return subnets
    .filter(
      (one) => !outside.has(one.network_id) && one.gateway_ip !== null && !taken.has(one.gateway_ip + one.id),
    )
    .map((subnet) => ({ subnet, network: names.get(subnet.network_id) ?? subnet.network_id.slice(0, 8) }))
    .sort((a, b) => a.network.localeCompare(b.network) || a.subnet.ip_version - b.subnet.ip_version);
}
