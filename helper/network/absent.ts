import type { Absence } from '../http/index.ts';

/** What Neutron has and Deskcloud has not; helper/API.md shows it. */
export const networkAbsent: readonly Absence[] = [
  {
    what: 'Ranges of segmentation ids',
    paths: ['/network_segment_ranges'],
    why: 'The one range is set where the instance is configured.',
  },
  {
    what: 'Flavors and service profiles',
    paths: ['/flavors', '/service_profiles'],
    why: 'They choose among drivers of routers; there is one here.',
  },
  {
    what: 'Bindings of a port to several hosts',
    paths: ['/ports/{port_id}/bindings'],
    why: 'There is one host; a port is bound where its server is.',
  },
  {
    what: 'Default rules of security groups',
    paths: ['/default-security-group-rules', '/security-groups-default-statefulness'],
    why: 'Later than Zed.',
  },
  {
    what: 'Several gateways of a router',
    paths: [
      '/routers/{router_id}/add_external_gateways',
      '/routers/{router_id}/update_external_gateways',
      '/routers/{router_id}/remove_external_gateways',
    ],
    why: 'Later than Zed.',
  },
  {
    what: 'Local IPs, NDP proxies, logging of packets',
    paths: ['/local_ips', '/ndp_proxies', '/log'],
    why: 'Open vSwitch or agents of their own do these upstream; this is a bridge.',
  },
  {
    what: 'BGP speakers, BGP VPN, VPN, service function chaining, tap as a service',
    paths: [
      '/bgp-peers',
      '/bgp-speakers',
      '/agents/{agent_id}/bgp-drinstances',
      '/bgpvpn',
      '/vpn',
      '/sfc',
      '/taas',
    ],
    why: 'Projects of their own upstream, which nobody needs on one machine.',
  },
];
