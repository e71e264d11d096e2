import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bridgeName } from '../names.ts';
import { allow, EGRESS, TestCloud, type Guest } from '../testing/cloud.ts';
import type { RouterSpec } from './interface.ts';

/** Documentation addresses (RFC 5737), which nobody here has otherwise. */
const GATEWAY = '203.0.113.10';
const FLOATING = '203.0.113.21';
const OUTSIDE = '203.0.113.200';

describe('what a router does beside routing, with real devices', () => {
  const cloud = new TestCloud('services');
  const external = bridgeName(randomUUID());
  const children: ChildProcess[] = [];
  const labelId = randomUUID();
  let guest: Guest;
  let outside: string;
  let spec: RouterSpec;

  /** Answers each connection with a word and keeps it open. */
  const listen = async (namespace: string, port: number): Promise<void> => {
    const script = `require('net').createServer(s=>s.on('data',d=>s.write(d))).listen(${port},'0.0.0.0',()=>console.log('up'))`;
    const child = spawn('nsenter', [`--net=/run/netns/${namespace}`, process.execPath, '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    await once(child.stdout, 'data');
  };

  beforeAll(async () => {
    await cloud.host.external.ensure({
      bridge: external,
      addresses: ['203.0.113.1/24'],
      mtu: 1500,
      masquerade: true,
    });
    const network = await cloud.network();
    guest = await cloud.guest(network, '10.84.1.11', { rules: [...EGRESS, allow('ingress')] });
    await cloud.inside(guest.namespace, 'ip', 'route', 'add', 'default', 'via', '10.84.1.1');
    const peer = `x${randomUUID().slice(0, 11)}`;
    outside = await cloud.namespace(peer);
    await cloud.commands.run(['ip', 'link', 'set', 'dev', peer, 'master', external, 'up']);
    await cloud.inside(outside, 'ip', 'addr', 'add', `${OUTSIDE}/24`, 'dev', 'eth0');
    spec = {
      routerId: randomUUID(),
      forwarding: true,
      interfaces: [
        {
          portId: randomUUID(),
          macAddress: 'fa:16:3e:aa:00:01',
          addresses: ['10.84.1.1/24'],
          bridge: network.bridge,
          mtu: 1450,
        },
      ],
      gateway: {
        portId: randomUUID(),
        macAddress: 'fa:16:3e:aa:00:02',
        addresses: [`${GATEWAY}/24`],
        bridge: external,
        mtu: 1500,
        nextHops: ['203.0.113.1'],
        snat: true,
      },
      floatingIps: [],
      routes: [],
    };
    await cloud.host.router.ensure(spec);
    await listen(guest.namespace, 7022);
    await listen(guest.namespace, 7023);
  }, 60_000);

  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await cloud.end();
  });

  const inner = () => spec.interfaces[0]?.portId ?? '';
  const forward = (first: number, last: number, inside: number, to = inside) => ({
    floating: FLOATING,
    protocol: 'tcp',
    external: { first, last },
    fixed: '10.84.1.11',
    internal: { first: inside, last: to },
  });

  it('leads ports of a floating IP inside, and cuts what goes', async () => {
    const forwardings = [forward(2222, 2222, 7022), forward(8022, 8023, 7022, 7023)];
    const change = await cloud.host.router.ensure({ ...spec, forwardings });
    expect(change.announced).toEqual([FLOATING]);
    expect(await cloud.connects(outside, FLOATING, 2222)).toBe(true);
    expect(await cloud.connects(outside, FLOATING, 8023)).toBe(true);
    expect(await cloud.connects(outside, FLOATING, 22)).toBe(false);
    // From the inside to its own floating address, and back.
    expect(await cloud.connects(guest, FLOATING, 2222)).toBe(true);

    const script = `const s=require('net').connect(2222,'${FLOATING}',()=>s.write('a'));s.on('data',d=>{process.stdout.write(d)});process.stdin.on('data',d=>s.write(d))`;
    const client = spawn('nsenter', [`--net=/run/netns/${outside}`, process.execPath, '-e', script]);
    children.push(client);
    await once(client.stdout, 'data');
    const tracked = async (): Promise<string> =>
      (
        await cloud.commands.run(
          ['ip', 'netns', 'exec', `qrouter-${spec.routerId}`, 'conntrack', '-L', '-p', 'tcp', '-d', FLOATING],
          { okCodes: [0, 1] },
        )
      ).stdout;
    expect(await tracked()).toContain('dport=2222');
    await cloud.host.router.ensure({ ...spec, forwardings: forwardings.slice(1) });
    expect(await tracked()).not.toContain('dport=2222');
    client.stdin.write('b');
    expect(await cloud.connects(outside, FLOATING, 2222)).toBe(false);
    expect(await cloud.connects(outside, FLOATING, 8022)).toBe(true);
    const again = await cloud.host.router.ensure({ ...spec, forwardings: forwardings.slice(1) });
    expect(again).toEqual({ created: false, announced: [], released: [] });
  }, 30_000);

  it('drops what a firewall group does not allow', async () => {
    const forwardings = [forward(8022, 8023, 7022, 7023)];
    const allowed = { ipVersion: 4, protocol: 6, destinationPorts: { first: 7022, last: 7022 } } as const;
    const firewalls = [
      {
        portId: inner(),
        ingress: [{ ...allowed, action: 'allow' as const }],
        egress: [{ ipVersion: 4 as const, protocol: 6, action: 'deny' as const }],
      },
    ];
    await listen(outside, 7100);
    expect(await cloud.connects(guest, OUTSIDE, 7100)).toBe(true);
    await cloud.host.router.ensure({ ...spec, forwardings, firewalls });
    expect(await cloud.connects(outside, FLOATING, 8022)).toBe(true);
    expect(await cloud.connects(outside, FLOATING, 8023)).toBe(false);
    expect(await cloud.connects(guest, OUTSIDE, 7100)).toBe(false);
    await cloud.host.router.ensure({ ...spec, forwardings });
    expect(await cloud.connects(outside, FLOATING, 8023)).toBe(true);
    expect(await cloud.connects(guest, OUTSIDE, 7100)).toBe(true);
  }, 30_000);

  it('counts what labels measure, also over changes of the rules', async () => {
    const rule = { direction: 'egress', excluded: false, source: '10.84.1.0/24' } as const;
    const metered = { ...spec, meters: [{ labelId, rules: [rule] }] };
    await cloud.host.router.ensure(metered);
    expect(await cloud.host.router.meters(spec.routerId)).toEqual([{ labelId, packets: 0, bytes: 0 }]);
    await cloud.inside(guest.namespace, 'ping', '-c', '3', '-i', '0.1', OUTSIDE);
    const counted = { labelId, packets: 3, bytes: 252 };
    expect(await cloud.host.router.meters(spec.routerId)).toEqual([counted]);
    const other = { ...rule, excluded: true, destination: `${OUTSIDE}/32` };
    await cloud.host.router.ensure({ ...spec, meters: [{ labelId, rules: [rule, other] }] });
    await cloud.inside(guest.namespace, 'ping', '-c', '1', OUTSIDE);
    expect(await cloud.host.router.meters(spec.routerId)).toEqual([counted]);
    await cloud.host.router.ensure(spec);
    expect(await cloud.host.router.meters(spec.routerId)).toEqual([]);
  }, 30_000);

  it('loads limits, and helpers of the kernel', async () => {
    const shaping = { ingress: { kbps: 8000, burstKbit: 0 }, egress: { kbps: 8000, burstKbit: 0 } };
    await cloud.host.router.ensure({
      ...spec,
      limits: [{ address: GATEWAY, shaping }],
      helpers: [
        { helper: 'ftp', protocol: 'tcp', port: 21 },
        { helper: 'netbios-ns', protocol: 'udp', port: 137 },
      ],
    });
    expect(await cloud.pings(guest, OUTSIDE)).toBe(true);
    const missing = { ...spec, helpers: [{ helper: 'nosuch', protocol: 'tcp', port: 1 }] };
    await expect(cloud.host.router.ensure(missing)).rejects.toThrow('nf_conntrack_nosuch');
    expect(await cloud.pings(guest, OUTSIDE)).toBe(true);
    await cloud.host.router.ensure(spec);
  }, 30_000);
});
