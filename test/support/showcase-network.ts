import type { Page } from 'playwright-core';
import { DEMO } from '../../main/demo/plan.ts';
import { OpenStackClient, type Json } from '../../main/openstack-client.ts';
import type { Shown } from './showcase.ts';
import type { TestWindow } from './window.ts';

type Resource = Json & { readonly id: string };

/** The administrator in the demo project, as the window works. */
export const inDemo = async (window: TestWindow): Promise<OpenStackClient> =>
  OpenStackClient.login({ ...(await window.instance.client.credentials()), projectName: 'demo' });

/** What {@link makeNetworks} made, by name. */
interface ShownNetworks {
  readonly web: string;
  readonly database: string;
  readonly router: string;
  readonly group: string;
}

/** Beside the demo network: two tiers behind a router, their servers, rules and addresses, as people build them. */
async function makeNetworks(window: TestWindow): Promise<ShownNetworks> {
  const client = await inDemo(window);
  const make = async (path: string, key: string, body: Json): Promise<Resource> =>
    (await client.post('network', path, { [key]: body }))[key] as Resource;
  const network = (name: string, more: Json = {}): Promise<Resource> =>
    make('/networks', 'network', { name, ...more });
  const subnet = (networkId: string, name: string, cidr: string, more: Json = {}): Promise<Resource> =>
    make('/subnets', 'subnet', {
      name,
      network_id: networkId,
      cidr,
      ip_version: cidr.includes(':') ? 6 : 4,
      ...more,
    });

  const web = await network('web', { description: 'Front ends' });
  const web4 = await subnet(web.id, 'web-v4', '10.20.0.0/24', {
    dns_nameservers: ['9.9.9.9', '149.112.112.112'],
  });
  const web6 = await subnet(web.id, 'web-v6', 'fd4d:9a1c:20::/64', {
    gateway_ip: 'fd4d:9a1c:20::1',
    ipv6_ra_mode: 'slaac',
    ipv6_address_mode: 'slaac',
  });
  const database = await network('database', {
    description: 'No way outside',
    'provider:network_type': 'vxlan',
  });
  const data4 = await subnet(database.id, 'database-v4', '10.30.0.0/28', {
    host_routes: [{ destination: '10.99.0.0/16', nexthop: '10.30.0.5' }],
    allocation_pools: [{ start: '10.30.0.2', end: '10.30.0.12' }],
  });
  const { networks } = (await client.get('network', '/networks?name=public')) as { networks: Resource[] };
  const router = await make('/routers', 'router', {
    name: 'edge',
    external_gateway_info: { network_id: networks[0]?.id },
  });
  for (const one of [web4, web6, data4])
    await client.put('network', `/routers/${router.id}/add_router_interface`, { subnet_id: one.id });

  const office = await make('/address-groups', 'address_group', {
    name: 'office',
    description: 'Our offices',
    addresses: ['192.0.2.0/24', '198.51.100.0/25', '2001:db8:17::/48'],
  });
  const group = await make('/security-groups', 'security_group', {
    name: 'web',
    description: 'Web servers, open to the world',
  });
  const guarded = await make('/security-groups', 'security_group', {
    name: 'database',
    description: 'Reached by web servers only',
  });
  const rule = (security_group_id: string, more: Json): Json => ({
    security_group_id,
    direction: 'ingress',
    ethertype: 'IPv4',
    ...more,
  });
  const tcp = (port: number, last = port): Json => ({
    protocol: 'tcp',
    port_range_min: port,
    port_range_max: last,
  });
  const rules = (security_group_rules: readonly Json[]): Promise<Json> =>
    client.post('network', '/security-group-rules', { security_group_rules });
  await rules([
    rule(group.id, tcp(80)),
    rule(group.id, tcp(443)),
    rule(group.id, { ...tcp(443), ethertype: 'IPv6' }),
    rule(group.id, { ...tcp(22), remote_address_group_id: office.id, description: 'Maintenance' }),
    rule(group.id, { protocol: 'icmp' }),
    rule(group.id, { ...tcp(8000, 8080), remote_ip_prefix: '10.10.0.0/24' }),
  ]);
  await rules([
    rule(guarded.id, { ...tcp(5432), remote_group_id: group.id }),
    rule(guarded.id, { remote_group_id: guarded.id }),
  ]);
  const policy = await make('/qos/policies', 'policy', { name: 'ten-megabit', shared: true });
  await client.post('network', `/qos/policies/${policy.id}/bandwidth_limit_rules`, {
    bandwidth_limit_rule: { max_kbps: 10_000 },
  });

  await client.put('network', `/networks/${web.id}`, { network: { qos_policy_id: policy.id } });
  const port = (networkId: string, name: string): Promise<Resource> =>
    make('/ports', 'port', { network_id: networkId, name });
  const parent = await port(web.id, 'container-host-parent');
  const carried = await port(database.id, 'container-host-database');
  await make('/trunks', 'trunk', {
    name: 'container-host',
    description: 'Containers on two networks',
    port_id: parent.id,
    sub_ports: [{ port_id: carried.id, segmentation_type: 'vlan', segmentation_id: 100 }],
  });

  const { flavors } = (await client.get('compute', '/flavors')) as {
    flavors: (Resource & { name: string })[];
  };
  const { images } = (await client.get('image', `/images?name=${DEMO.image}`)) as { images: Resource[] };
  const servers: Resource[] = [];
  for (const [name, where, group] of [
    ['web-1', web, 'web'],
    ['web-2', web, 'web'],
    ['db-1', database, 'database'],
  ] as const)
    servers.push(
      (
        await client.post('compute', '/servers', {
          server: {
            name,
            flavorRef: flavors.find((one) => one.name === DEMO.flavor)?.id,
            imageRef: images[0]?.id,
            networks: [{ uuid: where.id }],
            security_groups: [{ name: group }],
          },
        })
      )['server'] as Resource,
    );
  await make('/ports', 'port', {
    name: 'virtual-ip',
    network_id: web.id,
    fixed_ips: [{ subnet_id: web4.id, ip_address: '10.20.0.100' }],
  });
  for (const server of servers) await active(client, server.id);
  const { ports } = (await client.get('network', `/ports?device_id=${servers[0]?.id ?? ''}`)) as {
    ports: Resource[];
  };
  const pool = networks[0]?.id;
  await make('/floatingips', 'floatingip', { floating_network_id: pool, port_id: ports[0]?.id });
  await make('/floatingips', 'floatingip', {
    floating_network_id: pool,
    description: 'For the next release',
  });
  return { web: web.id, database: database.id, router: router.id, group: group.id };
}

/** Resolves when a server runs. */
async function active(client: OpenStackClient, id: string): Promise<void> {
  for (;;) {
    const { server } = (await client.get('compute', `/servers/${id}`)) as { server: { status: string } };
    if (server.status === 'ACTIVE') return;
    if (server.status === 'ERROR') throw new Error(`server ${id} is in error`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Resolves when the drawing stands. */
const drawn = (page: Page): Promise<void> => page.locator('.svelte-flow__node').first().waitFor();

/** The network's pages, with something in them. */
export async function networkPages(window: TestWindow): Promise<readonly Shown[]> {
  const networks = await makeNetworks(window);
  return [
    { name: 'topology', route: '/topology', before: drawn },
    {
      name: 'topology-panel',
      route: `/topology?show=router:${networks.router}`,
      before: (page) => page.getByText('nft list ruleset').first().waitFor(),
    },
    { name: 'topology-devices', route: '/topology?layer=devices', before: drawn },
    {
      name: 'topology-devices-panel',
      route: '/topology?layer=devices',
      before: async (page) => {
        await drawn(page);
        await page.locator('.svelte-flow__node').filter({ hasText: 'Tap' }).first().click();
        await page.getByText('nft list chain').first().waitFor();
      },
    },
    { name: 'networks', route: '/networks' },
    {
      name: 'networks-create',
      route: '/networks?new',
      before: (page) => page.getByRole('checkbox', { name: 'IPv6 subnet' }).click(),
    },
    { name: 'network', route: `/networks/${networks.web}` },
    { name: 'network-ports', route: `/networks/${networks.web}?tab=ports` },
    {
      name: 'network-port',
      route: `/networks/${networks.web}?tab=ports`,
      before: (page) => page.getByRole('button', { name: 'virtual-ip' }).first().click(),
    },
    { name: 'routers', route: '/routers' },
    { name: 'router', route: `/routers/${networks.router}` },
    { name: 'floating-ips', route: '/floating-ips' },
    {
      name: 'floating-ips-add',
      route: '/floating-ips',
      before: (page) => page.getByRole('button', { name: 'Add floating IP' }).click(),
    },
    { name: 'qos-policies', route: '/qos-policies' },
    {
      name: 'qos-policy',
      route: '/qos-policies',
      before: (page) => page.getByRole('button', { name: 'ten-megabit', exact: true }).click(),
    },
    {
      name: 'qos-create',
      route: '/qos-policies',
      before: (page) => page.getByRole('button', { name: 'Create policy' }).click(),
    },
    { name: 'trunks', route: '/trunks' },
    {
      name: 'trunk-open',
      route: '/trunks',
      before: (page) => page.getByRole('button', { name: 'container-host', exact: true }).click(),
    },
    { name: 'security-groups', route: '/security-groups' },
    { name: 'security-group', route: `/security-groups/${networks.group}` },
    {
      name: 'security-group-rule',
      route: `/security-groups/${networks.group}`,
      before: async (page) => {
        await page.getByRole('button', { name: 'Add rule' }).first().click();
        await page.getByRole('button', { name: 'SSH', exact: true }).click();
      },
    },
  ];
}
