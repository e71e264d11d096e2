import { notFound } from '../../errors/error.ts';
import type { RequestContext } from '../../http/index.ts';
import type { Db } from '../../db/index.ts';
import { networks } from '../store/network.ts';
import { addressCounts } from '../store/port.ts';
import type { NetworkRow } from '../store/row.ts';
import { subnetsOfNetworks } from '../store/subnet.ts';
import { groupBy } from '../store/table.ts';
import { isAdmin } from './caller.ts';
import { poolsOf } from './ipam.ts';
import { columns, listResources, type Listing } from './listing.ts';

const { text } = columns;

const listing: Listing<NetworkRow> = {
  table: networks,
  plural: 'network_ip_availabilities',
  columns: {
    network_id: text('id'),
    network_name: text('name'),
    project_id: text('project_id'),
    tenant_id: text('project_id'),
  },
  // It chooses among a network's subnets, not among networks.
  special: { ip_version: () => ({ sql: '1', values: [] }) },
};

/** A page of networks with their addresses. A list leaves out what the caller may not see, which may be all. */
export function availabilities(db: Db, context: RequestContext): Record<string, unknown> {
  const visible = isAdmin(context) ? [] : [{ sql: '0', values: [] }];
  const versions = context.queryAll('ip_version');
  return listResources(db, listing, context, visible, (rows) => availabilityOf(db, rows, versions));
}

/** @throws {CloudError} NetworkNotFound */
export function availability(db: Db, networkId: string): object {
  const network = networks.byId(db, networkId);
  const [found] = network === undefined ? [] : availabilityOf(db, [network], []);
  if (found === undefined)
    throw notFound(`Network ${networkId} could not be found.`, { type: 'NetworkNotFound' });
  return found;
}

/** Addresses of each network, all and in use, as network-ip-availability counts them: pools, and every address used. */
function availabilityOf(db: Db, rows: readonly NetworkRow[], ipVersions: readonly string[]) {
  const subnets = groupBy(
    subnetsOfNetworks(
      db,
      rows.map((network) => network.id),
    ).filter((subnet) => ipVersions.length === 0 || ipVersions.includes(String(subnet.ip_version))),
    (subnet) => subnet.network_id,
  );
  const used = addressCounts(
    db,
    [...subnets.values()].flat().map((subnet) => subnet.id),
  );
  return rows.map((network) => {
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
