import {
  admin,
  all,
  anyone,
  either,
  projectMember,
  projectReader,
  type Check,
  type PolicyRules,
} from '../http/index.ts';

/** The caller's project owns the network of the target; handlers put its project into `network_project_id`. */
const networkOwner: Check = (auth, target) =>
  auth.projectId !== undefined && target.network_project_id === auth.projectId;

const adminOrNetworkOwner = either(
  admin,
  all(networkOwner, (auth) => auth.roles.has('member')),
);

/** Shared with the caller: the target, or its network. */
const shared: Check = (_auth, target) => target.shared === true;
const external: Check = (_auth, target) => target['router:external'] === true;

/** neutron's restrict_wildcard. */
const notEverybody: Check = either(admin, (_auth, target) => target['target_tenant'] !== '*');

const providerRules = Object.fromEntries(
  ['create_network', 'update_network', 'get_network'].flatMap((action) =>
    ['network_type', 'physical_network', 'segmentation_id'].map((name) => [
      `${action}:provider:${name}`,
      admin,
    ]),
  ),
);

/** What a project does with its own resources of a kind. */
const owned = (kind: string): PolicyRules => ({
  [`create_${kind}`]: projectMember,
  [`get_${kind}`]: projectReader,
  [`update_${kind}`]: projectMember,
  [`delete_${kind}`]: projectMember,
});

/** Rules of QoS policies: those who may use a policy read them, admins write them. */
const qosRules = (prefix: string): PolicyRules =>
  Object.fromEntries(
    ['bandwidth_limit', 'packet_rate_limit', 'dscp_marking', 'minimum_bandwidth', 'minimum_packet_rate']
      .map((type) => `${prefix}_${type}_rule`)
      .flatMap((kind) => [
        [`get_${kind}`, either(projectReader, shared)],
        ...['create', 'update', 'delete'].map((verb) => [`${verb}_${kind}`, admin]),
      ]),
  ) as PolicyRules;

/** As {@link owned}, for what admins may share with all projects. */
const shareable = (kind: string): PolicyRules => ({
  ...owned(kind),
  [`get_${kind}`]: either(projectReader, shared),
  [`create_${kind}:shared`]: admin,
  [`update_${kind}:shared`]: admin,
});

/**
 * neutron's rules (neutron/conf/policies) with the default roles: what only reads needs reader, what changes needs
 * member. A rule for an attribute is `<action>:<attribute>` and is asked only when the caller sets that attribute.
 */
export const networkRules: PolicyRules = {
  create_network: projectMember,
  get_network: either(projectReader, shared, external),
  update_network: projectMember,
  delete_network: projectMember,
  'create_network:shared': admin,
  'update_network:shared': admin,
  'create_network:router:external': admin,
  'update_network:router:external': admin,
  'create_network:is_default': admin,
  'update_network:is_default': admin,
  'create_network:segments': admin,
  ...providerRules,

  create_segment: admin,
  get_segment: admin,
  // Lists leave out what the caller may not see.
  'get_segment:list': anyone,
  update_segment: admin,
  delete_segment: admin,

  create_subnet: either(
    admin,
    all(networkOwner, (auth) => auth.roles.has('member')),
  ),
  'create_subnet:request': either(admin, (auth) => auth.roles.has('member')),
  get_subnet: either(
    projectReader,
    all(networkOwner, (auth) => auth.roles.has('reader')),
    shared,
  ),
  update_subnet: either(projectMember, adminOrNetworkOwner),
  delete_subnet: either(projectMember, adminOrNetworkOwner),
  'create_subnet:segment_id': admin,
  'update_subnet:segment_id': admin,

  create_port: projectMember,
  get_port: either(projectReader, adminOrNetworkOwner),
  update_port: either(projectMember, adminOrNetworkOwner),
  delete_port: either(projectMember, adminOrNetworkOwner),
  'create_port:device_owner': either(adminOrNetworkOwner, (_auth, target) => target.network_device !== true),
  'update_port:device_owner': either(adminOrNetworkOwner, (_auth, target) => target.network_device !== true),
  'create_port:mac_address': adminOrNetworkOwner,
  'update_port:mac_address': admin,
  'create_port:fixed_ips': either(adminOrNetworkOwner, shared),
  'create_port:fixed_ips:ip_address': adminOrNetworkOwner,
  'update_port:fixed_ips': either(adminOrNetworkOwner, shared),
  'update_port:fixed_ips:ip_address': adminOrNetworkOwner,
  'create_port:port_security_enabled': adminOrNetworkOwner,
  'update_port:port_security_enabled': adminOrNetworkOwner,
  'create_port:allowed_address_pairs': adminOrNetworkOwner,
  'update_port:allowed_address_pairs': adminOrNetworkOwner,
  'create_port:binding:host_id': admin,
  'update_port:binding:host_id': admin,
  'create_port:binding:profile': admin,
  'update_port:binding:profile': admin,
  'get_port:binding:host_id': admin,

  create_address_group: projectMember,
  get_address_group: either(projectReader, shared),
  update_address_group: projectMember,
  delete_address_group: projectMember,

  create_address_scope: projectMember,
  'create_address_scope:shared': admin,
  get_address_scope: either(projectReader, shared),
  update_address_scope: projectMember,
  'update_address_scope:shared': admin,
  delete_address_scope: projectMember,

  create_subnetpool: projectMember,
  'create_subnetpool:shared': admin,
  'create_subnetpool:is_default': admin,
  get_subnetpool: either(projectReader, shared),
  update_subnetpool: projectMember,
  'update_subnetpool:is_default': admin,
  delete_subnetpool: projectMember,
  add_prefixes: projectMember,
  remove_prefixes: projectMember,
  onboard_network_subnets: projectMember,

  create_rbac_policy: projectMember,
  'create_rbac_policy:target_tenant': notEverybody,
  get_rbac_policy: projectReader,
  update_rbac_policy: projectMember,
  'update_rbac_policy:target_tenant': notEverybody,
  delete_rbac_policy: projectMember,

  create_security_group: projectMember,
  get_security_group: either(projectReader, shared),
  update_security_group: projectMember,
  delete_security_group: projectMember,
  create_security_group_rule: projectMember,
  get_security_group_rule: projectReader,
  delete_security_group_rule: projectMember,

  create_router: projectMember,
  get_router: projectReader,
  update_router: projectMember,
  delete_router: projectMember,
  add_router_interface: projectMember,
  remove_router_interface: projectMember,
  add_extraroutes: projectMember,
  remove_extraroutes: projectMember,
  'create_router:distributed': admin,
  'update_router:distributed': admin,
  'create_router:ha': admin,
  'update_router:ha': admin,
  'create_router:external_gateway_info:enable_snat': admin,
  'update_router:external_gateway_info:enable_snat': admin,
  'create_router:external_gateway_info:external_fixed_ips': admin,
  'update_router:external_gateway_info:external_fixed_ips': admin,
  'get_l3-agents': admin,

  create_floatingip: projectMember,
  get_floatingip: projectReader,
  update_floatingip: projectMember,
  delete_floatingip: projectMember,
  'create_floatingip:floating_ip_address': admin,

  ...owned('floatingip_port_forwarding'),
  ...owned('router_conntrack_helper'),
  get_floatingip_pool: projectReader,

  ...owned('trunk'),
  get_subports: projectReader,
  add_subports: projectMember,
  remove_subports: projectMember,

  create_policy: admin,
  get_policy: either(projectReader, shared),
  update_policy: admin,
  update_policies_tags: projectMember,
  delete_policy: admin,
  get_rule_type: (auth) => auth.roles.has('reader'),
  'get_rule_type:details': admin,
  ...qosRules('policy'),
  ...qosRules('alias'),

  create_metering_label: admin,
  get_metering_label: projectReader,
  delete_metering_label: admin,
  create_metering_label_rule: admin,
  get_metering_label_rule: projectReader,
  delete_metering_label_rule: admin,

  ...shareable('firewall_group'),
  ...shareable('firewall_policy'),
  ...shareable('firewall_rule'),
  insert_rule: projectMember,
  remove_rule: projectMember,

  get_agent: admin,
  'get_agent:list': anyone,
  update_agent: admin,
  delete_agent: admin,
  'create_dhcp-network': admin,
  'get_dhcp-networks': admin,
  'delete_dhcp-network': admin,
  'get_dhcp-agents': admin,
  'create_l3-router': admin,
  'get_l3-routers': admin,
  'delete_l3-router': admin,
  get_auto_allocated_topology: projectReader,
  delete_auto_allocated_topology: projectMember,
  get_availability_zone: anyone,
  get_extension: anyone,
  get_service_provider: anyone,
  get_network_ip_availability: admin,
  'get_network_ip_availability:list': anyone,
  get_quota: either(admin, (auth, target) => auth.projectId === target.project_id),
  update_quota: admin,
  delete_quota: admin,
};
