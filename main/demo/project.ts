import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { OpenStackClient } from '../openstack-client.ts';
import { ensure, findNamed, make, type Named } from './ensure.ts';
import { DEMO } from './plan.ts';

type Made = { readonly resource: Named; readonly made: boolean };

/** A network with a subnet, and a router that leads out of it. */
export async function ensureNetwork(client: OpenStackClient, externalNetworkId: string): Promise<Made> {
  const network = await ensure(
    () => findNamed(client, 'network', `/networks?project_id=${client.projectId}`, 'networks', DEMO.network),
    () => make(client, 'network', '/networks', 'network', { name: DEMO.network }),
  );
  const subnet = await ensure(
    () => findNamed(client, 'network', `/subnets?network_id=${network.resource.id}`, 'subnets', DEMO.subnet),
    () =>
      make(client, 'network', '/subnets', 'subnet', {
        name: DEMO.subnet,
        network_id: network.resource.id,
        ip_version: 4,
        cidr: DEMO.subnetCidr,
      }),
  );
  const router = await ensure(
    () => findNamed(client, 'network', `/routers?project_id=${client.projectId}`, 'routers', DEMO.router),
    () =>
      make(client, 'network', '/routers', 'router', {
        name: DEMO.router,
        external_gateway_info: { network_id: externalNetworkId },
      }),
  );
  const { ports } = (await client.get(
    'network',
    `/ports?device_id=${router.resource.id}&network_id=${network.resource.id}`,
  )) as {
    ports: unknown[];
  };
  if (ports.length === 0) {
    await client.put('network', `/routers/${router.resource.id}/add_router_interface`, {
      subnet_id: subnet.resource.id,
    });
  }
  return { resource: network.resource, made: network.made || subnet.made || router.made };
}

/** A security group that lets SSH and ping in. */
export async function ensureSecurityGroup(client: OpenStackClient): Promise<Made> {
  const group = await ensure(
    () =>
      findNamed(
        client,
        'network',
        `/security-groups?project_id=${client.projectId}`,
        'security_groups',
        DEMO.securityGroup,
      ),
    () =>
      make(client, 'network', '/security-groups', 'security_group', {
        name: DEMO.securityGroup,
        description: 'SSH and ping from anywhere',
      }),
  );
  const { security_group_rules: rules } = (await client.get(
    'network',
    `/security-group-rules?security_group_id=${group.resource.id}&direction=ingress`,
  )) as { security_group_rules: { protocol: string | null }[] };
  const wanted = [{ protocol: 'icmp' }, { protocol: 'tcp', port_range_min: 22, port_range_max: 22 }];
  for (const rule of wanted.filter((one) => !rules.some((there) => there.protocol === one.protocol))) {
    await make(client, 'network', '/security-group-rules', 'security_group_rule', {
      security_group_id: group.resource.id,
      direction: 'ingress',
      ethertype: 'IPv4',
      ...rule,
    });
  }
  return group;
}

/** The key pair; one of another public key (the key file was lost or is another machine's) is replaced. */
export async function ensureKeyPair(
  client: OpenStackClient,
  publicKeyPath: string,
): Promise<{ made: boolean }> {
  const publicKey = (await readFile(publicKeyPath, 'utf8')).trim();
  const { keypairs } = (await client.get('compute', '/os-keypairs')) as {
    keypairs: { keypair: { name: string; public_key: string } }[];
  };
  const there = keypairs.find(({ keypair }) => keypair.name === DEMO.keyPair)?.keypair;
  if (there?.public_key.trim() === publicKey) return { made: false };
  if (there !== undefined) await client.delete('compute', `/os-keypairs/${DEMO.keyPair}`);
  await client.post('compute', '/os-keypairs', {
    keypair: { name: DEMO.keyPair, type: 'ssh', public_key: publicKey },
  });
  return { made: true };
}

/** What is known of a built guest image. */
export interface GuestImage {
  readonly path: string;
  readonly sha256: string;
  readonly minDiskGiB: number;
  readonly minRamMiB: number;
}

/** The image of this very content, uploaded where it is not there. */
export async function ensureImage(
  admin: OpenStackClient,
  guest: GuestImage,
  onProgress: (fraction: number) => void,
): Promise<Made> {
  const found = await admin.get(
    'image',
    `/images?name=${DEMO.image}&status=active&deskcloud_sha256=${guest.sha256}`,
  );
  const there = (found['images'] as Named[])[0];
  if (there !== undefined) return { resource: there, made: false };
  const image = (await admin.post('image', '/images', {
    name: DEMO.image,
    visibility: 'public',
    disk_format: 'qcow2',
    container_format: 'bare',
    min_disk: guest.minDiskGiB,
    min_ram: guest.minRamMiB,
    os_distro: 'debian',
    os_admin_user: DEMO.guestUser,
    deskcloud_sha256: guest.sha256,
  })) as Named;
  const { size } = await stat(guest.path);
  let sent = 0;
  const file = createReadStream(guest.path).on('data', (chunk) => {
    sent += chunk.length;
    onProgress(sent / size);
  });
  await admin.upload(image.id, Readable.toWeb(file) as ReadableStream<Uint8Array>, size);
  return { resource: image, made: true };
}

/** The server; one in ERROR is replaced, a stopped one started. */
export async function ensureServer(
  client: OpenStackClient,
  imageId: string,
  networkId: string,
  userData: string,
): Promise<Made> {
  const query = `/servers/detail?name=${encodeURIComponent(`^${DEMO.server}$`)}`;
  const { servers } = (await client.get('compute', query)) as { servers: (Named & { status: string })[] };
  const there = servers.find((server) => server.status !== 'ERROR');
  for (const broken of servers.filter((server) => server.status === 'ERROR')) {
    await client.delete('compute', `/servers/${broken.id}`);
  }
  if (there?.status === 'SHUTOFF')
    await client.post('compute', `/servers/${there.id}/action`, { 'os-start': null });
  if (there !== undefined) return { resource: there, made: false };
  const { flavors } = (await client.get('compute', '/flavors')) as { flavors: Named[] };
  const flavor = flavors.find((one) => one.name === DEMO.flavor);
  if (flavor === undefined) throw new Error(`the cloud has no flavor ${DEMO.flavor}`);
  const server = await make(client, 'compute', '/servers', 'server', {
    name: DEMO.server,
    imageRef: imageId,
    flavorRef: flavor.id,
    key_name: DEMO.keyPair,
    networks: [{ uuid: networkId }],
    security_groups: [{ name: DEMO.securityGroup }],
    user_data: Buffer.from(userData).toString('base64'),
  });
  return { resource: server, made: true };
}

/** A floating IP on the server's port. @returns the address. */
export async function ensureFloatingIp(
  client: OpenStackClient,
  serverId: string,
  externalNetworkId: string,
): Promise<{ address: string; fixed: string; made: boolean }> {
  const { ports } = (await client.get('network', `/ports?device_id=${serverId}`)) as {
    ports: (Named & { fixed_ips: { ip_address: string }[] })[];
  };
  const port = ports[0];
  if (port === undefined) throw new Error('the demo server has no port');
  const fixed = port.fixed_ips[0]?.ip_address ?? '';
  const { floatingips } = (await client.get('network', `/floatingips?port_id=${port.id}`)) as {
    floatingips: { floating_ip_address: string }[];
  };
  const there = floatingips[0];
  if (there !== undefined) return { address: there.floating_ip_address, fixed, made: false };
  // One that the server before left behind is as good as a new one.
  const { floatingips: free } = (await client.get(
    'network',
    `/floatingips?project_id=${client.projectId}&floating_network_id=${externalNetworkId}`,
  )) as { floatingips: { id: string; floating_ip_address: string; port_id: string | null }[] };
  const left = free.find((one) => one.port_id === null);
  if (left !== undefined) {
    await client.put('network', `/floatingips/${left.id}`, { floatingip: { port_id: port.id } });
    return { address: left.floating_ip_address, fixed, made: true };
  }
  const made = (await client.post('network', '/floatingips', {
    floatingip: { floating_network_id: externalNetworkId, port_id: port.id },
  })) as { floatingip: { floating_ip_address: string } };
  return { address: made.floatingip.floating_ip_address, fixed, made: true };
}
