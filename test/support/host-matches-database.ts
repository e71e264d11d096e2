import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect } from 'vitest';
import { LinuxDomainHost } from '../../helper/host/domain/index.ts';
import {
  bridgeName,
  dhcpDevice,
  dhcpNamespace,
  gatewayDevice,
  routerDevice,
  routerNamespace,
  tableName,
  tapName,
  vxlanName,
} from '../../helper/host/net/names.ts';
import type { OpenStackClient, ServiceName } from '../../main/openstack-client.ts';
import { commands, type TestInstance } from './instance.ts';

interface ServerBody {
  readonly id: string;
  readonly status: string;
  readonly 'OS-EXT-STS:task_state': string | null;
  readonly 'OS-EXT-SRV-ATTR:host': string | null;
  readonly 'OS-EXT-SRV-ATTR:instance_name': string;
  readonly flavor: { readonly vcpus: number; readonly ram: number; readonly disk: number };
}
interface NetworkBody {
  readonly id: string;
  readonly status: string;
  readonly subnets: readonly string[];
  readonly 'provider:network_type': string;
  readonly 'provider:segmentation_id': number | null;
}
interface SubnetBody {
  readonly id: string;
  readonly cidr: string;
}
interface PortBody {
  readonly id: string;
  readonly network_id: string;
  readonly device_id: string;
  readonly device_owner: string;
  readonly mac_address: string;
  readonly status: string;
  readonly fixed_ips: readonly { readonly subnet_id: string; readonly ip_address: string }[];
}
interface RouterBody {
  readonly id: string;
  readonly status: string;
}
interface FloatingIpBody {
  readonly id: string;
  readonly floating_ip_address: string;
  readonly fixed_ip_address: string | null;
  readonly port_id: string | null;
  readonly router_id: string | null;
  readonly status: string;
}

/** What the cloud's APIs say that there is. */
export interface Told {
  readonly servers: readonly ServerBody[];
  readonly images: readonly { readonly deskcloud_sha256: string }[];
  readonly networks: readonly NetworkBody[];
  readonly subnets: readonly SubnetBody[];
  readonly ports: readonly PortBody[];
  readonly routers: readonly RouterBody[];
  readonly floatingIps: readonly FloatingIpBody[];
  readonly usage: {
    readonly vcpus_used: number;
    readonly local_gb_used: number;
    readonly running_vms: number;
  };
}

export async function toldBy(admin: OpenStackClient): Promise<Told> {
  const list = async <T>(service: ServiceName, path: string, key: string): Promise<readonly T[]> =>
    (await admin.get(service, path))[key] as T[];
  const [servers, images, networks, subnets, ports, routers, floatingIps, hosts] = await Promise.all([
    list<ServerBody>('compute', '/servers/detail?all_tenants=1', 'servers'),
    list<{ deskcloud_sha256: string }>('image', '/images', 'images'),
    list<NetworkBody>('network', '/networks', 'networks'),
    list<SubnetBody>('network', '/subnets', 'subnets'),
    list<PortBody>('network', '/ports', 'ports'),
    list<RouterBody>('network', '/routers', 'routers'),
    list<FloatingIpBody>('network', '/floatingips', 'floatingips'),
    admin.get('compute', '/os-hypervisors/statistics'),
  ]);
  const usage = hosts['hypervisor_statistics'] as Told['usage'];
  return { servers, images, networks, subnets, ports, routers, floatingIps, usage };
}

/** Everything that an instance has on the machine, in one comparable value. */
interface Picture {
  /** Name and power state by the domain's UUID. */
  readonly domains: Record<string, string>;
  /** Bridge ends of all devices, with the bridge that each is on. */
  readonly devices: Record<string, string>;
  readonly bridges: readonly string[];
  readonly vxlans: readonly string[];
  readonly namespaces: readonly string[];
  /** Addresses of the devices in each namespace. */
  readonly addresses: Record<string, readonly string[]>;
  /** Networks with a DHCP server, once for each process. */
  readonly dnsmasq: readonly string[];
  /** MAC and address of each host that a network's DHCP server knows. */
  readonly dhcpHosts: Record<string, readonly string[]>;
  readonly filteredPorts: readonly string[];
  readonly tables: readonly string[];
  /** What each router's floating addresses lead to. */
  readonly floating: Record<string, Record<string, string>>;
  readonly files: Record<string, readonly string[]>;
}

const sorted = (values: Iterable<string>): string[] => [...values].sort();

const isGuests = (port: PortBody): boolean => port.device_owner.startsWith('compute:');

function bridgeOf(instance: TestInstance, network: NetworkBody | undefined): string {
  if (network === undefined) return 'no bridge: its network is not listed';
  return network['provider:network_type'] === 'flat' ? instance.bridge : bridgeName(network.id);
}

/** What the host should have, from the answers of the APIs alone. */
function wantedPicture(instance: TestInstance, told: Told): Picture {
  const { servers, networks, ports, routers, floatingIps } = told;
  const byId = new Map(networks.map((network) => [network.id, network]));
  const cidrs = new Map(told.subnets.map((subnet) => [subnet.id, subnet.cidr]));
  // A server whose creation was unwound has nothing on any host.
  const placed = servers.filter((server) => server['OS-EXT-SRV-ATTR:host'] !== null);
  const plugged = ports.filter((port) => isGuests(port) && port.status === 'ACTIVE');
  const dhcpPorts = ports.filter((port) => port.device_owner === 'network:dhcp');
  const routerPorts = ports.filter((port) => port.device_owner.startsWith('network:router_'));
  const live = networks.filter(
    (network) => network.subnets.length > 0 || plugged.some((port) => port.network_id === network.id),
  );
  const withPrefix = (port: PortBody): string[] =>
    port.fixed_ips.map((ip) => `${ip.ip_address}/${cidrs.get(ip.subnet_id)?.split('/')[1] ?? '?'}`);
  const leading = (router: string): FloatingIpBody[] => floatingIps.filter((one) => one.router_id === router);
  const outside = (port: PortBody): string[] =>
    port.device_owner === 'network:router_gateway'
      ? leading(port.device_id).map((one) => `${one.floating_ip_address}/32`)
      : [];
  return {
    domains: Object.fromEntries(
      placed.map((server) => [
        server.id,
        // Beside other instances, names are told apart by the owner tag.
        `${instance.owner}-${server['OS-EXT-SRV-ATTR:instance_name']} ${server.status === 'ACTIVE' ? 'running' : 'shutdown'}`,
      ]),
    ),
    devices: Object.fromEntries([
      ...[...plugged, ...dhcpPorts, ...routerPorts].map((port) => [
        tapName(port.id),
        bridgeOf(instance, byId.get(port.network_id)),
      ]),
      ...live.flatMap((network) =>
        network['provider:network_type'] === 'vxlan'
          ? [[vxlanName(network['provider:segmentation_id'] ?? 0), bridgeName(network.id)]]
          : [],
      ),
    ]) as Record<string, string>,
    bridges: sorted(live.map((network) => bridgeOf(instance, network))),
    vxlans: sorted(
      live
        .filter((network) => network['provider:network_type'] === 'vxlan')
        .map((network) => vxlanName(network['provider:segmentation_id'] ?? 0)),
    ),
    namespaces: sorted([
      ...dhcpPorts.map((port) => dhcpNamespace(port.network_id)),
      ...routers.map((router) => routerNamespace(router.id)),
    ]),
    addresses: Object.fromEntries([
      ...dhcpPorts.map((port) => [dhcpDevice(port.id), sorted([...withPrefix(port), '169.254.169.254/32'])]),
      ...routerPorts.map((port) => [
        port.device_owner === 'network:router_gateway' ? gatewayDevice(port.id) : routerDevice(port.id),
        sorted([...withPrefix(port), ...outside(port)]),
      ]),
    ]) as Record<string, string[]>,
    dnsmasq: sorted(dhcpPorts.map((port) => port.network_id)),
    dhcpHosts: Object.fromEntries(
      dhcpPorts.map((own) => [
        own.network_id,
        sorted(
          ports
            .filter((port) => port.network_id === own.network_id && !port.device_owner.startsWith('network:'))
            .filter((port) => !isGuests(port) || port.status === 'ACTIVE')
            .flatMap((port) => port.fixed_ips.map((ip) => `${port.mac_address} ${ip.ip_address}`)),
        ),
      ]),
    ),
    filteredPorts: sorted(plugged.map((port) => port.id)),
    tables: tablesFor(instance, plugged.length > 0),
    floating: Object.fromEntries(
      routers.map((router) => [
        router.id,
        Object.fromEntries(
          leading(router.id).map((one) => [one.floating_ip_address, one.fixed_ip_address ?? '']),
        ),
      ]),
    ),
    files: {
      ...Object.fromEntries(placed.map((server) => [`instances/${server.id}`, ['console.log', 'disk']])),
      networks: sorted(dhcpPorts.map((port) => port.network_id)),
      'images/data': sorted(told.images.map((image) => image.deskcloud_sha256)),
      'images/base': [],
      'images/incoming': [],
      instances: sorted(placed.map((server) => server.id)),
      'run/instances': sorted(placed.map((server) => server.id)),
    },
  };
}

/** The filter's tables are made with the first port and stay; those of the bridges outside are there with them. */
function tablesFor(instance: TestInstance, anyPort: boolean): string[] {
  const name = tableName(instance.owner);
  return anyPort ? sorted([`bridge ${name}`, `inet ${name}`, `inet ${name}_ext`]) : [`inet ${name}_ext`];
}

/** What the host has. */
async function foundPicture(instance: TestInstance, told: Told): Promise<Picture> {
  const domains = new LinuxDomainHost({ owner: instance.owner });
  try {
    const [inventory, listed] = await Promise.all([instance.inventory(), domains.list()]);
    const routerIds = inventory.namespaces.flatMap((name) =>
      name.startsWith('qrouter-') ? [name.slice('qrouter-'.length)] : [],
    );
    const addresses = await Promise.all(inventory.namespaces.map(addressesIn));
    const floating = await Promise.all(routerIds.map(async (id) => [id, await floatingIn(id)] as const));
    const anyPort = told.ports.some((port) => isGuests(port) && port.status === 'ACTIVE');
    const tables = sorted(inventory.tables);
    return {
      domains: Object.fromEntries(listed.map((one) => [one.uuid, `${one.name} ${one.powerState}`])),
      devices: Object.fromEntries(
        [...inventory.taps, ...inventory.veths, ...inventory.vxlans].map((name) => [name, masterOf(name)]),
      ),
      bridges: sorted(inventory.bridges),
      vxlans: sorted(inventory.vxlans),
      namespaces: sorted(inventory.namespaces),
      addresses: Object.assign({}, ...addresses) as Record<string, string[]>,
      dnsmasq: sorted(inventory.dnsmasq.map((one) => one.networkId)),
      dhcpHosts: Object.fromEntries(
        filesIn(join(instance.directory, 'state', 'networks')).map((id) => [id, dhcpHostsOf(instance, id)]),
      ),
      filteredPorts: sorted(inventory.filteredPorts),
      tables: anyPort ? tables : tables.filter((name) => name.endsWith('_ext')),
      floating: Object.fromEntries(floating),
      files: foundFiles(instance),
    };
  } finally {
    await domains.close();
  }
}

function masterOf(device: string): string {
  try {
    return basename(readlinkSync(`/sys/class/net/${device}/master`));
  } catch {
    return 'on no bridge';
  }
}

async function addressesIn(namespace: string): Promise<Record<string, string[]>> {
  const { stdout } = await commands.run(['ip', '-n', namespace, '-j', 'addr', 'show']);
  const shown = JSON.parse(stdout) as {
    ifname: string;
    addr_info: { family: string; local: string; prefixlen: number }[];
  }[];
  return Object.fromEntries(
    shown
      .filter((device) => device.ifname !== 'lo')
      .map((device) => [
        device.ifname,
        sorted(
          device.addr_info
            .filter((info) => info.family === 'inet')
            .map((info) => `${info.local}/${info.prefixlen}`),
        ),
      ]),
  );
}

async function floatingIn(routerId: string): Promise<Record<string, string>> {
  const namespace = `--net=/run/netns/${routerNamespace(routerId)}`;
  const { stdout } = await commands.run(['nsenter', namespace, 'nft', '-j', 'list', 'ruleset']);
  const { nftables } = JSON.parse(stdout) as {
    nftables: { map?: { name: string; elem?: [string, string][] } }[];
  };
  return Object.fromEntries(nftables.find((item) => item.map?.name === 'floating')?.map?.elem ?? []);
}

/** Lines such as `fa:16:3e:00:00:0a,10.0.0.10,host-10-0-0-10`. */
function dhcpHostsOf(instance: TestInstance, networkId: string): string[] {
  const path = join(instance.directory, 'state', 'networks', networkId, 'host');
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n') : [];
  return sorted(
    lines.filter(Boolean).map((line) => {
      const words = line.split(',');
      return `${words[0]} ${words.find((word) => /^\d+\.\d+\.\d+\.\d+$/.test(word)) ?? line}`;
    }),
  );
}

const filesIn = (path: string): string[] => (existsSync(path) ? sorted(readdirSync(path)) : []);

function foundFiles(instance: TestInstance): Record<string, readonly string[]> {
  const state = join(instance.directory, 'state');
  const instances = filesIn(join(state, 'instances'));
  return {
    ...Object.fromEntries(instances.map((id) => [`instances/${id}`, filesIn(join(state, 'instances', id))])),
    networks: filesIn(join(state, 'networks')),
    'images/data': filesIn(join(state, 'images', 'data')),
    'images/base': filesIn(join(state, 'images', 'base')),
    'images/incoming': filesIn(join(state, 'images', 'incoming')),
    instances,
    'run/instances': filesIn(join(instance.directory, 'run', 'instances')),
  };
}

/** States that say of themselves whether they are settled, and whether they agree with each other. */
function expectSettled(told: Told): void {
  const { servers, networks, ports, routers, floatingIps } = told;
  const serverIds = new Set(servers.map((server) => server.id));
  const placed = servers.filter((server) => server['OS-EXT-SRV-ATTR:host'] !== null);
  const sum = (of: (server: ServerBody) => number): number => placed.reduce((all, one) => all + of(one), 0);
  expect(told.usage, 'resources that are claimed (R10, R28)').toMatchObject({
    vcpus_used: sum((server) => server.flavor.vcpus),
    local_gb_used: sum((server) => server.flavor.disk),
    running_vms: placed.length,
  });
  for (const server of servers) {
    expect(server['OS-EXT-STS:task_state'], `task of server ${server.id}`).toBeNull();
    expect(['ACTIVE', 'SHUTOFF', 'ERROR'], `status of server ${server.id}`).toContain(server.status);
  }
  expect(
    ports.filter((port) => isGuests(port) && !serverIds.has(port.device_id)),
    'ports of servers that are gone',
  ).toEqual([]);
  const active = new Set(servers.filter((one) => one.status === 'ACTIVE').map((one) => one.id));
  for (const port of ports)
    if (!isGuests(port) || active.has(port.device_id))
      expect(port.status, `status of port ${port.id} of ${port.device_owner}`).toBe('ACTIVE');
  for (const network of networks) expect(network.status, `status of network ${network.id}`).toBe('ACTIVE');
  for (const router of routers) expect(router.status, `status of router ${router.id}`).toBe('ACTIVE');
  for (const one of floatingIps)
    expect(one.status, `status of floating IP ${one.id}`).toBe(one.port_id === null ? 'DOWN' : 'ACTIVE');
}

/**
 * Compares what the APIs say with all that is on the host, both ways: nothing is missing, and there is nothing more.
 * Expects that no operation is open.
 */
export async function expectHostMatchesDatabase(
  instance: TestInstance,
  admin: OpenStackClient,
): Promise<Told> {
  const told = await toldBy(admin);
  expectSettled(told);
  expect(await foundPicture(instance, told)).toEqual(wantedPicture(instance, told));
  return told;
}
