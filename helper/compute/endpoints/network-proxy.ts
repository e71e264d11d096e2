import { Type } from 'typebox';
import { endpoint, mv, type Endpoint } from '../../http/index.ts';
import type { ComputeAddresses, ProxyFloatingIp, ProxyNetwork } from '../../network/face.ts';
import type { ServerApp } from '../app/server.ts';
import { nullable, strict } from '../schemas/common.ts';

/** Up to here compute speaks for the network service; the actions of servers up to 2.43. */
const OLD = { max: mv('2.35') } as const;
const OLD_ACTION = {
  max: mv('2.43'),
  method: 'POST',
  path: '/servers/{server_id}/action',
  response: 'none',
  ok: 202,
} as const;

const FloatingIp = strict({
  id: Type.String(),
  ip: Type.String(),
  pool: Type.String(),
  fixed_ip: nullable(Type.String()),
  instance_id: nullable(Type.String()),
});
const FloatingIpAnswer = strict({ floating_ip: FloatingIp });
const FloatingIpCreate = Type.Union([
  Type.Null(),
  Type.Object(
    { pool: Type.Optional(nullable(Type.String({ maxLength: 255 }))) },
    { additionalProperties: true },
  ),
]);

const floatingBody = (one: ProxyFloatingIp) => ({
  id: one.id,
  ip: one.address,
  pool: one.pool,
  fixed_ip: one.fixedAddress,
  instance_id: one.serverId,
});

/** Of nova-network's thirty attributes only two mean something. */
const NOTHING = [
  'cidr',
  'netmask',
  'gateway',
  'broadcast',
  'dns1',
  'dns2',
  'cidr_v6',
  'gateway_v6',
  'netmask_v6',
];
const NOTHING_FOR_ADMINS = [
  'created_at',
  'updated_at',
  'deleted_at',
  'deleted',
  'injected',
  'bridge',
  'vlan',
  'vpn_public_address',
  'vpn_public_port',
  'vpn_private_address',
  'dhcp_start',
  'project_id',
  'host',
  'bridge_interface',
  'multi_host',
  'priority',
  'rxtx_base',
  'mtu',
  'dhcp_server',
  'enable_dhcp',
  'share_address',
];
const NovaNetwork = Type.Object(
  {
    id: Type.String(),
    label: Type.String(),
    ...Object.fromEntries(NOTHING.map((name) => [name, Type.Null()])),
    ...Object.fromEntries(NOTHING_FOR_ADMINS.map((name) => [name, Type.Optional(Type.Null())])),
  },
  { additionalProperties: false },
);
const TenantNetwork = strict({ id: Type.String(), cidr: Type.String(), label: Type.String() });

const novaNetwork = (roles: ReadonlySet<string>, { id, name }: ProxyNetwork) => ({
  id,
  label: name,
  ...Object.fromEntries(
    [...NOTHING, ...(roles.has('admin') ? NOTHING_FOR_ADMINS : [])].map((field) => [field, null]),
  ),
});
/** Upstream really says 'None' here. */
const tenantNetwork = ({ id, name }: ProxyNetwork) => ({ id, cidr: 'None', label: name });

const Address = Type.String({ format: 'ip' });

/** Floating IPs and networks of the old microversions (api-ref, "Floating IPs", "Networks", ...). */
export const networkProxyEndpoints = (servers: ServerApp, network: ComputeAddresses): readonly Endpoint[] => [
  endpoint({
    ...OLD,
    id: 'os-floating-ips:list',
    method: 'GET',
    path: '/os-floating-ips',
    policy: 'os_compute_api:os-floating-ips:list',
    response: strict({ floating_ips: Type.Array(FloatingIp) }),
    ok: 200,
    handler: (context) => ({ floating_ips: network.listFloatingIps(context).map(floatingBody) }),
  }),
  endpoint({
    ...OLD,
    id: 'os-floating-ips:create',
    method: 'POST',
    path: '/os-floating-ips',
    policy: 'os_compute_api:os-floating-ips:create',
    body: FloatingIpCreate,
    response: FloatingIpAnswer,
    ok: 200,
    handler: (context) => {
      const pool = context.body?.pool ?? undefined;
      return { floating_ip: floatingBody(network.createFloatingIp(context, pool)) };
    },
  }),
  endpoint({
    ...OLD,
    id: 'os-floating-ips:show',
    method: 'GET',
    path: '/os-floating-ips/{id}',
    policy: 'os_compute_api:os-floating-ips:show',
    response: FloatingIpAnswer,
    ok: 200,
    handler: (context) => ({
      floating_ip: floatingBody(network.showFloatingIp(context, context.params.id)),
    }),
  }),
  endpoint({
    ...OLD,
    id: 'os-floating-ips:delete',
    method: 'DELETE',
    path: '/os-floating-ips/{id}',
    policy: 'os_compute_api:os-floating-ips:delete',
    response: 'none',
    ok: 202,
    handler: (context) => network.deleteFloatingIp(context, context.params.id),
  }),
  endpoint({
    ...OLD,
    id: 'os-floating-ip-pools',
    method: 'GET',
    path: '/os-floating-ip-pools',
    policy: 'os_compute_api:os-floating-ip-pools',
    response: strict({ floating_ip_pools: Type.Array(strict({ name: Type.String() })) }),
    ok: 200,
    handler: () => ({ floating_ip_pools: network.pools().map(({ id, name }) => ({ name: name || id })) }),
  }),
  endpoint({
    ...OLD,
    id: 'os-networks:list',
    method: 'GET',
    path: '/os-networks',
    policy: 'os_compute_api:os-networks:list',
    response: strict({ networks: Type.Array(NovaNetwork) }),
    ok: 200,
    handler: (context) => ({
      networks: network.listNetworks(context).map((one) => novaNetwork(context.auth.roles, one)),
    }),
  }),
  endpoint({
    ...OLD,
    id: 'os-networks:show',
    method: 'GET',
    path: '/os-networks/{id}',
    policy: 'os_compute_api:os-networks:show',
    response: strict({ network: NovaNetwork }),
    ok: 200,
    handler: (context) => ({
      network: novaNetwork(context.auth.roles, network.showNetwork(context, context.params.id)),
    }),
  }),
  endpoint({
    ...OLD,
    id: 'os-tenant-networks:list',
    method: 'GET',
    path: '/os-tenant-networks',
    policy: 'os_compute_api:os-tenant-networks:list',
    response: strict({ networks: Type.Array(TenantNetwork) }),
    ok: 200,
    handler: (context) => ({ networks: network.listNetworks(context).map(tenantNetwork) }),
  }),
  endpoint({
    ...OLD,
    id: 'os-tenant-networks:show',
    method: 'GET',
    path: '/os-tenant-networks/{id}',
    policy: 'os_compute_api:os-tenant-networks:show',
    response: strict({ network: TenantNetwork }),
    ok: 200,
    handler: (context) => ({ network: tenantNetwork(network.showNetwork(context, context.params.id)) }),
  }),
  endpoint({
    ...OLD_ACTION,
    id: 'os-floating-ips:add',
    action: 'addFloatingIp',
    policy: 'os_compute_api:os-floating-ips:add',
    body: strict({
      addFloatingIp: Type.Object(
        { address: Address, fixed_address: Type.Optional(Address) },
        { additionalProperties: false },
      ),
    }),
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      const { address, fixed_address } = context.body.addFloatingIp;
      network.associate(context, context.target.row.id, address, fixed_address);
    },
  }),
  endpoint({
    ...OLD_ACTION,
    id: 'os-floating-ips:remove',
    action: 'removeFloatingIp',
    policy: 'os_compute_api:os-floating-ips:remove',
    body: strict({ removeFloatingIp: strict({ address: Address }) }),
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) =>
      network.disassociate(context, context.target.row.id, context.body.removeFloatingIp.address),
  }),
  endpoint({
    ...OLD_ACTION,
    id: 'os-multinic:add',
    action: 'addFixedIp',
    policy: 'os_compute_api:os-multinic:add',
    body: strict({
      addFixedIp: strict({
        networkId: Type.Union([Type.String({ minLength: 1, maxLength: 255 }), Type.Integer()]),
      }),
    }),
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: ({ target, body }) => network.addFixedIp(target.row.id, String(body.addFixedIp.networkId)),
  }),
  endpoint({
    ...OLD_ACTION,
    id: 'os-multinic:remove',
    action: 'removeFixedIp',
    policy: 'os_compute_api:os-multinic:remove',
    body: strict({ removeFixedIp: strict({ address: Address }) }),
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: ({ target, body }) => network.removeFixedIp(target.row.id, body.removeFixedIp.address),
  }),
];
