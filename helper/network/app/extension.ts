/** One entry of /extensions. */
export interface Extension {
  readonly name: string;
  readonly alias: string;
  readonly description: string;
  readonly updated: string;
  readonly links: readonly unknown[];
}

/** @param updated date of upstream's definition, as its own answer has it. */
export const extension = (alias: string, name: string, description: string, updated: string): Extension => ({
  name,
  alias,
  description,
  updated: `${updated}T10:00:00-00:00`,
  links: [],
});

/** What this service has; clients look here before they use it, so nothing else may be in it. */
export const coreExtensions: readonly Extension[] = [
  extension('address-group', 'Address group', 'Groups of addresses', '2020-07-15'),
  extension('address-scope', 'Address scope', 'Address scopes', '2015-07-26'),
  extension('agent', 'agent', 'Agents of this host', '2013-02-03'),
  extension('allowed-address-pairs', 'Allowed Address Pairs', 'Further addresses of a port', '2013-07-23'),
  extension('agent_sort_key', 'Agents sorted', 'Sorting of agents', '2013-02-03'),
  extension(
    'auto-allocated-topology',
    'Auto Allocated Topology Services',
    'A network for the asking',
    '2016-01-01',
  ),
  extension('availability_zone_filter', 'Availability Zones filtered', 'Filters of zones', '2018-06-22'),
  extension('availability_zone', 'Availability Zone', 'Availability zones', '2015-01-01'),
  extension('binding', 'Port Binding', 'Host of a port', '2014-02-03'),
  extension('default-subnetpools', 'Default Subnetpools', 'Pools used by default', '2016-02-18'),
  extension('dhcp_agent_scheduler', 'DHCP Agent Scheduler', 'Agents of a network', '2013-02-07'),
  extension('empty-string-filtering', 'Empty String Filtering', 'Filters by empty text', '2018-05-01'),
  extension('external-net', 'Neutron external network', 'External networks', '2013-01-14'),
  extension('extra_dhcp_opt', 'Neutron Extra DHCP options', 'DHCP options of a port', '2013-03-17'),
  extension('filter-validation', 'Filter parameters validation', 'Unknown filters are refused', '2018-03-21'),
  extension(
    'ip-substring-filtering',
    'IP address substring filtering',
    'Ports by part of an address',
    '2017-11-28',
  ),
  extension('multi-provider', 'Multi Provider Network', 'Networks of several segments', '2013-06-27'),
  extension('net-mtu', 'Network MTU', 'MTU of a network', '2015-03-25'),
  extension('net-mtu-writable', 'Network MTU (writable)', 'MTU can be set', '2017-07-12'),
  extension('network-ip-availability', 'Network IP Availability', 'Addresses in use', '2015-09-24'),
  extension('network_availability_zone', 'Network Availability Zone', 'Zones of networks', '2015-01-01'),
  extension('pagination', 'Pagination support', 'Lists in pages', '2016-06-12'),
  extension(
    'port-mac-address-regenerate',
    'Port MAC address regenerate',
    'null asks for another',
    '2018-05-03',
  ),
  extension('port-security', 'Port Security', 'Filters of a port can be off', '2012-07-23'),
  extension('project-id', 'project_id field enabled', 'project_id beside tenant_id', '2016-09-09'),
  extension('provider', 'Provider Network', 'How a network is made', '2012-09-07'),
  extension('quotas', 'Quota management support', 'Quotas of projects', '2012-07-29'),
  extension('quota_details', 'Quota details management support', 'Quotas with use', '2017-02-10'),
  extension('quota-check-limit', 'Quota engine limit check', 'Limits not below use', '2020-12-13'),
  extension('rbac-address-group', 'Address groups in RBAC policies', 'Shared groups', '2021-01-20'),
  extension('rbac-address-scope', 'Address scopes in RBAC policies', 'Shared scopes', '2020-02-12'),
  extension('rbac-policies', 'RBAC Policies', 'Sharing with single projects', '2015-06-17'),
  extension('rbac-subnetpool', 'Subnet pools in RBAC policies', 'Shared pools', '2020-02-05'),
  extension('rbac-security-groups', 'Security groups in RBAC policies', 'Shared groups', '2018-11-27'),
  extension(
    'security-groups-remote-address-group',
    'Remote address groups of rules',
    'remote_address_group_id',
    '2020-08-25',
  ),
  extension(
    'port-security-groups-filtering',
    'Ports by security groups',
    'security_groups of ports',
    '2018-01-09',
  ),
  extension('security-groups-shared-filtering', 'Shared security groups', 'Filter by shared', '2021-10-05'),
  extension(
    'revision-if-match',
    'If-Match constraints based on revision_number',
    'Guarded changes',
    '2016-12-11',
  ),
  extension('security-group', 'security-group', 'Security groups', '2012-10-05'),
  extension('security-groups-normalized-cidr', 'Normalized CIDR of rules', 'normalized_cidr', '2020-04-15'),
  extension('sorting', 'Sorting support', 'Lists in any order', '2016-06-12'),
  extension('standard-attr-description', 'standard-attr-description', 'Descriptions', '2016-02-10'),
  extension('standard-attr-revisions', 'Resource revision numbers', 'revision_number', '2016-04-11'),
  extension('standard-attr-tag', 'Tag support for resources', 'Tags', '2017-01-01'),
  extension('standard-attr-timestamp', 'Resource timestamps', 'created_at and updated_at', '2016-09-12'),
  extension('stateful-security-group', 'Stateful security group', 'Stateless groups', '2019-11-26'),
  extension('subnet_allocation', 'Subnet Allocation', 'Subnets out of subnet pools', '2015-03-30'),
  extension('subnet_onboard', 'Subnet Onboard', 'Subnets into subnet pools', '2018-12-18'),
  extension('subnetpool-prefix-ops', 'Subnet Pool Prefix Operations', 'Prefixes one by one', '2019-02-08'),
  extension('subnet-service-types', 'Subnet service types', 'service_types of subnets', '2016-03-15'),
  extension('segment', 'Segment', 'Segments of networks', '2016-02-24'),
  extension('standard-attr-segment', 'Standard Attributes of segments', 'Times and revisions', '2018-10-25'),
  extension(
    'subnet-segmentid-writable',
    'Subnet SegmentID (writable)',
    'segment_id can be set',
    '2018-03-12',
  ),
  extension('service-type', 'Neutron Service Type Management', 'Service providers', '2013-01-20'),
  extension(
    'tag-ports-during-bulk-creation',
    'Tag Ports During Bulk Creation',
    'Tags at creation',
    '2019-12-29',
  ),
  extension('dns-domain-ports', 'dns_domain for ports', 'dns_domain of ports', '2017-04-24'),
  extension('dns-integration', 'DNS Integration', 'dns_name of ports', '2015-08-15'),
];
