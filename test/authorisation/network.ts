import { words, type Expectations } from './expectation.ts';

/** Who may do what at the network service, by upstream's default policy. */
export const NETWORK: Expectations = {
  named: words(`auto_allocated_topology:get`),
  memberNamed: words(`
    auto_allocated_topology:delete`),
  anyone: words(`
    trunks:list qos_policies:list qos_rule_types:list
    network_ip_availabilities:list
    agents:list
    segments:list
    firewall_rules:list firewall_policies:list firewall_groups:list metering_labels:list
    metering_label_rules:list
    address_scopes:list address_groups:list subnetpools:list rbac_policies:list
    networks:list subnets:list ports:list security_groups:list security_group_rules:list routers:list
    floatingips:list floatingip_pools:list floatingip-pools:list extensions:list extensions:show availability_zones:list
    service_providers:list`),
  reader: words(`
    trunks:show trunks:get_subports trunks:tags:list trunks:tags:show qos_policies:show
    policies:tags:list policies:tags:show bandwidth_limit_rules:list bandwidth_limit_rules:show
    packet_rate_limit_rules:list packet_rate_limit_rules:show dscp_marking_rules:list
    dscp_marking_rules:show minimum_bandwidth_rules:list minimum_bandwidth_rules:show
    minimum_packet_rate_rules:list minimum_packet_rate_rules:show alias_bandwidth_limit_rules:show
    alias-bandwidth-limit-rules:show alias_dscp_marking_rules:show alias-dscp-marking-rules:show
    alias_minimum_bandwidth_rules:show alias-minimum-bandwidth-rules:show
    alias_minimum_packet_rate_rules:show alias-minimum-packet-rate-rules:show
    firewall_rules:show firewall_policies:show firewall_groups:show metering_labels:show
    metering_labels:counters metering_label_rules:show
    address_scopes:show address_groups:show subnetpools:show rbac_policies:show
    subnetpools:tags:list subnetpools:tags:show
    networks:show subnets:show ports:show security_groups:show security_group_rules:show routers:show
    floatingips:show port_forwardings:list port_forwardings:show conntrack_helpers:list
    conntrack_helpers:show networks:tags:list networks:tags:show subnets:tags:list subnets:tags:show
    ports:tags:list ports:tags:show security-groups:tags:list security-groups:tags:show
    routers:tags:list routers:tags:show floatingips:tags:list floatingips:tags:show`),
  readerNamed: words(`
    quotas:details.json
   
    quotas:show quotas:default quotas:details`),
  memberHere: words(`
    firewall_rules:create firewall_policies:create
    floatingips:create
    address_scopes:create address_groups:create subnetpools:create
    networks:create security_groups:create routers:create`),
  member: words(`
    trunks:create trunks:update trunks:delete trunks:add_subports trunks:remove_subports
    policies:tags:replace policies:tags:clear policies:tags:add policies:tags:remove
    trunks:tags:replace trunks:tags:clear trunks:tags:add trunks:tags:remove
    firewall_rules:delete firewall_rules:update firewall_policies:delete firewall_policies:update
    firewall_policies:insert_rule firewall_policies:remove_rule firewall_groups:create firewall_groups:delete
    firewall_groups:update
    address_scopes:update address_scopes:delete address_groups:update address_groups:delete
    address_groups:add_addresses address_groups:remove_addresses subnetpools:update subnetpools:delete
    subnetpools:add_prefixes subnetpools:remove_prefixes subnetpools:onboard_network_subnets rbac_policies:create
    rbac_policies:update rbac_policies:delete subnetpools:tags:replace subnetpools:tags:clear
    subnetpools:tags:add subnetpools:tags:remove
    networks:update networks:delete subnets:create subnets:update subnets:delete ports:create
    ports:update ports:delete security_groups:update security_groups:delete security_group_rules:create
    security_group_rules:delete routers:update routers:delete routers:add_router_interface
    routers:remove_router_interface routers:add_extraroutes routers:remove_extraroutes
    floatingips:update floatingips:delete port_forwardings:create
    port_forwardings:delete port_forwardings:update conntrack_helpers:create conntrack_helpers:delete
    conntrack_helpers:update networks:tags:replace networks:tags:clear networks:tags:add
    networks:tags:remove subnets:tags:replace subnets:tags:clear subnets:tags:add subnets:tags:remove
    ports:tags:replace ports:tags:clear ports:tags:add ports:tags:remove security-groups:tags:replace
    security-groups:tags:clear security-groups:tags:add security-groups:tags:remove routers:tags:replace
    routers:tags:clear routers:tags:add routers:tags:remove floatingips:tags:replace
    floatingips:tags:clear floatingips:tags:add floatingips:tags:remove`),
  adminOfSeen: words(`
    qos_policies:update qos_policies:delete bandwidth_limit_rules:update bandwidth_limit_rules:delete
    packet_rate_limit_rules:update packet_rate_limit_rules:delete dscp_marking_rules:update
    dscp_marking_rules:delete minimum_bandwidth_rules:update minimum_bandwidth_rules:delete
    minimum_packet_rate_rules:update minimum_packet_rate_rules:delete
    alias_bandwidth_limit_rules:update alias_bandwidth_limit_rules:delete alias-bandwidth-limit-rules:update alias-bandwidth-limit-rules:delete alias_dscp_marking_rules:update
    alias_dscp_marking_rules:delete alias-dscp-marking-rules:update alias-dscp-marking-rules:delete
    alias_minimum_bandwidth_rules:update alias_minimum_bandwidth_rules:delete alias-minimum-bandwidth-rules:update alias-minimum-bandwidth-rules:delete
    alias_minimum_packet_rate_rules:update alias_minimum_packet_rate_rules:delete alias-minimum-packet-rate-rules:update alias-minimum-packet-rate-rules:delete
    metering_labels:delete metering_label_rules:delete
    `),
  admin: words(`
    qos_policies:create qos_rule_types:show bandwidth_limit_rules:create
    packet_rate_limit_rules:create dscp_marking_rules:create minimum_bandwidth_rules:create
    minimum_packet_rate_rules:create
    routers:l3-agents
    agents:update agents:delete agents:dhcp-networks:list agents:dhcp-networks:add
    agents:dhcp-networks:remove networks:dhcp-agents agents:l3-routers:list agents:l3-routers:add
    agents:l3-routers:remove segments:create segments:show segments:update
    segments:delete
    metering_labels:create metering_label_rules:create
    quotas:list quotas:update quotas:delete  agents:show 
    network_ip_availabilities:show`),
};
