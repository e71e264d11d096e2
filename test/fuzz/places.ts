import type { Random } from './random.ts';
import type { Caller } from './world.ts';

type Find = (kind: string) => string | undefined;
type Texts = Readonly<Record<string, string | undefined>>;

/** Parameters of paths by operation, where the one before or the name does not tell what belongs there. */
type Place = (find: Find, random: Random, caller: Caller | undefined) => Texts;

const own: Place = (_find, _random, caller) => ({ user_id: caller?.userId });
const custom: Place = (_find, random) => ({ name: `CUSTOM_${random.hex(6).toUpperCase()}` });
const ldap: Place = () => ({ group: 'ldap', option: 'url' });
const agent: Place = (find) => ({ agent_id: find('agent') });
const computeService: Place = (find) => ({ service_id: find('compute_service') });
const volumeHost: Place = (find) => ({ host_name: find('volume_host') });
const resourceClass: Place = () => ({ resource_class: 'VCPU' });

/** What of it was there before may be in these paths, since nothing that they do to it does harm. */
export const PLACES: Readonly<Record<string, Place>> = {
  'identity application-credentials:create': own,
  'identity application-credentials:show': own,
  'identity application-credentials:delete': own,
  'identity access-rules:list': own,
  'identity access-rules:show': own,
  'identity access-rules:delete': own,
  'identity domain-config-group:default': ldap,
  'identity domain-config-group:show': ldap,
  'identity domain-config-group:update': ldap,
  'identity domain-config-group:delete': ldap,
  'identity domain-config-option:default': ldap,
  'identity domain-config-option:show': ldap,
  'identity domain-config-option:update': ldap,
  'identity domain-config-option:delete': ldap,
  'identity regions:put': (_find, random) => ({ region_id: `fuzz-${random.hex(6)}` }),
  'image stores:delete-image': () => ({ store_id: 'local' }),
  'network qos_rule_types:show': () => ({ type: 'dscp_marking' }),
  'network extensions:show': () => ({ alias: 'router' }),
  'network agents:update': agent,
  'network agents:dhcp-networks:add': agent,
  'network agents:dhcp-networks:remove': agent,
  'network agents:l3-routers:add': agent,
  'network agents:l3-routers:remove': agent,
  'compute extensions:show': () => ({ alias: 'os-keypairs' }),
  'compute os-services:act': (_find, random) => ({ service_id: random.pick(['enable', 'force-down']) }),
  'compute os-services:update': computeService,
  'compute os-hypervisors:search': (find) => ({ pattern: find('host') }),
  'compute os-hypervisors:servers': (find) => ({ pattern: find('host') }),
  'compute os-hosts:show': (find) => ({ host_name: find('host') }),
  'compute os-instance-usage-audit-log:show': () => ({ before_timestamp: '2026-01-01 00:00:00' }),
  'compute os-attach-interfaces:delete': (find) => ({ port_id: find('attached_port') }),
  'compute os-console-auth-tokens:show': (find) => ({ console_token: find('console_token') }),
  'volume os-hosts:show': volumeHost,
  'volume capabilities:show': volumeHost,
  'volume extensions:show': () => ({ alias: 'os-services' }),
  'volume types:encryption:item': () => ({ key: 'cipher' }),
  'volume default-types:set': (find) => ({ project_id: find('project') }),
  'placement resource_classes:ensure': custom,
  'placement traits:update': custom,
  'placement inventories:show': resourceClass,
  'placement inventories:update': resourceClass,
  'placement inventories:delete': resourceClass,
};

const host = (find: Find): Texts => ({ host: find('volume_host') });

/** What a query has to have for an answer of success. */
export const QUERIES: Readonly<Record<string, (find: Find) => Texts>> = {
  'placement allocation_candidates:list': () => ({ resources: 'VCPU:1' }),
  'placement usages': (find) => ({ project_id: find('project') }),
  'volume os-volume-manage:list': host,
  'volume os-volume-manage:detail': host,
  'volume manageable_volumes:list': host,
  'volume manageable_volumes:detail': host,
  'volume os-snapshot-manage:list': host,
  'volume os-snapshot-manage:detail': host,
  'volume manageable_snapshots:list': host,
  'volume manageable_snapshots:detail': host,
  'volume qos-specs:associate': (find) => ({ vol_type_id: find('type') }),
  'volume qos-specs:disassociate': (find) => ({ vol_type_id: find('type') }),
};
