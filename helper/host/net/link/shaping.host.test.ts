import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shaperName } from '../names.ts';
import { allow, EGRESS, TestCloud, type Guest, type Network } from '../testing/cloud.ts';

const OPEN = [...EGRESS, allow('ingress')];

interface Qdisc {
  readonly kind: string;
  readonly options?: { readonly rate?: number; readonly burst?: number };
}

describe('quality of service with real devices', () => {
  const cloud = new TestCloud('shaping');
  let network: Network;
  let a: Guest;
  let b: Guest;

  beforeAll(async () => {
    network = await cloud.network();
    a = await cloud.guest(network, '10.85.1.11', { rules: OPEN });
    b = await cloud.guest(network, '10.85.1.12', { rules: OPEN });
  }, 60_000);
  afterAll(() => cloud.end());

  const qdiscs = async (device: string): Promise<Qdisc[]> =>
    JSON.parse(
      (await cloud.commands.run(['tc', '-j', 'qdisc', 'show', 'dev', device])).stdout || '[]',
    ) as Qdisc[];
  const bucket = async (device: string) => (await qdiscs(device)).find((one) => one.kind === 'tbf')?.options;

  it('limits both directions by buckets, and leads frames through as before', async () => {
    const shaper = shaperName(a.tap);
    await cloud.host.link.shapeTap(a.tap, {
      ingress: { kbps: 3000, burstKbit: 2400 },
      egress: { kbps: 8000, burstKbit: 0 },
    });
    // tc shows octets a second.
    const ingress = await bucket(a.tap);
    expect(ingress?.rate).toBe(375_000);
    // Kept as ticks of the clock.
    expect(Math.round((ingress?.burst ?? 0) / 1000)).toBe(300);
    expect(await bucket(shaper)).toMatchObject({ rate: 1_000_000 });
    expect(await cloud.pings(a, '10.85.1.12')).toBe(true);
    expect(await cloud.pings(b, '10.85.1.11')).toBe(true);
    const sent = (await cloud.commands.run(['tc', '-s', 'qdisc', 'show', 'dev', shaper])).stdout;
    expect(Number(/Sent (\d+) bytes/.exec(sent)?.[1])).toBeGreaterThan(0);
    // Still judged by the port's filter.
    await cloud.host.firewall.applyPorts([cloud.filter(network, a, { rules: [] })]);
    expect(await cloud.pings(a, '10.85.1.12')).toBe(false);
    await cloud.host.firewall.applyPorts([cloud.filter(network, a, { rules: OPEN })]);

    await cloud.host.link.shapeTap(a.tap, { egress: { kbps: 100, burstKbit: 0 } });
    expect(await bucket(a.tap)).toBeUndefined();
    expect(await bucket(shaper)).toMatchObject({ rate: 12_500 });
    await cloud.host.link.shapeTap(a.tap, {});
    expect((await cloud.host.inventory()).shapers).toEqual([]);
    expect((await qdiscs(a.tap)).map((one) => one.kind)).not.toContain('ingress');
    expect(await cloud.pings(a, '10.85.1.12')).toBe(true);
  }, 30_000);

  it('marks what a guest sends, as its peer sees it', async () => {
    const seen = async (): Promise<string> => {
      const pattern = '/usr/bin/python3';
      const script = [
        'import socket,subprocess,sys',
        's=socket.socket(socket.AF_PACKET,socket.SOCK_RAW,socket.htons(0x0800))',
        "s.bind(('eth0',0)); s.settimeout(5)",
        "print('ready',flush=True)",
        'while True:',
        ' f=s.recv(2000)',
        ' if f[12:14]==b"\\x08\\x00" and f[26:30]==bytes([10,85,1,11]) and f[23]==1:',
        '  print(f[15]>>2); break',
      ].join('\n');
      const capture = cloud.inside(b.namespace, pattern, '-c', script);
      const ping = cloud.inside(a.namespace, 'ping', '-c', '4', '-i', '0.5', '10.85.1.12');
      const [{ stdout }] = await Promise.all([capture, ping]);
      return stdout.trim().split('\n').at(-1) ?? '';
    };
    expect(await seen()).toBe('0');
    await cloud.host.firewall.applyPorts([cloud.filter(network, a, { rules: OPEN, qos: { dscp: 46 } })]);
    expect(await seen()).toBe('46');
  }, 30_000);

  it('drops packets above a rate', async () => {
    const qos = { egress: { packetsPerSecond: 1, burst: 2 } };
    await cloud.host.firewall.applyPorts([cloud.filter(network, a, { rules: OPEN, qos })]);
    const argv = ['nsenter', `--net=/run/netns/${a.namespace}`] as const;
    const { stdout } = await cloud.commands.run(
      [...argv, 'ping', '-q', '-c', '10', '-i', '0.05', '-W', '1', '10.85.1.12'],
      { okCodes: [0, 1] },
    );
    expect(Number(/(\d+) received/.exec(stdout)?.[1])).toBeLessThan(6);
    await cloud.host.firewall.applyPorts([cloud.filter(network, a, { rules: OPEN })]);
  }, 30_000);
});
