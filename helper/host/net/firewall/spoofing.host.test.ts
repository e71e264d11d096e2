import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linkLocal } from '../values.ts';
import { allow, EGRESS, TestCloud, type Guest, type Network } from '../testing/cloud.ts';
import {
  arp,
  BROADCAST,
  checksummed6,
  frame,
  icmp6,
  ipHex,
  ipv4,
  ipv6,
  macHex,
  number,
  udp,
} from '../testing/frames.ts';

const ALL_NODES = 'ff02::1';
const ALL_NODES_MAC = '33:33:00:00:00:01';
const STRANGER = 'fa:16:3e:99:99:99';
/** Hop limit, lifetime and timers of the forged router advertisement. */
const ADVERTISED = '40c007080badbeef00000000';
const OPEN = [...EGRESS, allow('ingress'), allow('ingress', { ethertype: 'IPv6' })];

/** Frames that a guest must not get through, by what they are. */
function forged(a: Guest, b: Guest): Record<string, string> {
  const own = linkLocal(a.mac).address;
  const to = (source: string, type: number, payload: string): string => frame(b.mac, source, type, payload);
  const all6 = (payload: string): string => frame(ALL_NODES_MAC, a.mac, 0x86dd, payload);
  const ra = icmp6(own, ALL_NODES, 134, ADVERTISED);
  const ping = (source: string): string => ipv4(source, b.ip, 1, '0800f7ff00000000');
  const nothing = '00'.repeat(16);
  return {
    'another MAC as source': to(STRANGER, 0x0800, ping(a.ip)),
    'another IP as source': to(a.mac, 0x0800, ping('10.78.0.200')),
    "the gateway's address in an ARP answer": frame(
      BROADCAST,
      a.mac,
      0x0806,
      arp({ operation: 2, senderMac: a.mac, senderIp: '10.78.0.1', targetIp: b.ip }),
    ),
    'another MAC in an ARP answer': frame(
      BROADCAST,
      a.mac,
      0x0806,
      arp({ operation: 2, senderMac: STRANGER, senderIp: a.ip, targetIp: b.ip }),
    ),
    'another MAC in an ARP probe': frame(
      BROADCAST,
      a.mac,
      0x0806,
      arp({ operation: 1, senderMac: STRANGER, senderIp: '0.0.0.0', targetIp: a.ip }),
    ),
    'a DHCP offer': to(a.mac, 0x0800, ipv4(a.ip, b.ip, 17, udp(67, 68, '02010600'))),
    'a DHCP offer from another port': to(a.mac, 0x0800, ipv4(a.ip, b.ip, 17, udp(6767, 68, '02010600'))),
    'a DHCP offer to everybody': frame(
      BROADCAST,
      a.mac,
      0x0800,
      ipv4(a.ip, '255.255.255.255', 17, udp(67, 68, '02010600')),
    ),
    'a VLAN tag': to(a.mac, 0x8100, `00010800${ping(a.ip)}`),
    'VLAN 0': to(a.mac, 0x8100, `00000800${ping(a.ip)}`),
    'a tag of a provider': to(a.mac, 0x88a8, `00010800${ping(a.ip)}`),
    'a tagged ARP answer': frame(
      BROADCAST,
      a.mac,
      0x8100,
      `00010806${arp({ operation: 2, senderMac: a.mac, senderIp: '10.78.0.1', targetIp: b.ip })}`,
    ),
    PPPoE: to(a.mac, 0x8863, '1109000000000000'),
    LLDP: frame('01:80:c2:00:00:03', a.mac, 0x88cc, '0207'),
    'an experimental type': to(a.mac, 0x88b5, 'abcd'),
    'a router advertisement': all6(ipv6(own, ALL_NODES, 58, ra)),
    'a router advertisement after another header': all6(ipv6(own, ALL_NODES, 60, `3a00010400000000${ra}`)),
    'a router advertisement in fragments': all6(ipv6(own, ALL_NODES, 44, `3c0000010badcafe3a00010400000000`)),
    'its second fragment': all6(ipv6(own, ALL_NODES, 44, `3c0000080badcafe${ra}`)),
    'a redirect': all6(ipv6(own, ALL_NODES, 58, icmp6(own, ALL_NODES, 137, `00000000${nothing}${nothing}`))),
    "an advertisement of another's address": all6(
      ipv6(own, ALL_NODES, 58, icmp6(own, ALL_NODES, 136, `20000000${ipHex('fe80::1')}0201${macHex(a.mac)}`)),
    ),
    'an advertisement from nobody': all6(
      ipv6('::', ALL_NODES, 58, icmp6('::', ALL_NODES, 136, `20000000${ipHex('fe80::1')}`)),
    ),
    'a DHCPv6 answer': all6(
      ipv6(own, ALL_NODES, 17, checksummed6(own, ALL_NODES, 17, `${number(547, 2)}0222000c000007000000`, 6)),
    ),
    'another IPv6 source': all6(
      ipv6('fe80::bad', ALL_NODES, 58, icmp6('fe80::bad', ALL_NODES, 128, '00010001')),
    ),
  };
}

describe('frames that a guest forges', () => {
  const cloud = new TestCloud('spoof');
  let network: Network;
  let a: Guest;
  let b: Guest;
  let c: Guest;

  beforeAll(async () => {
    network = await cloud.network();
    a = await cloud.guest(network, '10.78.0.11', { rules: OPEN });
    b = await cloud.guest(network, '10.78.0.12', { rules: OPEN });
    c = await cloud.guest(network, '10.78.0.13', { rules: OPEN });
  });
  afterAll(() => cloud.end());

  it('have no effect, also from a port with established connections (S22–S24)', async () => {
    expect(await cloud.pings(a, b.ip)).toBe(true);
    const frames = forged(a, b);
    const seen = await cloud.exchange(a, b, Object.values(frames));
    const names = Object.entries(frames).filter(([, text]) =>
      seen.some((one) => one.slice(0, 60) === text.slice(0, 60)),
    );
    expect(names.map(([name]) => name)).toEqual([]);
    expect(seen.filter((one) => one.includes(ADVERTISED))).toEqual([]);
    const neighbours = await cloud.inside(b.namespace, 'ip', 'neigh', 'show', '10.78.0.1');
    expect(neighbours.stdout).not.toContain(a.mac);
  });

  it('arrive when port security is off at both ends, so the test above shows something', async () => {
    const off = { portSecurity: false };
    await cloud.host.firewall.applyPorts([cloud.filter(network, a, off), cloud.filter(network, b, off)]);
    const frames = forged(a, b);
    const seen = await cloud.exchange(a, b, Object.values(frames));
    const missing = Object.entries(frames).filter(
      ([, text]) => !seen.some((one) => one.slice(0, 60) === text.slice(0, 60)),
    );
    // A bridge never forwards LLDP's group of addresses (IEEE 802.1D, table 7-10), and br_netfilter puts fragments
    // together, so that the second comes with the first.
    expect(missing.map(([name]) => name)).toEqual(['LLDP', 'its second fragment']);
    const on = { rules: OPEN };
    await cloud.host.firewall.applyPorts([cloud.filter(network, a, on), cloud.filter(network, b, on)]);
  });

  it('shows a third guest no frame between two others, also to an address unknown (S33)', async () => {
    const ping = (goal: string): string =>
      frame(goal, a.mac, 0x0800, ipv4(a.ip, b.ip, 1, '0800f7ff00000000'));
    const seen = await cloud.exchange(a, c, [ping(b.mac), ping('fa:16:3e:00:11:22')]);
    expect(seen.filter((one) => one.startsWith(macHex(b.mac)) || one.startsWith('fa163e001122'))).toEqual([]);
  });

  it('lets pass what allowed address pairs name', async () => {
    const pair = { ip: '10.78.0.200/29', mac: a.mac };
    await cloud.host.firewall.applyPorts([
      cloud.filter(network, a, {
        rules: OPEN,
        allowedAddressPairs: [pair, { ip: '10.78.0.201', mac: a.mac }],
      }),
    ]);
    const ping = (source: string): string =>
      frame(b.mac, a.mac, 0x0800, ipv4(source, b.ip, 1, '0800f7ff00000000'));
    const seen = await cloud.exchange(a, b, [ping('10.78.0.203'), ping('10.78.0.210')]);
    expect(seen.map((one) => one.slice(52, 60))).toContain(ipHex('10.78.0.203'));
    expect(seen.map((one) => one.slice(52, 60))).not.toContain(ipHex('10.78.0.210'));
  });
});
