import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bridgeName, dhcpNamespace, tapName } from '../helper/host/net/names.ts';
import { arp, BROADCAST, frame } from '../helper/host/net/testing/frames.ts';
import { ensureExternalNetwork, ensureFlavors, type Named } from '../main/demo/ensure.ts';
import { ensureImage } from '../main/demo/project.ts';
import type { OpenStackClient } from '../main/openstack-client.ts';
import { ensureTinyGuest } from '../resources/guest/build.ts';
import { forgedFrames, STRANGER } from './support/forged-frames.ts';
import { commands, NOTHING, TestInstance, type Inventory } from './support/instance.ts';
import { becomes, endAll, MIRROR, type GuestPlace } from './support/place.ts';
import { OutsideMachine } from './support/outside.ts';
import { TestProject, type FloatingIp } from './support/project.ts';

/**
 * Who reaches whom, with real guests and real traffic: two guests on one network (anna, bert) and a third on another
 * network of their router (carl), in the project red; one in the project blue (dora) with the addresses of red; and
 * 'outside', another machine beside the cloud's external network.
 */
const instance = new TestInstance('net');
const outer = `198.18.${instance.subnet}`;
const HOST = `${outer}.1`;
const OUTSIDE = `${outer}.250`;
const LEFT = '10.77.0.0/24';
const RIGHT = '10.78.0.0/24';

let admin: OpenStackClient;
let red: TestProject;
let blue: TestProject;
let external: Named;
const groups: Record<string, Named> = {};
let left: Named;
let redRouter: Named;
let blueRouter: Named;
let anna: GuestPlace;
let bert: GuestPlace;
let carl: GuestPlace;
let dora: GuestPlace;
const outside = new OutsideMachine(instance);

const gatewayOf = (router: Named): string =>
  (router['external_gateway_info'] as { external_fixed_ips: { ip_address: string }[] }).external_fixed_ips[0]
    ?.ip_address ?? '';

/** The order in which the kernel names things says nothing. */
const sorted = (inventory: Inventory): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries(inventory).map(([kind, all]) => [
      kind,
      (all as readonly unknown[]).map((one) => JSON.stringify(one)).sort(),
    ]),
  );

beforeAll(async () => {
  await instance.start();
  admin = await instance.admin();
  const image = await ensureImage(admin, await ensureTinyGuest(), () => undefined);
  await ensureFlavors(admin);
  external = (await ensureExternalNetwork(admin, await instance.client.external())).network;
  red = await TestProject.create(instance, admin, 'red');
  blue = await TestProject.create(instance, admin, 'blue');
  redRouter = await red.router('red', external);
  blueRouter = await blue.router('blue', external);
  left = await red.network('left', LEFT, redRouter);
  const right = await red.network('right', RIGHT, redRouter);
  const leftOfBlue = await blue.network('left', LEFT, blueRouter);
  // What tests work by; nothing else comes in by it, and nothing goes out.
  const ssh = { direction: 'ingress', protocol: 'tcp', port_range_min: 22, port_range_max: 22 } as const;
  const out = { direction: 'egress' } as const;
  const metadata = { direction: 'egress', remote_ip_prefix: '169.254.169.254/32' } as const;
  const mirror = { protocol: 'tcp', port_range_min: MIRROR, port_range_max: MIRROR } as const;
  const open = [
    out,
    { direction: 'ingress', ...mirror },
    { direction: 'ingress', protocol: 'icmp' },
  ] as const;
  groups['control'] = await red.group('control', [ssh, metadata]);
  groups['out'] = await red.group('out', [out]);
  groups['open'] = await red.group('open', open);
  groups['blue'] = await blue.group('blue', [ssh, ...open]);
  groups['default'] = await red.defaultGroup();
  const { control, default: members, out: outgoing } = groups;
  const imageId = image.resource.id;
  const plan = { imageId, router: redRouter, network: left };
  const both = [control, members] as Named[];
  anna = await red.boot({ ...plan, name: 'anna', ip: '10.77.0.11', groups: both });
  bert = await red.boot({ ...plan, name: 'bert', ip: '10.77.0.12', groups: both });
  carl = await red.boot({
    ...plan,
    name: 'carl',
    ip: '10.78.0.11',
    network: right,
    groups: [control, outgoing] as Named[],
  });
  dora = await blue.boot({
    imageId,
    router: blueRouter,
    network: leftOfBlue,
    name: 'dora',
    ip: '10.77.0.11',
    groups: [groups['blue']],
  });
  for (const guest of [anna, bert, carl]) await red.active(guest);
  await blue.active(dora);
  await outside.plug(OUTSIDE);
  await outside.listens();
  await Promise.all([anna, bert, carl, dora].map((guest) => guest.ready()));
});

afterAll(async () => {
  await endAll();
  await outside.remove();
  expect(await instance.remove()).toEqual(NOTHING);
});

describe('security groups', () => {
  test('let members of the default group reach each other, and nobody else', async () => {
    await becomes(() => anna.asks(bert.ip), `bert ${anna.ip}`);
    await becomes(() => bert.asks(anna.ip), `anna ${bert.ip}`);
    await becomes(() => anna.pings(bert.ip), true);
    expect(await carl.asks(anna.ip)).toBeUndefined();
    expect(await carl.pings(anna.ip)).toBe(false);
    expect(await anna.asks(carl.ip)).toBeUndefined();
  });

  test('let through what a new rule allows, and cut its connections when it goes', async () => {
    const rule = await red.rule(groups['control'] as Named, {
      direction: 'ingress',
      protocol: 'tcp',
      port_range_min: MIRROR,
      port_range_max: MIRROR,
      remote_ip_prefix: RIGHT,
    });
    await becomes(() => carl.asks(anna.ip), `anna ${carl.ip}`);
    expect(await carl.pings(anna.ip)).toBe(false);
    const [cut, kept] = [await carl.stream(anna.ip), await bert.stream(anna.ip)];
    await red.removeRule(rule);
    await cut.stops();
    await kept.goesOn();
    kept.end();
    cut.end();
    expect(await carl.asks(anna.ip)).toBeUndefined();
  });

  test('follow their members', async () => {
    const { control, out, default: members } = groups as Record<'control' | 'out' | 'default', Named>;
    const stream = await bert.stream(anna.ip);
    await red.setGroups(bert, [control, out]);
    await stream.stops();
    stream.end();
    expect(await bert.asks(anna.ip)).toBeUndefined();
    expect(await anna.asks(bert.ip)).toBeUndefined();
    await red.setGroups(bert, [control, members]);
    await becomes(() => bert.asks(anna.ip), `anna ${bert.ip}`);
    await becomes(() => anna.asks(bert.ip), `bert ${anna.ip}`);
  });

  test('hold back what egress rules do not allow', async () => {
    const { control, open, default: members } = groups as Record<'control' | 'open' | 'default', Named>;
    await red.setGroups(anna, [control, members, open]);
    await becomes(() => carl.asks(anna.ip), `anna ${carl.ip}`);
    const stream = await carl.stream(anna.ip);
    await red.setGroups(carl, [control]);
    await stream.stops();
    stream.end();
    expect(await carl.asks(anna.ip)).toBeUndefined();
    const rule = await red.rule(control, {
      direction: 'egress',
      protocol: 'tcp',
      port_range_min: MIRROR,
      port_range_max: MIRROR,
      remote_ip_prefix: LEFT,
    });
    await becomes(() => carl.asks(anna.ip), `anna ${carl.ip}`);
    expect(await carl.pings(anna.ip)).toBe(false);
    expect(await carl.asks(OUTSIDE)).toBeUndefined();
    await red.removeRule(rule);
    await becomes(() => carl.asks(anna.ip), undefined);
    for (const guest of [anna, bert, carl]) await red.setGroups(guest, [control, members, open]);
    await becomes(() => carl.asks(bert.ip), `bert ${carl.ip}`);
  });
});

describe('routers and floating IPs', () => {
  let floating: FloatingIp;

  test('join networks without translation, and lead out with the address of the gateway', async () => {
    await becomes(() => anna.asks(carl.ip), `carl ${anna.ip}`);
    await becomes(() => carl.asks(OUTSIDE), `outside ${gatewayOf(redRouter)}`);
    await becomes(() => dora.asks(OUTSIDE), `outside ${gatewayOf(blueRouter)}`);
    await becomes(() => carl.pings(HOST), true);
    expect(await carl.asks(HOST)).toBeUndefined();
  });

  test('let in by a floating IP, and out with it', async () => {
    floating = await red.floatingIp(external, anna);
    const address = floating.floating_ip_address;
    await becomes(() => outside.asks(address), `anna ${OUTSIDE}`);
    await becomes(() => outside.pings(address), true);
    await becomes(() => anna.asks(OUTSIDE), `outside ${address}`);
    expect(await bert.asks(address)).toMatch(/^anna /);
  });

  test('move a floating IP, whose connections do not survive it', async () => {
    const address = floating.floating_ip_address;
    const stream = await outside.stream(address);
    expect(stream.greeting).toBe(`anna ${OUTSIDE}`);
    await red.associate(floating, bert);
    await becomes(() => outside.asks(address), `bert ${OUTSIDE}`);
    await stream.stops();
    stream.end();
    await becomes(() => anna.asks(OUTSIDE), `outside ${gatewayOf(redRouter)}`);
    await becomes(() => bert.asks(OUTSIDE), `outside ${address}`);
  });

  test('cut connections in both directions when a floating IP is taken away (R18)', async () => {
    const address = floating.floating_ip_address;
    const [inwards, outwards] = [await outside.stream(address), await bert.stream(OUTSIDE)];
    expect(outwards.greeting).toBe(`outside ${address}`);
    await red.associate(floating, undefined);
    await inwards.stops();
    await outwards.stops();
    inwards.end();
    outwards.end();
    expect(await outside.asks(address)).toBeUndefined();
  });

  test('tell neighbours when an address moves to another router (R19)', async () => {
    const address = floating.floating_ip_address;
    await red.associate(floating, anna);
    await becomes(() => outside.asks(address), `anna ${OUTSIDE}`);
    const before = await outside.sh(`ip neigh show ${address}`);
    await red.client.delete('network', `/floatingips/${floating.id}`);
    await admin.post('network', '/floatingips', {
      floatingip: {
        floating_network_id: external.id,
        floating_ip_address: address,
        port_id: dora.portId,
        project_id: blue.client.projectId,
      },
    });
    await becomes(() => outside.asks(address), `dora ${OUTSIDE}`);
    expect(await outside.sh(`ip neigh show ${address}`)).not.toBe(before);
  });
});

describe('two projects with the same addresses', () => {
  test('each reach their own guests and the world as themselves', async () => {
    const { floating_ip_address: ofAnna } = await red.floatingIp(external, anna);
    await becomes(() => outside.asks(ofAnna), `anna ${OUTSIDE}`);
    const { floatingips } = (await blue.client.get('network', '/floatingips')) as {
      floatingips: FloatingIp[];
    };
    const ofDora = floatingips[0]?.floating_ip_address ?? '';
    expect(floatingips).toHaveLength(1);
    await becomes(() => outside.asks(ofDora), `dora ${OUTSIDE}`);
    // The same addresses and ports at the same time, told apart by their networks alone.
    const streams = await Promise.all([anna.stream(OUTSIDE, 40_000), dora.stream(OUTSIDE, 40_000)]);
    expect(streams.map(({ greeting }) => greeting)).toEqual([`outside ${ofAnna}`, `outside ${ofDora}`]);
    await Promise.all(streams.map((stream) => stream.goesOn()));
    for (const stream of streams) stream.end();
    await becomes(() => dora.pings('10.77.0.1'), true);
    expect(await dora.asks(bert.ip)).toBeUndefined();
    expect(await dora.pings(bert.ip)).toBe(false);
    expect(await dora.asks(carl.ip)).toBeUndefined();
    await becomes(() => dora.asks(ofAnna), `anna ${ofDora}`);
  });
});

describe('what a guest forges', () => {
  const gateway = '10.77.0.1';
  test('has no effect on its peer (S22, S23, S24)', async () => {
    const look = (): Promise<string> =>
      anna.sh(
        `ip neigh show ${gateway} | sed 's/ used.*//; s/ [A-Z]*$//'; ip -6 route; ip addr show eth0 | grep inet`,
      );
    await anna.pings(gateway);
    const stream = await bert.stream(anna.ip);
    const before = await look();
    const router = await red.portOf(redRouter.id, left.id);
    expect(before).toContain(router.mac_address);
    const frames = forgedFrames(bert, anna, gateway);
    const probe = arp({ operation: 1, senderMac: bert.mac, senderIp: '0.0.0.0', targetIp: '192.0.2.99' });
    const seen = await anna.captures(probe, () =>
      bert.send([...Object.values(frames), frame(BROADCAST, bert.mac, 0x0806, probe)]),
    );
    const arrived = Object.entries(frames).filter(([, text]) =>
      seen.some((one) => one.startsWith(text.slice(0, 84))),
    );
    expect(arrived.map(([name]) => name)).toEqual([]);
    expect(await look()).toBe(before);
    const bridge = await commands.run(['bridge', 'fdb', 'show', 'br', bridgeName(left.id)]);
    expect(bridge.stdout).toMatch(new RegExp(`${anna.mac} dev ${tapName(anna.portId)} `));
    expect(bridge.stdout).not.toContain(STRANGER);
    await stream.goesOn();
    stream.end();
  });

  test('is not what a third guest hears of others (S33)', async () => {
    const probe = arp({ operation: 1, senderMac: anna.mac, senderIp: '0.0.0.0', targetIp: '192.0.2.98' });
    const heard = await bert.captures(probe, async () => {
      await becomes(() => anna.pings(gateway), true);
      await anna.send([frame(BROADCAST, anna.mac, 0x0806, probe)]);
    });
    const { mac_address: mac } = await red.portOf(redRouter.id, left.id);
    const others = [anna.mac, mac].map((one) => one.replaceAll(':', ''));
    expect(heard.filter((one) => others.includes(one.slice(0, 12)))).toEqual([]);
  });

  test('cannot give out leases', async () => {
    const dhcp = { direction: 'ingress', protocol: 'udp', port_range_min: 67, port_range_max: 67 } as const;
    const rule = await red.rule(groups['control'] as Named, dhcp);
    const options =
      'start 10.77.0.200\\nend 10.77.0.210\\ninterface eth0\\nlease_file /tmp/leases\\noption router 10.77.0.12\\n';
    await bert.sh(
      `printf '${options}' >/tmp/udhcpd.conf; : >/tmp/leases; udhcpd -f /tmp/udhcpd.conf >/tmp/udhcpd.log 2>&1 </dev/null &`,
    );
    const before = await anna.sh('ip route; ip addr show eth0 | grep inet');
    const log = await anna.sh('wc -l </var/log/dhcp.log');
    // Until the false server has answered, the question is asked again.
    await expect
      .poll(
        async () => {
          await anna.sh(
            'p=$(cat /run/udhcpc.eth0.pid); (kill -USR2 $p; sleep 1; kill -USR1 $p) >/dev/null 2>&1 </dev/null &',
          );
          await anna.sh('sleep 2; ip addr show eth0 | grep -q "inet "');
          return bert.sh('cat /tmp/udhcpd.log');
        },
        { timeout: 120_000, interval: 1000 },
      )
      .toContain('sending OFFER');
    const news = await anna.sh(`tail -n +${Number(log) + 1} /var/log/dhcp.log`);
    expect(news).toContain(`lease of ${anna.ip} obtained`);
    expect(news).not.toContain('10.77.0.2'.concat('0'));
    expect(await anna.sh('ip route; ip addr show eth0 | grep inet')).toBe(before);
    await bert.sh('kill $(pidof udhcpd)');
    await red.removeRule(rule);
  });
});

describe('what a guest can reach of the host', () => {
  test('is DHCP, DNS, metadata and ICMP (S32)', async () => {
    // Something of the host's own, which listens where guests could see it.
    const listener = createServer().listen(0, HOST);
    await new Promise((resolve) => listener.once('listening', resolve));
    const own = (listener.address() as { port: number }).port;
    const listening = (await commands.run(['ss', '-Hltn'])).stdout.matchAll(/:(\d+) +\S+ *$/gm);
    const low = Array.from({ length: 1024 }, (_, at) => at + 1);
    const ports = [...new Set([...low, own, MIRROR, ...[...listening].map(([, port]) => Number(port))])];
    const others = Object.values(networkInterfaces())
      .flat()
      .flatMap((one) =>
        one?.family === 'IPv4' && !one.internal && one.address !== HOST ? [one.address] : [],
      );
    const { stdout } = await commands.run(['ip', '-n', dhcpNamespace(left.id), '-4', '-o', 'addr']);
    const server = /inet (10\.77\.0\.\d+)/.exec(stdout)?.[1] ?? '';
    const open: Record<string, number[]> = {
      [HOST]: [],
      '10.77.0.1': [],
      [gatewayOf(redRouter)]: [],
      ...Object.fromEntries(others.slice(0, 1).map((address) => [address, []])),
      [server]: [53],
      // So that this shows something: a peer, which the rules let be reached.
      [bert.ip]: [22, MIRROR],
    };
    const scans = Object.keys(open).map(
      async (address) => [address, await anna.scan(address, ports)] as const,
    );
    expect(Object.fromEntries(await Promise.all(scans))).toEqual(open);
    expect(await anna.scan('169.254.169.254', [...low, own])).toEqual([53, 80]);
    for (const address of [HOST, '10.77.0.1', server]) await becomes(() => anna.pings(address), true);
    listener.close();
  });

  test('answers with the names of its network', async () => {
    expect((await anna.run('nslookup', 'bert')).stdout).toContain(`Address: ${bert.ip}`);
    expect((await anna.run('nslookup', 'dora')).stdout).not.toContain('Address: 10.');
  });

  test('tells a guest of itself only, whatever it claims (S30)', async () => {
    const claims = [
      'X-Forwarded-For: 10.77.0.12',
      `X-Instance-ID: ${bert.serverId}`,
      `X-Tenant-ID: ${blue.client.projectId}`,
    ];
    const headers = claims.map((claim) => `--header '${claim}'`).join(' ');
    const url = 'http://169.254.169.254/openstack/latest/meta_data.json';
    for (const guest of [anna, bert, carl, dora]) {
      const data = JSON.parse(await guest.sh(`wget -q -O - ${headers} ${url}`)) as { uuid: string };
      expect(data.uuid).toBe(guest.serverId);
    }
  });
});

describe('without the helper', () => {
  test('guests’ traffic goes on, and the helper finds everything again (R29)', async () => {
    const { floating_ip_address: address } = (
      (await red.client.get('network', `/floatingips?port_id=${anna.portId}`)) as {
        floatingips: FloatingIp[];
      }
    ).floatingips[0] ?? { floating_ip_address: '' };
    const before = sorted(await instance.inventory());
    const streams = await Promise.all([bert.stream(anna.ip), carl.stream(anna.ip), outside.stream(address)]);
    const restart = async (): Promise<void> => {
      await instance.kill();
      await new Promise((resolve) => setTimeout(resolve, 5000));
      await instance.start();
      await Promise.all(streams.map((stream) => stream.goesOn()));
    };
    const restarting = restart();
    const pings = await Promise.all([
      bert.pingsDuring(anna.ip, () => restarting),
      carl.pingsDuring(anna.ip, () => restarting),
      outside.pingsDuring(address, () => restarting),
    ]);
    for (const { received, missing } of pings) {
      expect(received).toBeGreaterThan(30);
      expect(missing).toEqual([]);
    }
    for (const stream of streams) stream.end();
    expect(sorted(await instance.inventory())).toEqual(before);
    // It works on what it found: a change comes through.
    await red.loginAgain();
    await red.setGroups(carl, [groups['control'] as Named]);
    await becomes(() => anna.asks(carl.ip), undefined);
  });
});

describe('a server that is deleted', () => {
  test('leaves no connection behind (R18)', async () => {
    const stream = await anna.stream(bert.ip);
    await red.client.delete('compute', `/servers/${bert.serverId}`);
    const taps = async () => (await instance.inventory()).taps.includes(tapName(bert.portId));
    await becomes(taps, false);
    await stream.stops();
    stream.end();
    const left = async () =>
      (await commands.run(['conntrack', '-L', '-d', bert.ip])).stdout.includes(anna.ip);
    await becomes(left, false);
    expect(stream.last).toBeGreaterThan(0);
  });
});
