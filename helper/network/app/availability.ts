import type { Db } from '../../db/index.ts';
import { allNetworks } from '../store/network.ts';
import { addressCounts } from '../store/port.ts';
import { subnetsOfNetworks } from '../store/subnet.ts';
import { groupBy } from '../store/table.ts';
import { poolsOf } from './ipam.ts';

/** Addresses of each network, all and in use, as network-ip-availability counts them: pools, and every address used. */
export function availability(db: Db, ipVersion: string | undefined) {
  const networks = allNetworks(db);
  const subnets = groupBy(
    subnetsOfNetworks(
      db,
      networks.map((network) => network.id),
    ).filter((subnet) => ipVersion === undefined || String(subnet.ip_version) === ipVersion),
    (subnet) => subnet.network_id,
  );
  const used = addressCounts(db);
  return networks.map((network) => {
    const subnet_ip_availability = (subnets.get(network.id) ?? []).map((subnet) => ({
      subnet_id: subnet.id,
      subnet_name: subnet.name,
      cidr: subnet.cidr,
      ip_version: subnet.ip_version,
      total_ips: poolsOf(subnet).reduce((sum, pool) => sum + Number(pool.last - pool.first + 1n), 0),
      used_ips: used.get(subnet.id) ?? 0,
    }));
    const sum = (key: 'total_ips' | 'used_ips'): number =>
      subnet_ip_availability.reduce((total, one) => total + one[key], 0);
    return {
      network_id: network.id,
      network_name: network.name,
      project_id: network.project_id,
      tenant_id: network.project_id,
      total_ips: sum('total_ips'),
      used_ips: sum('used_ips'),
      subnet_ip_availability,
    };
  });
}
