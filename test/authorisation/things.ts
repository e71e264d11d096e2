import type { HelperClient } from '../../main/helper-client.ts';
import type { Json, ServiceName } from '../../main/openstack-client.ts';
import { EXAMPLES, PUBLIC_KEY } from '../fuzz/examples.ts';
import { kindOfName, kindOfSegment } from '../fuzz/pool.ts';
import { Random } from '../fuzz/random.ts';
import { settle } from '../fuzz/remains.ts';
import { Values } from '../fuzz/values.ts';
import { Pool } from '../fuzz/pool.ts';
import type { Wire, WireRequest } from '../fuzz/wire.ts';
import { makeVolumeParts, makeVolumes } from './volume-things.ts';
import { inventory, type Caller, type World } from '../fuzz/world.ts';
import { formatMicroversion, type Endpoint, type Service } from '../../helper/http/index.ts';
import { schemaAt } from '../../helper/http/schema.ts';

const ROOTS: Readonly<Record<ServiceName, string>> = {
  identity: '/identity/v3',
  compute: '/compute/v2.1',
  image: '/image/v2',
  network: '/networking/v2.0',
  volume: '/volume/v3',
};

/** Without these a request is refused before anybody asks who may. */
const QUERIES: Readonly<Record<string, string>> = {
  'placement usages': '?project_id=p',
  'deskcloud network_devices:look': '?kind=device&name=lo',
  'volume qos-specs:associate': '?vol_type_id=t',
  'volume qos-specs:disassociate': '?vol_type_id=t',
};

const VERSIONS: Readonly<Partial<Record<ServiceName, Readonly<Record<string, string>>>>> = {
  compute: { 'openstack-api-version': 'compute 2.93' },
  volume: { 'openstack-api-version': 'volume 3.70' },
};

/** One real thing of each kind, of the member's project or, where only an administrator makes them, of the cloud. */
export class Things {
  readonly #world: World;
  readonly #wire: Wire;
  readonly #ids = new Map<string, string>();
  readonly #random = new Random(1);
  readonly #pool = new Pool();

  constructor(world: World, wire: Wire) {
    this.#world = world;
    this.#wire = wire;
  }

  id(kind: string): string | undefined {
    return this.#ids.get(kind);
  }

  set(kind: string, id: string): void {
    this.#ids.set(kind, id);
    this.#pool.keep(kind, id);
  }

  /** Makes a thing; `kind` is what the tables call it. @throws {Error} with the service's words. */
  async make(
    as: 'admin' | 'member',
    service: ServiceName,
    path: string,
    body: Json,
    kind: string,
  ): Promise<Json> {
    const caller: Caller = this.#world.callers[as];
    const { status, text, json } = await this.#wire.send({
      method: 'POST',
      path: `${ROOTS[service]}${path}`,
      headers: {
        'x-auth-token': caller.token,
        'content-type': 'application/json',
        ...VERSIONS[service],
      },
      body: JSON.stringify(body),
    });
    if (status >= 300) throw new Error(`POST ${service} ${path} as ${as}: ${status} ${text}`);
    const [first] = Object.values(json as Json);
    const made = (typeof first === 'object' && first !== null ? first : json) as Json;
    const id = made['id'] ?? made['name'] ?? made['namespace'] ?? made['access'];
    this.set(kind, String(id));
    return made;
  }

  /** Sends a PUT that has to succeed. */
  async put(service: ServiceName, path: string, body?: Json): Promise<void> {
    const { status, text } = await this.#wire.send({
      method: 'PUT',
      path: `${ROOTS[service]}${path}`,
      headers: {
        'x-auth-token': this.#world.callers.admin.token,
        'content-type': 'application/json',
        ...VERSIONS[service],
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (status >= 300) throw new Error(`PUT ${service} ${path}: ${status} ${text}`);
  }

  /** A request that only its caller's rights can keep from success. */
  request(service: Service, endpoint: Endpoint, token: string | undefined): WireRequest {
    const version = Math.min(endpoint.max ?? Infinity, service.microversions?.max ?? 0);
    const { body, type } = this.#body(service, endpoint, version);
    return {
      method: endpoint.method,
      path: `${service.prefix}${service.root}${this.path(service.name, endpoint)}${QUERIES[`${service.name} ${endpoint.id}`] ?? ''}`,
      headers: {
        ...(token === undefined ? {} : { 'x-auth-token': token }),
        ...(type === undefined ? {} : { 'content-type': type }),
        ...(service.microversions === undefined
          ? {}
          : { 'openstack-api-version': `${service.microversions.type} ${formatMicroversion(version)}` }),
        ...(endpoint.id.startsWith('tokens:') ? { 'x-subject-token': this.#world.callers.admin.token } : {}),
      },
      ...(body === undefined ? {} : { body }),
    };
  }

  path(service: string, { path }: Pick<Endpoint, 'path'>): string {
    let before = '';
    return path
      .split('/')
      .map((segment) => {
        const name = /^\{(\w+)\}$/.exec(segment)?.[1];
        if (name === undefined) {
          before = segment;
          return segment;
        }
        const kind = kindOfSegment(before);
        const kinds = [`${service} ${kind}`, kind, kindOfName(name) ?? name];
        return encodeURIComponent(
          kinds.map((kind) => this.#ids.get(kind)).find((id) => id !== undefined) ?? 'none',
        );
      })
      .join('/');
  }

  #body(service: Service, endpoint: Endpoint, version: number): { body?: string; type?: string } {
    if (endpoint.body === 'stream') return { body: 'x', type: 'application/octet-stream' };
    const schema = endpoint.body === undefined ? undefined : schemaAt(endpoint.body, version);
    if (schema === undefined) return {};
    const example = EXAMPLES[`${service.name} ${endpoint.id}`];
    const value =
      example?.(this.#random, (kind) => this.#ids.get(kind), this.#world) ??
      new Values(this.#random, this.#pool, true).of(schema);
    const patch = endpoint.method === 'PATCH' && service.name === 'image';
    return {
      body: JSON.stringify(value),
      type: patch ? 'application/openstack-images-v2.1-json-patch' : 'application/json',
    };
  }

  /** Everything that the visits need. */
  async furnish(helper: HelperClient): Promise<void> {
    const { callers } = this.#world;
    for (const { kind, id, body } of await inventory(this.#world, this.#wire)) {
      if (!this.#ids.has(kind)) this.set(kind, id);
      if (kind === 'image' && body['status'] === 'active') this.set('bootable_image', id);
      if (kind === 'flavor' && body['name'] === 'm1.nano') this.set('bootable_flavor', id);
      if (kind === 'network' && body['router:external'] === true) this.set('external_network', id);
    }
    this.set('project', callers.member.projectId);
    this.set('quota', callers.member.projectId);
    this.set('quota_set', callers.member.projectId);
    this.set('user', callers.admin.userId);
    for (const word of ['tag', 'key', 'extra_spec', 'metadata', 'option', 'group']) this.set(word, 'fuzz');
    await this.#identity();
    await this.#network();
    await this.#others();
    await makeVolumes(this);
    await settle(helper);
    await makeVolumeParts(this);
    const [message] = await this.#list('/volume/v3/messages?all_tenants=1', 'volume 3.70');
    this.set('message', String(message?.['id']));
    await this.#parts();
  }

  async #identity(): Promise<void> {
    const make = (path: string, key: string, body: Json, kind = key) =>
      this.make('admin', 'identity', path, { [key]: body }, kind);
    await make('/users', 'user', { name: 'a-user' });
    await make('/groups', 'group', { name: 'a-group' });
    await make('/roles', 'role', { name: 'a-role' });
    await make('/domains', 'domain', { name: 'a-domain' });
    await make('/policies', 'policy', { type: 't', blob: 'b' });
    await make('/regions', 'region', { id: 'a-region' });
    const service = await make('/services', 'service', { name: 'a-service', type: 'a' });
    const endpoint = { service_id: service['id'], interface: 'public', url: 'http://127.0.0.1:9' };
    await make('/endpoints', 'endpoint', endpoint);
    await make('/OS-EP-FILTER/endpoint_groups', 'endpoint_group', {
      name: 'g',
      filters: { interface: 'public' },
    });
    await make('/OS-OAUTH1/consumers', 'consumer', { description: 'c' });
    const admin = this.#world.callers.admin;
    await make('/credentials', 'credential', { user_id: admin.userId, type: 'cert', blob: 'b' });
    await this.make(
      'admin',
      'identity',
      `/users/${admin.userId}/application_credentials`,
      {
        application_credential: {
          name: 'a',
          access_rules: [{ path: '/v2.1/servers', method: 'GET', service: 'compute' }],
        },
      },
      'application_credential',
    );
    const role = this.id('role');
    await this.put('identity', `/projects/${admin.projectId}/users/${admin.userId}/roles/${role}`);
    await make('/OS-TRUST/trusts', 'trust', {
      trustor_user_id: admin.userId,
      trustee_user_id: admin.userId,
      project_id: admin.projectId,
      impersonation: false,
      roles: [{ id: role }],
    });
  }

  async #qos(): Promise<void> {
    const make = (path: string, key: string, body: Json, kind: string) =>
      this.make('admin', 'network', path, { [key]: body }, kind);
    const project_id = this.#world.callers.member.projectId;
    const policy = await make('/qos/policies', 'policy', { name: 'a', project_id }, 'network policy');
    for (const [type, body] of Object.entries({
      bandwidth_limit: { max_kbps: 1000 },
      packet_rate_limit: { max_kpps: 1 },
      dscp_marking: { dscp_mark: 8 },
      minimum_bandwidth: { min_kbps: 10 },
      minimum_packet_rate: { min_kpps: 1 },
    })) {
      const kind = `${type}_rule`;
      const rule = await make(`/qos/policies/${String(policy['id'])}/${kind}s`, kind, body, kind);
      this.set(`alias_${kind}`, String(rule['id']));
    }
    this.set('rule_type', 'bandwidth_limit');
  }

  async #network(): Promise<void> {
    const make = (path: string, key: string, body: Json) =>
      this.make('member', 'network', path, { [key]: body }, key);
    const network = await make('/networks', 'network', { name: 'a' });
    this.set('bootable_network', String(network['id']));
    await make('/subnets', 'subnet', { network_id: network['id'], ip_version: 4, cidr: '10.77.0.0/24' });
    await make('/routers', 'router', { name: 'a' });
    const group = await make('/security-groups', 'security_group', { name: 'a' });
    await make('/security-group-rules', 'security_group_rule', {
      security_group_id: group['id'],
      direction: 'ingress',
      protocol: 'tcp',
    });
    await make('/address-groups', 'address_group', { name: 'a', addresses: ['10.9.0.0/24'] });
    await make('/address-scopes', 'address_scope', { name: 'a', ip_version: 4 });
    await make('/subnetpools', 'subnetpool', {
      name: 'a',
      prefixes: ['10.88.0.0/16'],
      default_prefixlen: 24,
    });
    const rule = await make('/fwaas/firewall_rules', 'firewall_rule', { name: 'a' });
    const rules = { name: 'a', firewall_rules: [rule['id']] };
    await make('/fwaas/firewall_policies', 'firewall_policy', rules);
    await make('/fwaas/firewall_groups', 'firewall_group', { name: 'a' });
    const label = await this.make(
      'admin',
      'network',
      '/metering/metering-labels',
      { metering_label: { name: 'a', project_id: this.#world.callers.member.projectId } },
      'metering_label',
    );
    await this.make(
      'admin',
      'network',
      '/metering/metering-label-rules',
      {
        metering_label_rule: {
          metering_label_id: label['id'],
          remote_ip_prefix: '10.0.0.0/8',
          direction: 'ingress',
        },
      },
      'metering_label_rule',
    );
    await this.#qos();
    await make('/rbac-policies', 'rbac_policy', {
      object_type: 'network',
      object_id: network['id'],
      action: 'access_as_shared',
      target_tenant: this.#world.callers.admin.projectId,
    });
    const port = await make('/ports', 'port', { network_id: network['id'] });
    const floating = await make('/floatingips', 'floatingip', {
      floating_network_id: this.id('external_network'),
    });
    await this.put('network', `/routers/${this.id('router')}`, {
      router: { external_gateway_info: { network_id: this.id('external_network') } },
    });
    await this.put('network', `/routers/${this.id('router')}/add_router_interface`, {
      subnet_id: this.id('subnet'),
    });
    const parent = await make('/ports', 'port', { network_id: network['id'] });
    await make('/trunks', 'trunk', { port_id: parent['id'] });
    this.set('port', String(port['id']));
    this.set('floating_ip', String(floating['id']));
    this.set('tenant_network', String(network['id']));
    const [address] = port['fixed_ips'] as { ip_address: string }[];
    await make(`/floatingips/${String(floating['id'])}/port_forwardings`, 'port_forwarding', {
      internal_port_id: port['id'],
      internal_ip_address: address?.ip_address,
      internal_port: 22,
      external_port: 2222,
      protocol: 'tcp',
    });
    await make(`/routers/${this.id('router')}/conntrack_helpers`, 'conntrack_helper', {
      protocol: 'udp',
      port: 69,
      helper: 'tftp',
    });
  }

  async #others(): Promise<void> {
    const compute = (as: 'admin' | 'member', path: string, key: string, body: Json) =>
      this.make(as, 'compute', path, { [key]: body }, key);
    await compute('admin', '/flavors', 'flavor', { name: 'a', ram: 64, vcpus: 1, disk: 1 });
    await compute('member', '/os-keypairs', 'keypair', { name: 'a', public_key: PUBLIC_KEY, type: 'ssh' });
    await compute('admin', '/os-aggregates', 'aggregate', { name: 'a' });
    await compute('member', '/servers', 'server', {
      name: 'a',
      imageRef: this.id('bootable_image'),
      flavorRef: this.id('bootable_flavor'),
      networks: [{ uuid: this.id('network') }],
    });
    await compute('member', '/os-server-groups', 'server_group', { name: 'a', policy: 'affinity' });
    const image = {
      name: 'a',
      disk_format: 'raw',
      container_format: 'bare',
      visibility: 'shared',
      fuzz: 'x',
    };
    await this.make('member', 'image', '/images', image, 'image');
    await this.make('admin', 'image', '/metadefs/namespaces', { namespace: 'a' }, 'namespace');
  }

  /** What is only there as a part of another thing. */
  async #parts(): Promise<void> {
    const id = (kind: string): string => this.id(kind) ?? 'none';
    for (const [segment, kind] of [
      ['networks', 'network'],
      ['subnets', 'subnet'],
      ['ports', 'port'],
      ['security-groups', 'security_group'],
      ['routers', 'router'],
      ['floatingips', 'floatingip'],
      ['subnetpools', 'subnetpool'],
      ['trunks', 'trunk'],
      ['policies', 'network policy'],
    ] as const)
      await this.put('network', `/${segment}/${id(kind)}/tags/fuzz`);
    await this.put('identity', `/projects/${id('project')}/tags/fuzz`);
    await this.put('compute', `/servers/${id('server')}/tags/fuzz`);
    await this.put('compute', `/servers/${id('server')}/metadata/fuzz`, { meta: { fuzz: 'x' } });
    const specs = { extra_specs: { fuzz: 'x' } };
    await this.make('admin', 'compute', `/flavors/${id('flavor')}/os-extra_specs`, specs, 'spec');
    const { member } = this.#world.callers;
    const actions = await this.#list(`/compute/v2.1/servers/${id('server')}/os-instance-actions`);
    const [port] = await this.#list(`/compute/v2.1/servers/${id('server')}/os-interface`);
    this.set('interface', String(port?.['port_id']));
    this.set('ip', 'a');
    this.set('network extension', 'router');
    const [extension] = await this.#list('/compute/v2.1/extensions');
    this.set('compute extension', String(extension?.['alias']));
    this.set('instance_action', String(actions[0]?.['request_id']));
    await this.make(
      'admin',
      'image',
      `/images/${id('image')}/members`,
      { member: member.projectId },
      'member',
    );
    this.set('member', member.projectId);
    const namespace = `/metadefs/namespaces/${id('namespace')}`;
    await this.make('admin', 'image', `${namespace}/objects`, { name: 'fuzz' }, 'object');
    const property = { name: 'fuzz', title: 'x', type: 'string' };
    await this.make('admin', 'image', `${namespace}/properties`, property, 'property');
    await this.make('admin', 'image', `${namespace}/tags/fuzz`, {}, 'tag');
    const limit = { service_id: id('service'), resource_name: 'x', default_limit: 1 };
    const limits = { registered_limits: [limit] };
    await this.make('admin', 'identity', '/registered_limits', limits, 'registered_limits');
    const [registered] = await this.#list('/identity/v3/registered_limits');
    this.set('registered_limit', String(registered?.['id']));
    const projectLimit = { service_id: id('service'), resource_name: 'x', resource_limit: 1 };
    const own = { limits: [{ ...projectLimit, project_id: id('project') }] };
    await this.make('admin', 'identity', '/limits', own, 'limits');
    const [made] = await this.#list('/identity/v3/limits');
    this.set('limit', String(made?.['id']));
    const operations = await this.#list('/deskcloud/v1/operations');
    this.set('operation', String(operations[0]?.['id']));
  }

  async #list(path: string, version?: string): Promise<readonly Json[]> {
    const { json } = await this.#wire.send({
      method: 'GET',
      path,
      headers: {
        'x-auth-token': this.#world.callers.admin.token,
        ...(version === undefined ? {} : { 'openstack-api-version': version }),
      },
    });
    return Object.values(json as Json).find((value) => Array.isArray(value)) as Json[];
  }
}
