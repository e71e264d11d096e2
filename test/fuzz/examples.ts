import type { Random } from './random.ts';
import type { World } from './world.ts';

type Find = (kind: string) => string | undefined;
export type Example = (random: Random, find: Find, world: World) => unknown;

/** Leaves out what there is none of. */
const some = (object: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

export const named =
  (key: string, more: (random: Random, find: Find) => object = () => ({})): Example =>
  (random, find) => ({
    [key]: some({ name: `fuzz-${random.hex(6)}`, ...more(random, find) }),
  });

const allocation = (random: Random, find: Find): object => ({
  allocations: { [random.uuid()]: { resources: { VCPU: 1 } } },
  project_id: find('project') ?? 'p',
  user_id: find('user') ?? 'u',
  consumer_generation: null,
  consumer_type: 'INSTANCE',
});

/** Of nobody. */
export const PUBLIC_KEY =
  'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPb0Tn8p0hU3v4zVj1m3yQm0mW0a3lqgq5q3s8Yt2wXy a@example.invalid';

/** Bodies that succeed where a schema alone seldom leads to one that does: what they name has to fit together. */
export const EXAMPLES: Readonly<Record<string, Example>> = {
  'identity tokens:create': (random, _find, { callers }) => {
    const { userId, projectId, password } = random.pick(Object.values(callers));
    return {
      auth: {
        identity: { methods: ['password'], password: { user: { id: userId, password } } },
        ...(random.chance(0.7) ? { scope: { project: { id: projectId } } } : {}),
      },
    };
  },
  'identity users:create': named('user'),
  'identity projects:create': named('project', (random, find) => ({
    parent_id: random.chance(0.3) ? find('project') : undefined,
  })),
  'identity groups:create': named('group'),
  'identity roles:create': named('role'),
  'identity domains:create': named('domain'),
  'identity trusts:create': (_random, find) => ({
    trust: {
      trustor_user_id: find('user'),
      trustee_user_id: find('user'),
      project_id: find('project'),
      impersonation: false,
      roles: [],
    },
  }),
  'identity endpoints:create': (random, find) => ({
    endpoint: {
      service_id: find('service'),
      interface: random.pick(['public', 'admin']),
      url: 'http://127.0.0.1:9/x',
    },
  }),
  'network networks:create': named('network'),
  'network subnets:create': (random, find) => ({
    subnet: random.chance(0.6)
      ? {
          network_id: find('network'),
          ip_version: 4,
          cidr: `10.${random.below(250)}.${random.below(250)}.0/24`,
        }
      : {
          network_id: find('network'),
          ip_version: 6,
          cidr: `fd00:${random.hex(3)}::/64`,
          ...(random.chance(0.5) ? { ipv6_address_mode: 'slaac', ipv6_ra_mode: 'slaac' } : {}),
        },
  }),
  'network ports:create': named('port', (_random, find) => ({ network_id: find('network') })),
  'network routers:create': named('router'),
  'network security_groups:create': named('security_group'),
  'network security_group_rules:create': (random, find) => ({
    security_group_rule: {
      security_group_id: find('security_group'),
      direction: random.pick(['ingress', 'egress']),
      ethertype: 'IPv4',
      protocol: 'tcp',
      port_range_min: 1 + random.below(1000),
      port_range_max: 1000 + random.below(1000),
    },
  }),
  'network routers:add_router_interface': (_random, find) => ({ subnet_id: find('subnet') }),
  'network routers:remove_router_interface': (_random, find) => ({ subnet_id: find('subnet') }),
  'network floatingips:create': (random, find) => ({
    floatingip: some({
      floating_network_id: find('external_network'),
      port_id: random.chance(0.3) ? find('port') : undefined,
    }),
  }),
  'compute servers:create': (random, find) => ({
    server: {
      name: `fuzz-${random.hex(4)}`,
      imageRef: find('bootable_image'),
      flavorRef: find('bootable_flavor'),
      networks: random.chance(0.7) ? [{ uuid: find('bootable_network') }] : [{ port: find('port') }],
    },
  }),
  'compute servers:rebuild': (_random, find) => ({ rebuild: { imageRef: find('bootable_image') } }),
  'compute servers:resize': (_random, find) => ({ resize: { flavorRef: find('bootable_flavor') } }),
  'compute flavors:create': (random) => ({
    flavor: { name: `fuzz-${random.hex(6)}`, ram: 64, vcpus: 1, disk: random.below(3) },
  }),
  'compute os-keypairs:create': (random) => ({
    keypair: { name: `fuzz-${random.hex(6)}`, ...(random.chance(0.5) ? {} : { public_key: PUBLIC_KEY }) },
  }),
  'identity project-tags:replace': () => ({ tags: ['fuzz'] }),
  'compute os-hosts:update': () => ({ status: 'enable' }),
  'compute server-metadata:update': () => ({ meta: { fuzz: 'x' } }),
  'volume snapshots:os-update_snapshot_status': () => ({
    'os-update_snapshot_status': { status: 'error', progress: '50%' },
  }),
  'volume volumes:metadata:update': () => ({ meta: { fuzz: 'x' } }),
  'volume snapshots:metadata:update': () => ({ meta: { fuzz: 'x' } }),
  'volume types:extra_specs:update': () => ({ fuzz: 'x' }),
  'volume group_types:group_specs:update': () => ({ fuzz: 'x' }),
  'compute image-metadata:update': () => ({ meta: { fuzz: 'x' } }),
  'compute flavor-extra-specs:update': () => ({ fuzz: 'x' }),
  'compute os-security-groups:rule:create': (_random, find) => ({
    security_group_rule: {
      parent_group_id: find('security_group'),
      ip_protocol: 'tcp',
      from_port: 22,
      to_port: 22,
      cidr: '10.0.0.0/8',
    },
  }),
  'network port_forwardings:create': (random, find) => ({
    port_forwarding: some({
      internal_port_id: find('port'),
      internal_ip_address: random.chance(0.5) ? '10.0.0.5' : undefined,
      internal_port: 22,
      external_port: 1 + random.below(60_000),
      protocol: 'tcp',
    }),
  }),
  'network address_groups:create': named('address_group', (random) => ({
    addresses: [`10.${random.below(250)}.0.0/16`],
  })),
  'network address_groups:add_addresses': (random) => ({
    addresses: [`10.${random.below(250)}.${random.below(250)}.0/24`],
  }),
  'network address_scopes:create': named('address_scope', () => ({ ip_version: 4 })),
  'network subnetpools:create': named('subnetpool', (random) => ({
    prefixes: [`10.${random.below(250)}.0.0/16`],
    default_prefixlen: 24,
  })),
  'network rbac_policies:create': (random, find) => ({
    rbac_policy: {
      object_type: 'network',
      object_id: find('network'),
      action: 'access_as_shared',
      target_tenant: random.chance(0.5) ? '*' : find('project'),
    },
  }),
  'network firewall_rules:create': named('firewall_rule'),
  'network firewall_policies:create': named('firewall_policy'),
  'network firewall_groups:create': named('firewall_group', (_random, find) => ({
    ingress_firewall_policy_id: find('firewall_policy'),
  })),
  'network firewall_policies:insert_rule': (_random, find) => ({ firewall_rule_id: find('firewall_rule') }),
  'network firewall_policies:remove_rule': (_random, find) => ({ firewall_rule_id: find('firewall_rule') }),
  'network metering_labels:create': named('metering_label'),
  'network metering_label_rules:create': (random, find) => ({
    metering_label_rule: {
      metering_label_id: find('metering_label'),
      remote_ip_prefix: `10.${random.below(250)}.0.0/16`,
      direction: 'ingress',
    },
  }),
  'placement resource_classes:create': (random) => ({ name: `CUSTOM_${random.hex(6).toUpperCase()}` }),
  'placement resource_classes:rename': (random) => ({ name: `CUSTOM_${random.hex(6).toUpperCase()}` }),
  'placement resource_providers:create': (random) => ({ name: `fuzz-${random.hex(6)}` }),
  'placement allocations:manage': (random, find) => ({ [random.uuid()]: allocation(random, find) }),
  'placement allocations:update': (random, find) => allocation(random, find),
  'placement resource_providers:traits:update': () => ({ resource_provider_generation: 0, traits: [] }),
  'placement reshaper:reshape': () => ({ inventories: {}, allocations: {} }),
  'network conntrack_helpers:create': (random) => ({
    conntrack_helper: { protocol: 'udp', port: 1 + random.below(100), helper: 'tftp' },
  }),
  'compute os-aggregates:create': (random) => ({ aggregate: { name: `fuzz-${random.hex(6)}` } }),
  'image images:create': (random) => ({
    name: `fuzz-${random.hex(4)}`,
    disk_format: 'raw',
    container_format: 'bare',
    visibility: random.pick(['private', 'shared', 'community']),
  }),
  'image images:update': (random) => [
    { op: 'replace', path: '/name', value: `fuzz-${random.hex(4)}` },
    ...(random.chance(0.5) ? [{ op: 'add', path: '/fuzz', value: 'x' }] : []),
  ],
  'image images:import': (random) => ({
    method: random.pick([{ name: 'glance-direct' }, { name: 'web-download', uri: 'http://127.0.0.1:9/x' }]),
  }),
  'image metadef-namespaces:create': (random) => ({ namespace: `fuzz-${random.hex(6)}` }),
};
