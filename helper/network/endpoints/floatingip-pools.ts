import type { Db } from '../../db/index.ts';
import { endpoint, type Endpoint } from '../../http/index.ts';
import { columns, listResources, type Listing } from '../app/listing.ts';
import { listed } from '../schemas/common.ts';
import { FloatingIpPool } from '../schemas/floating-ip.ts';
import type { SubnetRow } from '../store/row.ts';
import { subnets } from '../store/subnet.ts';

const { text } = columns;

const listing: Listing<SubnetRow> = {
  table: subnets,
  plural: 'floatingip_pools',
  columns: {
    subnet_id: text('id'),
    subnet_name: text('name'),
    network_id: text('network_id'),
    cidr: text('cidr'),
  },
};

/** Floating IPs are IPv4. */
const OUTSIDE = 'ip_version = 4 AND network_id IN (SELECT id FROM network WHERE external = 1)';

/** https://docs.openstack.org/api-ref/network/v2/#floating-ip-pools: the subnets that floating IPs are taken from. */
export const floatingIpPoolEndpoints = (db: Db): readonly Endpoint[] => [
  poolList(db, 'floatingip_pools'),
  // As neutron's own router, and so tempest, has it.
  poolList(db, 'floatingip-pools'),
];

const poolList = (db: Db, name: string): Endpoint =>
  endpoint({
    id: `${name}:list`,
    method: 'GET',
    path: `/${name}` as '/',
    policy: 'get_floatingip_pool',
    response: listed('floatingip_pools', FloatingIpPool),
    ok: 200,
    handler: (context) =>
      listResources(db, listing, context, [{ sql: OUTSIDE, values: [] }], (rows) =>
        rows.map((row) => ({
          subnet_id: row.id,
          subnet_name: row.name,
          network_id: row.network_id,
          cidr: row.cidr,
          // As neutron: the project that asks may take from it.
          project_id: context.auth.projectId ?? '',
          tenant_id: context.auth.projectId ?? '',
        })),
      ),
  });
