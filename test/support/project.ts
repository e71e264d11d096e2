import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { routerNamespace } from '../../helper/host/net/names.ts';
import { make, type Named } from '../../main/demo/ensure.ts';
import { OpenStackClient, type Json } from '../../main/openstack-client.ts';
import { run } from './cli.ts';
import type { TestInstance } from './instance.ts';
import { becomes, GuestPlace } from './place.ts';

/** A rule of a security group, as the API takes it. */
export type Rule = Json & { readonly direction: 'ingress' | 'egress' };

/** A port or a router with the addresses that tests need. */
interface Addressed extends Named {
  readonly mac_address: string;
  readonly fixed_ips: readonly { readonly ip_address: string }[];
}

export interface FloatingIp extends Named {
  readonly floating_ip_address: string;
  readonly status: string;
}

/** A project's member has the project's name. */
async function login(instance: TestInstance, name: string, password: string): Promise<OpenStackClient> {
  const credentials = await instance.client.credentials();
  return OpenStackClient.login({ ...credentials, username: name, password, projectName: name });
}

/** A project with a member of its own, and what its user makes in it. */
export class TestProject {
  readonly name: string;
  /** Its member, logged in. */
  client: OpenStackClient;
  readonly #password: string;
  readonly #instance: TestInstance;
  readonly #keyPath: string;

  private constructor(
    name: string,
    password: string,
    client: OpenStackClient,
    instance: TestInstance,
    keyPath: string,
  ) {
    this.name = name;
    this.#password = password;
    this.client = client;
    this.#instance = instance;
    this.#keyPath = keyPath;
  }

  static async create(instance: TestInstance, admin: OpenStackClient, name: string): Promise<TestProject> {
    const password = `${name}-${instance.owner}`;
    const project = await make(admin, 'identity', '/projects', 'project', { name });
    const user = await make(admin, 'identity', '/users', 'user', { name, password });
    const { roles } = (await admin.get('identity', '/roles?name=member')) as { roles: Named[] };
    await admin.put('identity', `/projects/${project.id}/users/${user.id}/roles/${roles[0]?.id}`);
    const client = await login(instance, name, password);
    const keyPath = join(instance.directory, `key-${name}`);
    const made = await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', keyPath]);
    assert.equal(made.code, 0, made.stderr);
    const public_key = await readFile(`${keyPath}.pub`, 'utf8');
    await client.post('compute', '/os-keypairs', { keypair: { name: 'key', public_key } });
    return new TestProject(name, password, client, instance, keyPath);
  }

  /** After a start of the helper, which listens on another port then. */
  async loginAgain(): Promise<void> {
    this.client = await login(this.#instance, this.name, this.#password);
  }

  make(path: string, key: string, body: Json): Promise<Named> {
    return make(this.client, 'network', path, key, body);
  }

  /** A network with a subnet whose gateway is the router's. */
  async network(name: string, cidr: string, router: Named): Promise<Named> {
    const network = await this.make('/networks', 'network', { name });
    const subnet = await this.make('/subnets', 'subnet', { network_id: network.id, ip_version: 4, cidr });
    await this.client.put('network', `/routers/${router.id}/add_router_interface`, { subnet_id: subnet.id });
    return network;
  }

  router(name: string, external: Named): Promise<Named> {
    return this.make('/routers', 'router', { name, external_gateway_info: { network_id: external.id } });
  }

  /** A security group with these rules alone. */
  async group(name: string, rules: readonly Rule[]): Promise<Named> {
    const group = await this.make('/security-groups', 'security_group', { name });
    for (const rule of group['security_group_rules'] as Named[])
      await this.client.delete('network', `/security-group-rules/${rule.id}`);
    for (const rule of rules) await this.rule(group, rule);
    return group;
  }

  async defaultGroup(): Promise<Named> {
    const { security_groups: groups } = (await this.client.get(
      'network',
      '/security-groups?name=default',
    )) as {
      security_groups: Named[];
    };
    assert.ok(groups[0] !== undefined);
    return groups[0];
  }

  rule(group: Named, rule: Rule): Promise<Named> {
    const body = { security_group_id: group.id, ethertype: 'IPv4', ...rule };
    return this.make('/security-group-rules', 'security_group_rule', body);
  }

  async removeRule(rule: Named): Promise<void> {
    await this.client.delete('network', `/security-group-rules/${rule.id}`);
  }

  async setGroups(guest: GuestPlace, groups: readonly Named[]): Promise<void> {
    const port = { security_groups: groups.map(({ id }) => id) };
    await this.client.put('network', `/ports/${guest.portId}`, { port });
  }

  /** The port of this device on this network. */
  async portOf(device: string, networkId: string): Promise<Addressed> {
    const path = `/ports?device_id=${device}&network_id=${networkId}`;
    const { ports } = (await this.client.get('network', path)) as { ports: Addressed[] };
    assert.ok(ports[0] !== undefined, path);
    return ports[0];
  }

  /** A server with one address of our choice, reached from its router's namespace. */
  async boot(options: {
    readonly name: string;
    readonly imageId: string;
    readonly network: Named;
    readonly ip: string;
    readonly groups: readonly Named[];
    readonly router: Named;
  }): Promise<GuestPlace> {
    const { name, ip } = options;
    const port = (await this.make('/ports', 'port', {
      network_id: options.network.id,
      fixed_ips: [{ ip_address: ip }],
      security_groups: options.groups.map(({ id }) => id),
    })) as Addressed;
    const { flavors } = (await this.client.get('compute', '/flavors')) as { flavors: Named[] };
    const server = await make(this.client, 'compute', '/servers', 'server', {
      name,
      imageRef: options.imageId,
      flavorRef: flavors.find((flavor) => flavor.name === 'm1.nano')?.id,
      key_name: 'key',
      networks: [{ port: port.id }],
    });
    return new GuestPlace({
      name,
      ip,
      mac: port.mac_address,
      serverId: server.id,
      portId: port.id,
      namespace: routerNamespace(options.router.id),
      keyPath: this.#keyPath,
      directory: this.#instance.directory,
    });
  }

  /** Waits until the server is ACTIVE. */
  async active(guest: GuestPlace): Promise<void> {
    const status = async () => {
      const { server } = (await this.client.get('compute', `/servers/${guest.serverId}`)) as {
        server: Json & { fault?: { message: string } };
      };
      return server.fault?.message ?? server['status'];
    };
    await becomes<unknown>(status, 'ACTIVE', 240_000);
  }

  /** A new floating IP for a guest. */
  async floatingIp(external: Named, guest: GuestPlace): Promise<FloatingIp> {
    return (await this.make('/floatingips', 'floatingip', {
      floating_network_id: external.id,
      port_id: guest.portId,
    })) as FloatingIp;
  }

  /** Puts a floating IP elsewhere, or nowhere. */
  async associate(floating: FloatingIp, guest: GuestPlace | undefined): Promise<void> {
    const body = { floatingip: { port_id: guest?.portId ?? null } };
    await this.client.put('network', `/floatingips/${floating.id}`, body);
  }
}
