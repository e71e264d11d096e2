import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bridgeName, gatewayDevice, haDevice, routerNamespace } from '../names.ts';
import { allow, EGRESS, TestCloud, type Guest, type Network } from '../testing/cloud.ts';
import type { RouterSpec } from './interface.ts';

const OPEN = [...EGRESS, allow('ingress')];
/** Documentation addresses (RFC 5737), which nobody here has otherwise. */
const HOST = '198.51.100.1';
const GATEWAY = '198.51.100.10';
const FLOATING = '198.51.100.21';
const OUTSIDE = '198.51.100.200';

/** Answers each TCP connection with the address it came from. */
async function mirror(namespace: string, port: number): Promise<ChildProcess> {
  const script = `require('net').createServer(s=>s.end(s.remoteAddress)).listen(${port},'0.0.0.0',()=>console.log('up'))`;
  const argv = [`--net=/run/netns/${namespace}`, process.execPath, '-e', script];
  const child = spawn('nsenter', argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  return child;
}

describe('a router with real devices', () => {
  const cloud = new TestCloud('router');
  const external = bridgeName(randomUUID());
  const children: ChildProcess[] = [];
  let left: Network;
  let right: Network;
  let a: Guest;
  let b: Guest;
  let outside: string;
  let spec: RouterSpec;
  let namespace: string;

  /** How the far end sees a connection from `from`; undefined when there is none. */
  const seenAs = async (from: string, to: string, port: number): Promise<string | undefined> => {
    const argv = [
      'nsenter',
      `--net=/run/netns/${from}`,
      'busybox',
      'nc',
      '-w',
      '1',
      to,
      String(port),
    ] as const;
    const { stdout, exitCode } = await cloud.commands.run(argv, { okCodes: [0, 1] });
    return exitCode === 0 ? stdout : undefined;
  };

  beforeAll(async () => {
    await cloud.host.external.ensure({
      bridge: external,
      addresses: [`${HOST}/24`],
      mtu: 1500,
      masquerade: true,
    });
    left = await cloud.network();
    right = await cloud.network();
    a = await cloud.guest(left, '10.81.1.11', { rules: OPEN });
    b = await cloud.guest(right, '10.81.2.12', { rules: OPEN });
    for (const [guest, gateway] of [
      [a, '10.81.1.1'],
      [b, '10.81.2.1'],
    ] as const) {
      await cloud.inside(guest.namespace, 'ip', 'route', 'add', 'default', 'via', gateway);
    }
    // A machine on the external network that is neither the host nor a guest.
    const peer = `x${randomUUID().slice(0, 11)}`;
    outside = await cloud.namespace(peer);
    await cloud.commands.run(['ip', 'link', 'set', 'dev', peer, 'master', external, 'up']);
    await cloud.inside(outside, 'ip', 'addr', 'add', `${OUTSIDE}/24`, 'dev', 'eth0');
    children.push(
      await mirror(outside, 7000),
      await mirror(a.namespace, 7000),
      await mirror(b.namespace, 7000),
    );
    const inner = (bridge: string, ip: string): RouterSpec['interfaces'][number] => ({
      portId: randomUUID(),
      macAddress: `fa:16:3e:aa:00:0${ip.at(-4)}`,
      addresses: [ip],
      bridge,
      mtu: 1450,
    });
    spec = {
      routerId: randomUUID(),
      forwarding: true,
      interfaces: [inner(left.bridge, '10.81.1.1/24'), inner(right.bridge, '10.81.2.1/24')],
      gateway: {
        portId: randomUUID(),
        macAddress: 'fa:16:3e:aa:00:ff',
        addresses: [`${GATEWAY}/24`],
        bridge: external,
        mtu: 1500,
        nextHops: [HOST],
        snat: true,
      },
      floatingIps: [],
      routes: [],
      metadataPort: 9697,
    };
    namespace = routerNamespace(spec.routerId);
  });
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    await cloud.end();
  });

  it('is made once and then only looked at', async () => {
    expect(await cloud.host.router.ensure(spec)).toEqual({
      created: true,
      announced: [GATEWAY],
      released: [],
    });
    expect(await cloud.host.router.ensure(spec)).toEqual({ created: false, announced: [], released: [] });
    expect(await cloud.host.router.list()).toEqual([spec.routerId]);
  });

  it('joins its networks without translation, and translates what goes out', async () => {
    expect(await seenAs(a.namespace, b.ip, 7000)).toBe(a.ip);
    expect(await seenAs(a.namespace, OUTSIDE, 7000)).toBe(GATEWAY);
    expect(await cloud.pings(a, HOST)).toBe(true);
  });

  it('keeps the services of the host from guests (S32)', async () => {
    const here = spawn(
      process.execPath,
      ['-e', `require('net').createServer(s=>s.end('x')).listen(7123,'0.0.0.0',()=>console.log('up'))`],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    children.push(here);
    await once(here.stdout, 'data');
    const own = /inet ([0-9.]+)/.exec(
      (await cloud.commands.run(['ip', '-4', 'addr', 'show', 'dev', 'eth0'])).stdout,
    )?.[1];
    for (const address of [HOST, own ?? HOST])
      expect(await seenAs(a.namespace, address, 7123)).toBeUndefined();
    expect(await seenAs(a.namespace, GATEWAY, 9697)).toBeUndefined();
  });

  it('leads a floating IP in and out, from guests too, also from its own', async () => {
    const floatingIps = [{ floating: FLOATING, fixed: a.ip }];
    expect(await cloud.host.router.ensure({ ...spec, floatingIps })).toEqual({
      created: false,
      announced: [FLOATING],
      released: [],
    });
    expect(await seenAs(outside, FLOATING, 7000)).toBe(OUTSIDE);
    expect(await seenAs(a.namespace, OUTSIDE, 7000)).toBe(FLOATING);
    expect(await seenAs(b.namespace, FLOATING, 7000)).toBe(GATEWAY);
    expect(await seenAs(a.namespace, FLOATING, 7000)).toBe(FLOATING);
    // From the host itself, as a person does.
    const { stdout } = await cloud.commands.run(['busybox', 'nc', '-w', '1', FLOATING, '7000']);
    expect(stdout).toBe(HOST);
  });

  it('moves a floating IP: neighbours hear of it and the old connections die', async () => {
    const script = `const s=require('net').connect(7001,'${FLOATING}',()=>console.log('up'));s.on('data',d=>process.stdout.write(d));s.on('error',()=>0);process.stdin.pipe(s)`;
    const echo = `require('net').createServer(s=>s.pipe(s)).listen(7001,'0.0.0.0',()=>console.log('up'))`;
    for (const guest of [a, b]) {
      const child = spawn('nsenter', [`--net=/run/netns/${guest.namespace}`, process.execPath, '-e', echo], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      children.push(child);
      await once(child.stdout, 'data');
    }
    const open = spawn('nsenter', [`--net=/run/netns/${outside}`, process.execPath, '-e', script]);
    children.push(open);
    await once(open.stdout, 'data');
    open.stdin.write('one\n');
    await once(open.stdout, 'data');
    const moved = [{ floating: FLOATING, fixed: b.ip }];
    expect(await cloud.host.router.ensure({ ...spec, floatingIps: moved })).toEqual({
      created: false,
      announced: [FLOATING],
      released: [FLOATING],
    });
    open.stdin.write('two\n');
    const answered = once(open.stdout, 'data', { signal: AbortSignal.timeout(700) });
    await expect(answered).rejects.toThrow('aborted');
    expect(await seenAs(outside, FLOATING, 7000)).toBe(OUTSIDE);
    expect(await cloud.host.router.ensure(spec)).toEqual({
      created: false,
      announced: [],
      released: [FLOATING],
    });
    expect(await seenAs(outside, FLOATING, 7000)).toBeUndefined();
  });

  it('announces by ARP request and reply (R19)', async () => {
    const dump = spawn('nsenter', [
      `--net=/run/netns/${outside}`,
      'tcpdump',
      '-i',
      'eth0',
      '-l',
      '-n',
      '-c',
      '2',
      `arp and src host ${GATEWAY} and dst host ${GATEWAY}`,
    ]);
    await once(dump.stderr, 'data');
    let text = '';
    dump.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const end = once(dump, 'close');
    cloud.host.router.announce(namespace, gatewayDevice(spec.gateway?.portId ?? ''), [GATEWAY]);
    await end;
    expect(text).toContain(`Request who-has ${GATEWAY}`);
    expect(text).toContain(`Reply ${GATEWAY} is-at fa:16:3e:aa:00:ff`);
  });

  it('leads metadata from the inside to its listener', async () => {
    const server = await cloud.host.sockets.listenTcp(namespace, { host: '0.0.0.0', port: 9697 });
    server.on('connection', (socket) => socket.end(`metadata for ${socket.remoteAddress}`));
    expect(await seenAs(a.namespace, '169.254.169.254', 80)).toBe(`metadata for ${a.ip}`);
    expect(await seenAs(a.namespace, '10.81.1.1', 9697)).toBeUndefined();
    expect(await seenAs(outside, GATEWAY, 9697)).toBeUndefined();
    server.close();
  });

  it('changes interfaces, routes and forwarding of a router that runs', async () => {
    const routes = [{ destination: '10.99.0.0/16', nextHop: '10.81.1.254' }];
    const [first] = spec.interfaces;
    await cloud.host.router.ensure({ ...spec, interfaces: [first!], routes, forwarding: false });
    const shown = (await cloud.commands.run(['ip', '-n', namespace, 'route'])).stdout;
    expect(shown).toContain('10.99.0.0/16 via 10.81.1.254');
    expect(shown).toContain(`default via ${HOST}`);
    expect(shown).not.toContain('10.81.2.0');
    expect(await seenAs(a.namespace, OUTSIDE, 7000)).toBeUndefined();
    const { gateway: _gateway, ...closed } = spec;
    await cloud.host.router.ensure(closed);
    expect((await cloud.commands.run(['ip', '-n', namespace, 'route'])).stdout).not.toContain('default');
    await cloud.host.router.ensure(spec);
    expect(await seenAs(a.namespace, OUTSIDE, 7000)).toBe(GATEWAY);
    expect(await seenAs(b.namespace, a.ip, 7000)).toBe(b.ip);
  });

  it('keeps address scopes apart; within one nothing is translated', async () => {
    const [one, two] = spec.interfaces;
    const floatingIps = [{ floating: FLOATING, fixed: b.ip }];
    const scoped = (left: string, right: string, outer?: string): RouterSpec => ({
      ...spec,
      floatingIps,
      interfaces: [
        { ...one!, scopes: { 4: left } },
        { ...two!, scopes: { 4: right } },
      ],
      gateway: { ...spec.gateway!, ...(outer === undefined ? {} : { scopes: { 4: outer } }) },
    });
    await cloud.inside(outside, 'ip', 'route', 'add', '10.81.0.0/16', 'via', GATEWAY);
    await cloud.host.router.ensure(scoped('s', 't'));
    expect(await seenAs(a.namespace, b.ip, 7000)).toBeUndefined();
    expect(await seenAs(a.namespace, OUTSIDE, 7000)).toBe(GATEWAY);
    // A floating IP is there for every scope.
    expect(await seenAs(a.namespace, FLOATING, 7000)).toBe(GATEWAY);
    expect(await seenAs(outside, a.ip, 7000)).toBeUndefined();
    await cloud.host.router.ensure(scoped('s', 't', 's'));
    expect(await seenAs(a.namespace, OUTSIDE, 7000)).toBe(a.ip);
    expect(await seenAs(outside, a.ip, 7000)).toBe(OUTSIDE);
    expect(await seenAs(b.namespace, OUTSIDE, 7000)).toBe(FLOATING);
    expect(await seenAs(outside, b.ip, 7000)).toBeUndefined();
    await cloud.host.router.ensure(scoped('s', 's'));
    expect(await seenAs(a.namespace, b.ip, 7000)).toBe(a.ip);
    // Killed in the middle or not: the next look finds what differs.
    expect(await cloud.restarted().router.ensure(scoped('s', 's'))).toEqual({
      created: false,
      announced: [],
      released: [],
    });
  });

  it("gives a highly available router its device on its project's network", async () => {
    const network = await cloud.network();
    const ha = { ...spec.interfaces[0]!, portId: randomUUID(), bridge: network.bridge };
    const address = '169.254.192.7/18';
    await cloud.host.router.ensure({ ...spec, ha: { ...ha, addresses: [address] } });
    const device = haDevice(ha.portId);
    const shown = await cloud.commands.run(['ip', '-n', namespace, 'addr', 'show', 'dev', device]);
    expect(shown.stdout).toContain(address);
    await cloud.host.router.ensure(spec);
    const { stdout } = await cloud.commands.run(['ip', '-n', namespace, 'link']);
    expect(stdout).not.toContain(device);
  });

  it('is removed as often as one likes', async () => {
    await cloud.host.router.remove(spec.routerId);
    await cloud.host.router.remove(spec.routerId);
    expect(await cloud.host.router.list()).toEqual([]);
    expect(await cloud.host.link.removeSegment({ ...left, networkId: left.networkId })).toBe(false);
  });
});
