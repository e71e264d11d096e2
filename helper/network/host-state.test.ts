import { describe, expect, test } from 'vitest';
import { defaultConfig } from './config.ts';
import {
  dhcpSpec,
  externalSpec,
  groupMembers,
  hostNameOf,
  portFilter,
  segmentSpec,
  tapSpec,
} from './host-state.ts';
import type {
  NetworkRow,
  PortIpRow,
  PortRow,
  SecurityGroupRow,
  SecurityGroupRuleRow,
  SegmentRow,
  SubnetRow,
} from './store/row.ts';

const times = {
  seq: 1,
  project_id: 'a',
  description: '',
  created_at: 0,
  updated_at: 0,
  revision: 1,
  tags: '[]',
};
const network: NetworkRow = {
  ...times,
  id: '11111111-1111-4111-8111-111111111111',
  name: 'n',
  admin_state_up: 1,
  status: 'ACTIVE',
  shared: 0,
  external: 0,
  is_default: 0,
  mtu: 1450,
  port_security_enabled: 1,
  dns_domain: '',
  availability_zone_hints: '[]',
  network_type: 'vxlan',
  physical_network: null,
  segmentation_id: 7,
  qos_policy_id: null,
};
const segment: SegmentRow = {
  network_id: network.id,
  network_type: 'vxlan',
  physical_network: null,
  vni: 7,
  zone: 3,
  released: 0,
};
const subnet: SubnetRow = {
  ...times,
  id: '22222222-2222-4222-8222-222222222222',
  name: 's',
  network_id: network.id,
  ip_version: 4,
  cidr: '10.0.0.0/24',
  gateway_ip: '10.0.0.1',
  enable_dhcp: 1,
  ipv6_ra_mode: null,
  ipv6_address_mode: null,
  subnetpool_id: null,
  segment_id: null,
  allocation_pools: '[]',
  dns_nameservers: '["9.9.9.9"]',
  host_routes: '[{"destination":"10.5.0.0/16","nexthop":"10.0.0.9"}]',
  service_types: '[]',
};
const port: PortRow = {
  ...times,
  id: '33333333-3333-4333-8333-333333333333',
  name: 'p',
  network_id: network.id,
  mac_address: 'fa:16:3e:00:00:33',
  admin_state_up: 1,
  status: 'DOWN',
  device_id: 'server',
  device_owner: 'compute:nova',
  port_security_enabled: 1,
  allowed_address_pairs: '[{"ip_address":"10.9.0.0/24","mac_address":"fa:16:3e:00:00:33"}]',
  extra_dhcp_opts:
    '[{"opt_name":"bootfile-name","opt_value":"pxe.0","ip_version":4},{"opt_name":"x","opt_value":"y","ip_version":6}]',
  dns_name: 'web',
  vnic_type: 'normal',
  binding_host: 'h',
  binding_profile: '{}',
  made_by_compute: 1,
  nic_index: 0,
  nic_tag: null,
  qos_policy_id: null,
  dns_domain: '',
};
const dhcpPort: PortRow = {
  ...port,
  id: '44444444-4444-4444-8444-444444444444',
  mac_address: 'fa:16:3e:00:00:44',
  device_owner: 'network:dhcp',
};
const ip = (owner: PortRow, address: string): PortIpRow => ({
  port_id: owner.id,
  subnet_id: subnet.id,
  network_id: network.id,
  address,
  address_key: address,
  position: 0,
});
const group: SecurityGroupRow = { ...times, id: 'g1', name: 'g', stateful: 1, is_default: 0 };
const rule: SecurityGroupRuleRow = {
  ...times,
  id: 'r1',
  security_group_id: 'g1',
  direction: 'ingress',
  ethertype: 'IPv4',
  protocol: 'tcp',
  port_range_min: 22,
  port_range_max: 22,
  remote_ip_prefix: '192.0.2.7/24',
  normalized_cidr: '192.0.2.0/24',
  remote_group_id: null,
  remote_address_group_id: null,
};
const rows = {
  network,
  segment,
  subnets: [subnet],
  dhcpPort,
  ports: [dhcpPort, port],
  ips: new Map([
    [port.id, [ip(port, '10.0.0.5')]],
    [dhcpPort.id, [ip(dhcpPort, '10.0.0.2')]],
  ]),
};
const filterRows = {
  port,
  plug: { mark: 12 },
  segment,
  network,
  ips: [ip(port, '10.0.0.5')],
  groups: [group],
  rules: [rule],
  qos: [],
};

describe('what the host should have', () => {
  test('of a segment and its taps', () => {
    expect(segmentSpec(defaultConfig, segment, 1450)).toEqual({
      networkId: network.id,
      bridge: 'brq11111111-11',
      mtu: 1450,
      zone: 3,
      vxlan: { vni: 7, local: '127.0.0.1', peers: [] },
    });
    expect(tapSpec(defaultConfig, segment, network, port)).toEqual({
      tap: 'tap33333333-33',
      bridge: 'brq11111111-11',
      mtu: 1450,
      macAddress: 'fa:16:3e:00:00:33',
    });
  });

  test('of the external network: its bridge, with the gateways on it', () => {
    const flat: SegmentRow = { ...segment, network_type: 'flat', physical_network: 'external', vni: null };
    expect(segmentSpec(defaultConfig, flat, 1500)).toEqual({
      networkId: network.id,
      bridge: 'br-ex',
      mtu: 1500,
      zone: 3,
    });
    expect(
      externalSpec(defaultConfig, 'br-ex', 1500, [{ cidr: '172.24.4.0/24', gateway_ip: '172.24.4.1' }]),
    ).toEqual({
      bridge: 'br-ex',
      addresses: ['172.24.4.1/24'],
      mtu: 1500,
      masquerade: true,
    });
  });

  test('of a VLAN: a bridge of its own, and what has the tag on the physical network', () => {
    const vlan: SegmentRow = { ...segment, network_type: 'vlan', physical_network: null, vni: null };
    const where = { physical_network: 'external', segmentation_id: 100 };
    expect(segmentSpec(defaultConfig, vlan, 1500, where)).toMatchObject({
      bridge: segmentSpec(defaultConfig, segment, 1500).bridge,
      vlan: { parent: 'br-ex', id: 100 },
    });
    expect(segmentSpec(defaultConfig, vlan, 1500)).not.toHaveProperty('vlan');
  });

  test('of a DHCP server', () => {
    expect(dhcpSpec(defaultConfig, rows)).toEqual({
      networkId: network.id,
      bridge: 'brq11111111-11',
      mtu: 1450,
      port: { portId: dhcpPort.id, macAddress: 'fa:16:3e:00:00:44', addresses: ['10.0.0.2/24'] },
      subnets: [
        {
          subnetId: subnet.id,
          cidr: '10.0.0.0/24',
          gatewayIp: '10.0.0.1',
          dnsNameservers: ['9.9.9.9'],
          hostRoutes: [{ destination: '10.5.0.0/16', nextHop: '10.0.0.9' }],
        },
      ],
      hosts: [
        {
          macAddress: 'fa:16:3e:00:00:33',
          ip: '10.0.0.5',
          hostName: 'web',
          options: [{ name: 'bootfile-name', value: 'pxe.0' }],
        },
      ],
      domain: 'openstacklocal',
      leaseSeconds: 86400,
      dnsRelayPort: 5353,
    });
  });

  test('of no DHCP server: none wanted, no address, network down', () => {
    expect(dhcpSpec(defaultConfig, { ...rows, dhcpPort: undefined })).toBeUndefined();
    expect(dhcpSpec(defaultConfig, { ...rows, subnets: [{ ...subnet, enable_dhcp: 0 }] })).toBeUndefined();
    expect(dhcpSpec(defaultConfig, { ...rows, ips: new Map() })).toBeUndefined();
    expect(dhcpSpec(defaultConfig, { ...rows, network: { ...network, admin_state_up: 0 } })).toBeUndefined();
  });

  test('of a port', () => {
    expect(portFilter(defaultConfig, filterRows)).toEqual({
      portId: port.id,
      tapName: 'tap33333333-33',
      bridgeName: 'brq11111111-11',
      mark: 12,
      zone: 3,
      macAddress: 'fa:16:3e:00:00:33',
      fixedIps: ['10.0.0.5'],
      allowedAddressPairs: [{ ip: '10.9.0.0/24', mac: 'fa:16:3e:00:00:33' }],
      portSecurity: true,
      rules: [
        {
          direction: 'ingress',
          ethertype: 'IPv4',
          protocol: '6',
          portMin: 22,
          portMax: 22,
          remoteCidr: '192.0.2.0/24',
        },
      ],
      stateful: true,
    });
  });

  test('of a port that is administratively down: closed, also without port security', () => {
    const down = { ...port, admin_state_up: 0, port_security_enabled: 0 };
    expect(portFilter(defaultConfig, { ...filterRows, port: down })).toMatchObject({
      portSecurity: true,
      fixedIps: [],
      allowedAddressPairs: [],
      rules: [],
    });
  });

  test('of groups: stateless only when all are, members by version, empty ones told of', () => {
    const stateless = { ...group, id: 'g2', stateful: 0 };
    expect(portFilter(defaultConfig, { ...filterRows, groups: [stateless] }).stateful).toBe(false);
    expect(portFilter(defaultConfig, { ...filterRows, groups: [stateless, group] }).stateful).toBe(true);
    const members = [
      { group_id: 'g1', address: '10.0.0.5' },
      { group_id: 'g1', address: 'fd00::5' },
    ];
    expect(groupMembers(['g1', 'g2'], members)).toEqual([
      { groupId: 'g1', v4: ['10.0.0.5'], v6: ['fd00::5'] },
      { groupId: 'g2', v4: [], v6: [] },
    ]);
    expect(hostNameOf('', '10.0.0.5')).toBe('host-10-0-0-5');
  });
});
