import { type Example, named } from './examples.ts';

const rename: Example = (random) => ({ name: `fuzz-${random.hex(6)}` });
const action =
  (name: string, value: unknown = null): Example =>
  () => ({ [name]: value });
const ofHost: Example = (_random, find) => ({ host: find('volume_host'), binary: 'cinder-volume' });
const ldap: Example = () => ({ config: { ldap: { url: 'ldap://127.0.0.1:9' } } });
const inventory = { total: 4, reserved: 0, min_unit: 1, max_unit: 4, step_size: 1, allocation_ratio: 1 };

/** More of {@link EXAMPLES}, which only the fuzz needs: what works on things in a certain state, or on what is there. */
export const FURTHER_EXAMPLES: Readonly<Record<string, Example>> = {
  'identity users:create': named('user', () => ({ password: 'fuzz-password' })),
  'identity users:update': named('user'),
  'identity users:password': () => ({
    user: { original_password: 'fuzz-password', password: 'fuzz-password-2' },
  }),
  'identity application-credentials:create': named('application_credential', (random) =>
    random.chance(0.5)
      ? { access_rules: [{ service: 'compute', method: 'GET', path: `/v2.1/${random.hex(4)}` }] }
      : {},
  ),
  'identity domain-config:create': ldap,
  'identity domain-config:update': ldap,
  'identity domain-config-group:update': ldap,
  'identity domain-config-option:update': () => ({ config: { url: 'ldap://127.0.0.1:19' } }),
  'identity regions:put': () => ({ region: { description: 'fuzz' } }),
  'identity registered-limits:create': (random, find) => ({
    registered_limits: [
      { service_id: find('service'), resource_name: `fuzz_${random.hex(5)}`, default_limit: 5 },
    ],
  }),
  'image members:create': (_random, find) => ({ member: find('project') }),
  'network trunks:add_subports': (random, find) => ({
    sub_ports: [
      { port_id: find('port'), segmentation_type: 'vlan', segmentation_id: 1 + random.below(4000) },
    ],
  }),
  'network agents:update': () => ({ agent: { admin_state_up: true } }),
  'network agents:dhcp-networks:add': (_random, find) => ({ network_id: find('network') }),
  'network agents:l3-routers:add': (_random, find) => ({ router_id: find('router') }),
  'network segments:create': (random, find) => ({
    segment: {
      network_id: find('network'),
      network_type: 'vxlan',
      segmentation_id: 2_000_000 + random.below(99_999),
    },
  }),
  'compute os-volumes_boot:servers:create': (random, find) => ({
    server: {
      name: `fuzz-${random.hex(4)}`,
      imageRef: find('bootable_image'),
      flavorRef: find('bootable_flavor'),
      networks: [{ uuid: find('bootable_network') }],
    },
  }),
  'compute servers:resize': (_random, find) => ({ resize: { flavorRef: find('flavor') } }),
  'compute servers:confirm_resize': action('confirmResize'),
  'compute servers:revert_resize': action('revertResize'),
  'compute os-shelve:shelve': action('shelve'),
  'compute os-shelve:unshelve': action('unshelve'),
  'compute os-shelve:shelve_offload': action('shelveOffload'),
  'compute servers:start': action('os-start'),
  'compute os-security-groups:add': action('addSecurityGroup', { name: 'default' }),
  'compute os-security-groups:remove': action('removeSecurityGroup', { name: 'default' }),
  'compute os-remote-consoles:create': () => ({ remote_console: { protocol: 'vnc', type: 'novnc' } }),
  'compute os-volumes-attachments:create': (_random, find) => ({
    volumeAttachment: { volumeId: find('volume') },
  }),
  'compute os-volumes-attachments:update': (_random, find) => ({
    volumeAttachment: { volumeId: find('volume') },
  }),
  'compute os-attach-interfaces:create': (random, find) => ({
    interfaceAttachment: random.chance(0.6)
      ? { net_id: find('bootable_network') }
      : { port_id: find('port') },
  }),
  'compute os-floating-ips:add': (_random, find) => ({
    addFloatingIp: { address: find('floating_address') },
  }),
  'compute os-floating-ips:remove': (_random, find) => ({
    removeFloatingIp: { address: find('floating_address') },
  }),
  'compute os-multinic:add': (_random, find) => ({ addFixedIp: { networkId: find('bootable_network') } }),
  'compute flavor-access:add': (_random, find) => ({ addTenantAccess: { tenant: find('project') } }),
  'compute flavor-access:remove': (_random, find) => ({ removeTenantAccess: { tenant: find('project') } }),
  'compute os-services:act': (_random, find) => ({ host: find('host'), binary: 'nova-compute' }),
  'compute os-services:update': () => ({ status: 'enabled' }),
  'compute os-aggregates:add_host': (_random, find) => ({ add_host: { host: find('host') } }),
  'compute os-aggregates:remove_host': (_random, find) => ({ remove_host: { host: find('host') } }),
  'volume volumes:create': (random, find) => ({
    volume: {
      name: `fuzz-${random.hex(4)}`,
      size: 1,
      ...(random.chance(0.2) ? { volume_type: find('type') } : {}),
    },
  }),
  'volume volumes:os-retype': (_random, find) => ({
    'os-retype': { new_type: find('type'), migration_policy: 'on-demand' },
  }),
  'volume volumes:revert': (_random, find) => ({ revert: { snapshot_id: find('snapshot') } }),
  'volume volumes:os-reimage': (_random, find) => ({
    'os-reimage': { image_id: find('bootable_image'), reimage_reserved: true },
  }),
  'volume volumes:os-set_image_metadata': action('os-set_image_metadata', { metadata: { fuzz: 'x' } }),
  'volume volumes:os-unset_image_metadata': action('os-unset_image_metadata', { key: 'fuzz' }),
  'volume snapshots:create': (_random, find) => ({ snapshot: { volume_id: find('volume'), force: true } }),
  'volume snapshots:os-reset_status': action('os-reset_status', { status: 'available' }),
  'volume backups:create': (_random, find) => ({ backup: { volume_id: find('volume'), force: true } }),
  'volume backups:restore': () => ({ restore: { name: 'fuzz' } }),
  'volume backups:os-reset_status': action('os-reset_status', { status: 'available' }),
  'volume types:create': (random) => ({
    volume_type: {
      name: `fuzz-${random.hex(6)}`,
      'os-volume-type-access:is_public': random.chance(0.5),
    },
  }),
  'volume types:addProjectAccess': (_random, find) => ({ addProjectAccess: { project: find('project') } }),
  'volume types:removeProjectAccess': (_random, find) => ({
    removeProjectAccess: { project: find('project') },
  }),
  'volume types:encryption:create': () => ({
    encryption: {
      provider: 'luks',
      control_location: 'front-end',
      cipher: 'aes-xts-plain64',
      key_size: 256,
    },
  }),
  'volume types:encryption:update': () => ({ encryption: { key_size: 512 } }),
  'volume default-types:set': (_random, find) => ({ default_type: { volume_type: find('type') } }),
  'volume qos-specs:create': (random) => ({
    qos_specs: { name: `fuzz-${random.hex(6)}`, consumer: 'front-end', total_iops_sec: '100' },
  }),
  'volume qos-specs:update': () => ({ qos_specs: { total_iops_sec: '200' } }),
  'volume os-services:enable': ofHost,
  'volume os-services:thaw': ofHost,
  'volume group_types:create': named('group_type'),
  'volume groups:create': (random, find) => ({
    group: { name: `fuzz-${random.hex(4)}`, group_type: find('group_type'), volume_types: [find('type')] },
  }),
  'volume groups:update': (random, find) => ({
    group: { name: `fuzz-${random.hex(4)}`, ...(random.chance(0.3) ? { add_volumes: find('volume') } : {}) },
  }),
  'volume groups:delete': action('delete', { 'delete-volumes': true }),
  'volume groups:reset_status': action('reset_status', { status: 'available' }),
  'volume groups:create-from-src': (_random, find) => ({
    'create-from-src': { group_snapshot_id: find('group_snapshot') },
  }),
  'volume group_snapshots:create': (_random, find) => ({ group_snapshot: { group_id: find('group') } }),
  'volume group_snapshots:reset_status': action('reset_status', { status: 'available' }),
  'placement allocations:update': (random, find) => ({
    allocations: { [find('resource_provider') ?? random.uuid()]: { resources: { VCPU: 1 } } },
    project_id: find('project'),
    user_id: find('user'),
    consumer_generation: null,
    consumer_type: 'INSTANCE',
  }),
  'placement resource_providers:update': rename,
  'placement resource_providers:aggregates:update': (random) => ({
    resource_provider_generation: 0,
    aggregates: [random.uuid()],
  }),
  'placement inventories:create': () => ({ resource_class: 'VCPU', ...inventory }),
  'placement inventories:replace': () => ({
    resource_provider_generation: 0,
    inventories: { VCPU: inventory },
  }),
  'placement inventories:update': (random) => ({
    resource_provider_generation: random.below(3),
    ...inventory,
  }),
};
