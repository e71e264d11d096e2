import { describe, expect, it } from 'vitest';
import { conflictingLeases, dhcpFiles, parseLeases } from './files.ts';
import type { DhcpSpec } from './interface.ts';

const PLACE = { directory: '/var/lib/deskcloud/networks/n', user: 'dnsmasq' };
const SPEC: DhcpSpec = {
  networkId: '99999999-2222-3333-4444-555555555555',
  bridge: 'brq99999999-22',
  mtu: 1450,
  port: {
    portId: '11111111-2222-3333-4444-555555555555',
    macAddress: 'fa:16:3e:00:00:02',
    addresses: ['10.0.0.2/24', '10.0.1.2/24'],
  },
  subnets: [
    {
      subnetId: 'aaaaaaaa-2222-3333-4444-555555555555',
      cidr: '10.0.0.0/24',
      gatewayIp: '10.0.0.1',
      dnsNameservers: [],
      hostRoutes: [{ destination: '10.9.0.0/16', nextHop: '10.0.0.254' }],
    },
    {
      subnetId: 'bbbbbbbb-2222-3333-4444-555555555555',
      cidr: '10.0.1.0/24',
      gatewayIp: null,
      dnsNameservers: ['192.0.2.53', '192.0.2.54'],
      hostRoutes: [],
    },
  ],
  hosts: [
    { macAddress: 'fa:16:3e:00:00:0a', ip: '10.0.0.10', hostName: 'host-10-0-0-10' },
    {
      macAddress: 'FA:16:3E:00:00:0B',
      ip: '10.0.1.11',
      hostName: 'web',
      options: [
        { name: 'bootfile-name', value: 'pxelinux.0' },
        { name: '150', value: '10.0.0.3' },
      ],
    },
  ],
  domain: 'openstacklocal',
  leaseSeconds: 86400,
  dnsRelayPort: 5353,
};

describe("dnsmasq's files", () => {
  it('are these texts', async () => {
    const files = dhcpFiles(SPEC, PLACE, new Map([['10.0.0.10', ['fa:16:3e:00:00:99']]]));
    for (const [name, text] of Object.entries(files)) {
      await expect(text).toMatchFileSnapshot(`golden/${name}.txt`);
    }
  });

  it('of IPv6 are these texts', async () => {
    const six = (id: string, cidr: string, mode: 'stateful' | 'stateless' | 'none') => ({
      subnetId: `${id}-2222-3333-4444-555555555555`,
      cidr,
      mode,
      gatewayIp: null,
      dnsNameservers: [] as string[],
      hostRoutes: [],
    });
    const host = (end: string, ip: string) => ({
      macAddress: `fa:16:3e:00:00:${end}`,
      ip,
      hostName: `host-${end}`,
    });
    const options = [{ name: 'ntp-server', value: '[fd00::123]' }];
    const files = dhcpFiles(
      {
        ...SPEC,
        port: {
          ...SPEC.port,
          addresses: ['fd00::2/64', 'fd01::f816:3eff:fe00:2/64', 'fd02::2/64', 'fd03::2/63'],
        },
        subnets: [
          six('aaaaaaaa', 'fd00::/64', 'stateful'),
          { ...six('bbbbbbbb', 'fd01::/64', 'stateless'), dnsNameservers: ['2001:db8::53', '2001:db8::54'] },
          six('cccccccc', 'fd02::/64', 'none'),
          six('dddddddd', 'fd03::/63', 'stateful'),
        ],
        hosts: [
          host('0a', 'fd00::a'),
          host('0a', 'fd00::1a'),
          { ...host('0b', 'fd01::f816:3eff:fe00:b'), options },
          host('0c', 'fd02::f816:3eff:fe00:c'),
          { ...host('0d', 'fd00::d'), options },
        ],
      },
      PLACE,
    );
    for (const [name, text] of Object.entries(files)) {
      await expect(text).toMatchFileSnapshot(`golden/${name}6.txt`);
    }
  });

  it('refuse every value that could be more than itself (S31)', () => {
    const [host] = SPEC.hosts;
    const options = (name: string, value: string): DhcpSpec => ({
      ...SPEC,
      hosts: [{ ...host!, options: [{ name, value }] }],
    });
    const bad: DhcpSpec[] = [
      ...['a\nb', 'a\rb', 'a\0b', 'a"b', 'a\\b', ' a', 'a #b', '', 'é', 'x'.repeat(256)].map((value) =>
        options('bootfile-name', value),
      ),
      ...['', 'A', '6,x', 'encap:1', '0', '300', 'x y'].map((name) => options(name, '1')),
      ...['', 'a.b', 'a,b', '-a', 'a\n', 'x'.repeat(64)].map((hostName) => ({
        ...SPEC,
        hosts: [{ ...host!, hostName }],
      })),
      ...['', 'a..b', 'a/b', 'a\nb'].map((domain) => ({ ...SPEC, domain })),
      { ...SPEC, hosts: [{ ...host!, macAddress: 'fa:16:3e:00:00:0a,ignore' }] },
      { ...SPEC, hosts: [{ ...host!, ip: 'fe80::1%x' }] },
      { ...SPEC, hosts: [{ ...host!, ip: 'fd00::1],x' }] },
      { ...SPEC, port: { ...SPEC.port, addresses: [] } },
    ];
    for (const spec of bad) expect(() => dhcpFiles(spec, PLACE)).toThrow(TypeError);
  });
});

describe('leases', () => {
  const text =
    '1763700000 fa:16:3e:00:00:0A 10.0.0.10 web 01:fa:16:3e:00:00:0a\n0 fa:16:3e:00:00:0c 10.0.0.12 * *\nduid 00:01\n1 2 fd00::1 x y\n';

  it('are read from the file', () => {
    expect(parseLeases(text)).toEqual([
      {
        expires: 1763700000,
        macAddress: 'fa:16:3e:00:00:0a',
        ip: '10.0.0.10',
        hostName: 'web',
        clientId: '01:fa:16:3e:00:00:0a',
      },
      { expires: 0, macAddress: 'fa:16:3e:00:00:0c', ip: '10.0.0.12', hostName: null, clientId: null },
      { expires: 1, macAddress: '', ip: 'fd00::1', hostName: 'x', clientId: 'y' },
    ]);
    const hosts = 'fa:16:3e:00:00:0d,tag:dhcpv6,h,[fd00::2],[fd00::1]\n';
    expect(parseLeases(text, hosts)[2]?.macAddress).toBe('fa:16:3e:00:00:0d');
  });

  it('that stand against the hosts are found', () => {
    const host = (macAddress: string, ip: string): DhcpSpec['hosts'][number] => ({
      macAddress,
      ip,
      hostName: 'h',
    });
    const leases = parseLeases(text).slice(0, 2);
    const moved = [host('fa:16:3e:00:00:0c', '10.0.0.10'), host('fa:16:3e:00:00:0d', '10.0.0.12')];
    const { former, stuck } = conflictingLeases(leases, moved);
    expect([...former]).toEqual([['10.0.0.10', ['fa:16:3e:00:00:0a']]]);
    expect(stuck.map((lease) => lease.ip)).toEqual(['10.0.0.12']);
    const renewed = conflictingLeases(leases, [host('fa:16:3e:00:00:0d', '10.0.0.10')]);
    expect([...renewed.former]).toEqual([['10.0.0.10', ['fa:16:3e:00:00:0a']]]);
    // A lease of IPv6 that is not (or no longer) the host's goes; the host's own stays.
    const stuck6 = (hosts: string, ...now: string[]): string[] =>
      conflictingLeases(
        parseLeases(text, hosts).slice(2),
        now.map((mac) => host(mac, 'fd00::1')),
      ).stuck.map((lease) => lease.ip);
    const before = 'fa:16:3e:00:00:0d,tag:dhcpv6,h,[fd00::1]\n';
    expect(stuck6(before, 'fa:16:3e:00:00:0d')).toEqual([]);
    expect(stuck6(before, 'fa:16:3e:00:00:0e')).toEqual(['fd00::1']);
    expect(stuck6(before)).toEqual(['fd00::1']);
    expect(stuck6('', 'fa:16:3e:00:00:0d')).toEqual(['fd00::1']);
  });
});
