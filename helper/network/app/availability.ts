import type { Db } from '../../db/index.ts';
import { allNetworks } from '../store/network.ts';
import { addressCounts } from '../store/port.ts';
import { subnetsOfNetworks } from '../store/subnet.ts';
import { groupBy } from '../store/table.ts';
import { poolsOf } from './ipam.ts';

/** Addresses of each network, all and in use, as network-ip-availability counts them: pools, and every address used. */
export function availability(db: Db, ipVersions: readonly string[]) {
  const networks = allNetworks(db);
  const subnets = groupBy(
    subnetsOfNetworks(
      db,
      networks.map((network) => network.id),
    ).filter((subnet) => ipVersions.length === 0 || ipVersions.includes(String(subnet.ip_version))),
    (subnet) => subnet.network_id,
  );
  const used = addressCounts(db);
  return networks.map((network) => {
    const own = subnets.get(network.id) ?? [];
    const sizes = own.map((subnet) =>
      poolsOf(subnet).reduce((sum, pool) => sum + pool.last - pool.first + 1n, 0n),
    );
    const subnet_ip_availability = own.map((subnet, i) => ({
      subnet_id: subnet.id,
      subnet_name: subnet.name,
      cidr: subnet.cidr,
      ip_version: subnet.ip_version,
      total_ips: exact(sizes[i] ?? 0n),
      used_ips: used.get(subnet.id) ?? 0,
    }));
    return {
      network_id: network.id,
      network_name: network.name,
      project_id: network.project_id,
      tenant_id: network.project_id,
      total_ips: exact(sizes.reduce((sum, size) => sum + size, 0n)),
      used_ips: subnet_ip_availability.reduce((sum, one) => sum + one.used_ips, 0),
      subnet_ip_availability,
    };
  });
}

/** A number in JSON, also one that a double does not hold: a /64 has 2^64 addresses. */
const exact = (value: bigint): unknown =>
  value <= Number.MAX_SAFE_INTEGER
    ? Number(value)
    : (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(value.toString());
