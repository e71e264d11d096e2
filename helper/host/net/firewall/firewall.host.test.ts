import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tapName } from '../names.ts';
import { allow, EGRESS, TestCloud, type Guest, type Network } from '../testing/cloud.ts';

/** Something that answers TCP on a port inside a guest until it is ended. */
async function listen(guest: Guest, port: number): Promise<ChildProcess> {
  const script = `require('net').createServer(s=>s.on('data',d=>s.write(d)).on('error',()=>0)).listen(${port},()=>console.log('up'))`;
  const argv = [`--net=/run/netns/${guest.namespace}`, process.execPath, '-e', script];
  const child = spawn('nsenter', argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

/** A TCP connection that is open, and echoes lines. */
async function connection(
  from: Guest,
  to: string,
  port: number,
): Promise<{
  echo: (text: string) => Promise<boolean>;
  end: () => void;
}> {
  const script = `const s=require('net').connect(${port},'${to}',()=>console.log('up'));s.on('data',d=>process.stdout.write(d));s.on('error',()=>0);process.stdin.pipe(s)`;
  const argv = [`--net=/run/netns/${from.namespace}`, process.execPath, '-e', script];
  const child = spawn('nsenter', argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface(child.stdout);
  await once(lines, 'line');
  return {
    echo: async (text) => {
      child.stdin.write(`${text}\n`);
      const answered = once(lines, 'line', { signal: AbortSignal.timeout(700) });
      return answered.then(
        () => true,
        () => false,
      );
    },
    end: () => child.kill('SIGKILL'),
  };
}

describe('security groups on real devices', () => {
  const cloud = new TestCloud('fw');
  const children: ChildProcess[] = [];
  let network: Network;
  let a: Guest;
  let b: Guest;

  beforeAll(async () => {
    network = await cloud.network();
    a = await cloud.guest(network, '10.77.0.11');
    b = await cloud.guest(network, '10.77.0.12');
    children.push(await listen(b, 8080), await listen(b, 9090));
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await cloud.end();
  });

  const ingress = (...rules: ReturnType<typeof allow>[]): Promise<void> =>
    cloud.host.firewall.applyPorts([cloud.filter(network, b, { rules: [...EGRESS, ...rules] })]);
  const tcp = (port: number): ReturnType<typeof allow> =>
    allow('ingress', { protocol: 'tcp', portMin: port, portMax: port });

  it('lets nothing in without a rule and in with one, live', async () => {
    expect(await cloud.pings(a, b.ip)).toBe(false);
    await ingress(allow('ingress', { protocol: 'icmp', portMin: 8, portMax: 0 }));
    expect(await cloud.pings(a, b.ip)).toBe(true);
    expect(await cloud.pings(b, a.ip)).toBe(false);
  });

  it('judges egress as well', async () => {
    await ingress(tcp(8080), tcp(9090));
    const rules = [allow('egress', { protocol: 'tcp', portMin: 9000, portMax: 9999 })];
    await cloud.host.firewall.applyPorts([cloud.filter(network, a, { rules })]);
    expect(await cloud.connects(a, b.ip, 9090)).toBe(true);
    expect(await cloud.connects(a, b.ip, 8080)).toBe(false);
    await cloud.host.firewall.applyPorts([cloud.filter(network, a)]);
    expect(await cloud.connects(a, b.ip, 8080)).toBe(true);
  });

  it('cuts an established connection when its rule goes, and no other', async () => {
    await ingress(tcp(8080), tcp(9090));
    const [cut, kept] = await Promise.all([connection(a, b.ip, 8080), connection(a, b.ip, 9090)]);
    expect(await cut.echo('before')).toBe(true);
    await ingress(tcp(9090));
    expect(await cut.echo('after')).toBe(false);
    expect(await kept.echo('after')).toBe(true);
    await cloud.host.conntrack.flush({ zone: network.zone, addresses: [b.ip], protocol: 'tcp', port: 8080 });
    expect(await cut.echo('flushed')).toBe(false);
    expect(await kept.echo('flushed')).toBe(true);
    cut.end();
    kept.end();
  });

  it('does not pick up a TCP connection that it has forgotten', async () => {
    await ingress(tcp(8080));
    const open = await connection(a, b.ip, 8080);
    expect(await open.echo('before')).toBe(true);
    await cloud.host.conntrack.flush({ zone: network.zone, addresses: [b.ip] });
    expect(await open.echo('after')).toBe(false);
    open.end();
  });

  it('follows the members of a remote group with one change of its set', async () => {
    const remoteGroupId = randomUUID();
    await ingress(allow('ingress', { protocol: 'icmp', remoteGroupId }));
    expect(await cloud.pings(a, b.ip)).toBe(false);
    await cloud.host.firewall.applyGroupMembers({
      groupId: remoteGroupId,
      v4: [a.ip, '10.9.0.0/24', '10.9.0.7'],
      v6: [],
    });
    expect(await cloud.pings(a, b.ip)).toBe(true);
    await cloud.host.firewall.applyGroupMembers({ groupId: remoteGroupId, v4: [], v6: ['2001:db8::1'] });
    expect(await cloud.pings(a, b.ip)).toBe(false);
    expect(await cloud.host.firewall.listGroups()).toEqual([remoteGroupId]);
    await ingress();
    await cloud.host.firewall.apply({ removeGroups: [remoteGroupId] });
    expect(await cloud.host.firewall.listGroups()).toEqual([]);
  });

  it('needs rules both ways for a stateless port', async () => {
    const echo = (direction: 'ingress' | 'egress', portMin: number): ReturnType<typeof allow> =>
      allow(direction, { protocol: 'icmp', portMin });
    const stateless = (...rules: ReturnType<typeof allow>[]): Promise<void> =>
      cloud.host.firewall.applyPorts([cloud.filter(network, b, { rules, stateful: false })]);
    await stateless(echo('ingress', 8));
    expect(await cloud.pings(a, b.ip)).toBe(false);
    await stateless(echo('ingress', 8), echo('egress', 0));
    expect(await cloud.pings(a, b.ip)).toBe(true);
  });

  it('passes nothing for a tap without a filter (S26)', async () => {
    await ingress(allow('ingress'));
    const portId = randomUUID();
    const tap = tapName(portId);
    const mac = 'fa:16:3e:01:02:03';
    const namespace = await cloud.namespace(tap, mac);
    const guest = { namespace, portId, tap, mac, ip: '10.77.0.66' };
    await cloud.host.link.ensureTap({ tap, bridge: network.bridge, mtu: 1450, macAddress: mac });
    await cloud.inside(namespace, 'ip', 'addr', 'add', '10.77.0.66/24', 'dev', 'eth0');
    expect(await cloud.pings(guest, b.ip)).toBe(false);
    expect((await cloud.inside(b.namespace, 'ip', 'neigh')).stdout).not.toContain(mac);
    const filter = cloud.filter(network, guest);
    await cloud.host.firewall.applyPorts([filter]);
    await cloud.inside(namespace, 'ip', 'neigh', 'flush', 'all');
    expect(await cloud.pings(guest, b.ip)).toBe(true);
    await cloud.host.firewall.removePorts([portId]);
    expect(await cloud.pings(guest, b.ip)).toBe(false);
    await cloud.host.link.removeTap(tap);
    expect(await cloud.host.link.tapExists(tap)).toBe(false);
  });

  it('keeps two networks with the same addresses apart', async () => {
    const other = await cloud.network();
    const twin = await cloud.guest(other, a.ip);
    const peer = await cloud.guest(other, b.ip, { rules: [...EGRESS, tcp(8080)] });
    children.push(await listen(peer, 8080));
    await ingress(tcp(8080));
    const [one, two] = await Promise.all([connection(a, b.ip, 8080), connection(twin, peer.ip, 8080)]);
    expect(await one.echo('x')).toBe(true);
    expect(await two.echo('x')).toBe(true);
    const { stdout } = await cloud.commands.run(['conntrack', '-L', '-p', 'tcp', '--dport', '8080']);
    for (const { zone } of [network, other]) expect(stdout).toContain(`zone=${zone} `);
    await cloud.host.conntrack.flush({ zone: network.zone });
    expect(await one.echo('y')).toBe(false);
    expect(await two.echo('y')).toBe(true);
    one.end();
    two.end();
  });

  it('says what the kernel has, also to a helper that starts later, and survives a flushed ruleset', async () => {
    const have = [...(await cloud.restarted().firewall.listPorts())].map((port) => port.tapName).sort();
    expect(have).toContain(a.tap);
    const [filter] = [cloud.filter(network, a)];
    await cloud.restarted().firewall.applyPorts([filter, { ...filter, mark: 4711 }]);
    expect((await cloud.restarted().firewall.listPorts()).find((port) => port.tapName === a.tap)?.mark).toBe(
      4711,
    );
    await cloud.restarted().firewall.removeAll();
    await cloud.host.firewall.applyPorts([filter]);
    expect((await cloud.host.firewall.listPorts()).map((port) => port.tapName)).toEqual([a.tap]);
  });

  it('changes nothing when one rule of many cannot be loaded', async () => {
    const before = await cloud.host.firewall.listPorts();
    const bad = cloud.filter(network, b, { rules: [allow('ingress', { remoteCidr: '2001:db8::/32' })] });
    await expect(cloud.host.firewall.applyPorts([bad])).rejects.toThrow('no IPv4 network');
    expect(await cloud.host.firewall.listPorts()).toEqual(before);
  });
});
