import { createSocket } from 'node:dgram';
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bridgeName, tapName, vlanName, vxlanName } from '../names.ts';
import { TestCloud } from '../testing/cloud.ts';
import { arp, BROADCAST, frame, number } from '../testing/frames.ts';
import type { NetworkSegment } from './interface.ts';

describe('bridges, tunnels and taps', () => {
  const cloud = new TestCloud('link');
  const networkId = randomUUID();
  const vni = 0xdd0000 + Math.floor(Math.random() * 60_000);
  const segment: NetworkSegment = {
    networkId,
    bridge: bridgeName(networkId),
    mtu: 1450,
    zone: 61_000,
    vxlan: { vni, local: '127.0.0.1', peers: [] },
  };
  const learned = async (mac: string): Promise<boolean> => {
    const { stdout } = await cloud.commands.run(['bridge', 'fdb', 'show', 'br', segment.bridge]);
    return stdout.includes(mac);
  };
  /** What anybody who reaches this host's UDP port could send. */
  const inject = async (mac: string): Promise<void> => {
    const inner = frame(
      BROADCAST,
      mac,
      0x0806,
      arp({ operation: 1, senderMac: mac, senderIp: '10.0.0.9', targetIp: '10.0.0.1' }),
    );
    const socket = createSocket('udp4');
    await new Promise((resolve) => {
      socket.send(Buffer.from(`08000000${number(vni, 3)}00${inner}`, 'hex'), 4789, '127.0.0.1', resolve);
    });
    socket.close();
  };

  beforeAll(() => cloud.host.link.ensureSegment(segment));
  afterAll(() => cloud.end());

  it('have no address of the host and their own filter switch', () => {
    const read = (path: string): string => readFileSync(path, 'utf8').trim();
    expect(read(`/sys/class/net/${segment.bridge}/bridge/nf_call_iptables`)).toBe('1');
    expect(read(`/sys/class/net/${segment.bridge}/bridge/forward_delay`)).toBe('0');
    expect(read(`/proc/sys/net/ipv6/conf/${segment.bridge}/disable_ipv6`)).toBe('1');
    expect(read(`/sys/class/net/${vxlanName(vni)}/mtu`)).toBe('1450');
  });

  it('take nothing from a tunnel that has no peer', async () => {
    await inject('fa:16:3e:00:00:b1');
    expect(await learned('fa:16:3e:00:00:b1')).toBe(false);
  });

  it('have one flood entry per peer', async () => {
    const peers = async (): Promise<string[]> => {
      const { stdout } = await cloud.commands.run(['bridge', 'fdb', 'show', 'dev', vxlanName(vni)]);
      return [...stdout.matchAll(/dst ([0-9.]+)/g)].map((match) => match[1] ?? '').sort();
    };
    const withPeers = (...list: string[]): Promise<void> =>
      cloud.host.link.ensureSegment({ ...segment, vxlan: { vni, local: '127.0.0.1', peers: list } });
    await withPeers('127.0.0.2', '127.0.0.3');
    expect(await peers()).toEqual(['127.0.0.2', '127.0.0.3']);
    await inject('fa:16:3e:00:00:b2');
    await expect.poll(() => learned('fa:16:3e:00:00:b2')).toBe(true);
    await withPeers('127.0.0.3');
    expect(await peers()).toEqual(['127.0.0.3']);
    await withPeers();
    expect(await peers()).toEqual([]);
  });

  it('take a VLAN off another bridge where the kernel can, and say what it lacks where not', async () => {
    const own = randomUUID();
    const parent = bridgeName(randomUUID());
    const spec = { networkId: own, bridge: bridgeName(own), mtu: 1500, zone: 61_001 };
    await cloud.host.external.ensure({ bridge: parent, addresses: [], mtu: 1500, masquerade: false });
    const made = async (): Promise<string> => {
      await cloud.host.link.ensureSegment({ ...spec, vlan: { parent, id: 7 } });
      return (await cloud.commands.run(['ip', '-d', 'link', 'show', 'dev', vlanName(own)])).stdout;
    };
    const text = await made()
      .then(made)
      .catch((error: unknown) => String(error));
    expect(text).toContain((await cloud.host.link.hasVlans()) ? 'vlan protocol 802.1Q id 7' : 'device type');
    for (let twice = 0; twice < 2; twice++) expect(await cloud.host.link.removeSegment(spec)).toBe(true);
    await cloud.host.external.remove(parent);
    expect(existsSync(`/sys/class/net/${vlanName(own)}`)).toBe(false);
  });

  it('are changed only when they are ours', async () => {
    const portId = randomUUID();
    const tap = tapName(portId);
    await cloud.commands.run(['ip', '-batch', '-'], {
      stdin: `tuntap add dev ${tap} mode tap\nlink set dev ${tap} alias somebody\n`,
    });
    const spec = { tap, bridge: segment.bridge, mtu: 1450, macAddress: 'fa:16:3e:00:00:01' };
    await expect(cloud.host.link.ensureTap(spec)).rejects.toThrow("belongs to 'somebody'");
    await expect(cloud.host.link.removeTap(tap)).rejects.toThrow("belongs to 'somebody'");
    expect((await cloud.host.inventory()).taps).toEqual([]);
    await cloud.commands.run(['ip', 'link', 'del', 'dev', tap]);
  });

  it('make a tap that survives being made twice, and counts', async () => {
    const tap = tapName(randomUUID());
    const spec = { tap, bridge: segment.bridge, mtu: 1450, macAddress: 'fa:16:3e:00:00:01' };
    await cloud.host.link.ensureTap(spec);
    const before = readFileSync(`/sys/class/net/${tap}/ifindex`, 'utf8');
    await cloud.host.link.ensureTap(spec);
    await cloud.host.link.ensureTap({ ...spec, mtu: 1400 });
    expect(readFileSync(`/sys/class/net/${tap}/ifindex`, 'utf8')).toBe(before);
    expect(readFileSync(`/sys/class/net/${tap}/address`, 'utf8').trim()).toBe('fe:16:3e:00:00:01');
    expect(await cloud.host.link.counters([tap])).toHaveLength(1);
    await cloud.host.link.removeTap(tap);
  });
});
