import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FakeHostNetwork } from '../host/net/fake.ts';
import { fakeRouterTests, type Resource, type RouterTests } from './router-test-support.ts';

let t: RouterTests<FakeHostNetwork>;
let external: Resource;
let subnet: Resource;
let router: Resource;
let port: Resource;
let floating: Resource;
let path: string;
beforeEach(async () => {
  t = await fakeRouterTests();
  external = await t.external();
  subnet = await t.subnet('a', '10.0.0.0/24');
  router = await t.router('a', external, subnet);
  port = await t.port('a', subnet, { fixed_ips: [{ ip_address: '10.0.0.10' }] });
  floating = await t.create('a', 'floatingip', { floating_network_id: external.id });
  path = `/floatingips/${floating.id}/port_forwardings`;
});
afterEach(() => t.world.close());

const body = (more: object = {}) => ({
  port_forwarding: {
    protocol: 'tcp',
    external_port: 2222,
    internal_port: 22,
    internal_port_id: port.id,
    internal_ip_address: '10.0.0.10',
    ...more,
  },
});
const make = async (more: object = {}): Promise<Resource> =>
  (await t.world.ok('a', 'POST', path, body(more)))['port_forwarding'] as Resource;
const refused = (more: object, token = 'a') => t.refused(token, 'POST', path, body(more));
const led = () => t.world.host.state.routers.get(router.id)?.forwardings;

describe('port forwarding', () => {
  test('leads a port inside, elsewhere, and nowhere', async () => {
    const made = await make();
    expect(made).toEqual({
      id: made.id,
      protocol: 'tcp',
      external_port: 2222,
      external_port_range: '2222:2222',
      internal_port: 22,
      internal_port_range: '22:22',
      internal_port_id: port.id,
      internal_ip_address: '10.0.0.10',
      description: '',
    });
    await t.world.settled();
    const address = String(floating['floating_ip_address']);
    const spec = {
      floating: address,
      protocol: 'tcp',
      external: { first: 2222, last: 2222 },
      fixed: '10.0.0.10',
      internal: { first: 22, last: 22 },
    };
    expect(led()).toEqual([spec]);
    const brief = {
      id: made.id,
      protocol: 'tcp',
      external_port: 2222,
      internal_port: 22,
      internal_port_id: port.id,
      internal_ip_address: '10.0.0.10',
    };
    expect(await t.show('a', `/floatingips/${floating.id}`)).toMatchObject({
      status: 'ACTIVE',
      router_id: router.id,
      port_id: null,
      port_forwardings: [brief],
    });
    const changed = await t.world.ok('a', 'PUT', `${path}/${made.id}`, {
      port_forwarding: { internal_port: 80, description: 'd' },
    });
    expect(changed['port_forwarding']).toMatchObject({
      internal_port: 80,
      external_port: 2222,
      description: 'd',
    });
    await t.world.settled();
    expect(led()).toEqual([{ ...spec, internal: { first: 80, last: 80 } }]);
    const cut = { namespace: `qrouter-${router.id}`, addresses: [address], protocol: 'tcp', port: 2222 };
    expect(t.world.host.state.flushes).toEqual([cut]);
    expect(await t.refused('a', 'DELETE', `${path}/${made.id}`)).toEqual([204, undefined]);
    await t.world.settled();
    expect(led()).toBeUndefined();
    expect(t.world.host.state.flushes).toEqual([cut, cut]);
    expect(await t.refused('a', 'GET', `${path}/${made.id}`)).toEqual([404, 'PortForwardingNotFound']);
    expect(await t.show('a', `/floatingips/${floating.id}`)).toMatchObject({
      router_id: null,
      status: 'DOWN',
      port_forwardings: [],
    });
  });

  test('has ranges, N to N and N to one', async () => {
    const made = await make({
      external_port: undefined,
      internal_port: undefined,
      external_port_range: '8000:8009',
      internal_port_range: '9000:9009',
    });
    expect(made).not.toHaveProperty('external_port');
    await make({
      protocol: '17',
      external_port: null,
      external_port_range: '8000:8009',
      internal_port: '53',
    });
    expect(await t.list('a', `${path}?protocol=udp`)).toMatchObject([{ internal_port: 53 }]);
    expect(await t.list('a', `${path}?external_port_range=8000:8009`)).toHaveLength(2);
    const bad = [400, 'BadRequest'];
    expect(await refused({ external_port: 8005 })).toEqual(bad);
    expect(await refused({ internal_port: 9009 })).toEqual(bad);
    expect(
      await refused({ external_port: null, external_port_range: '1:3', internal_port_range: '1:2' }),
    ).toEqual(bad);
    for (const more of [
      { external_port: 65_536 },
      { external_port: 0 },
      { internal_port: null },
      { external_port: null, external_port_range: '9:8' },
      { protocol: 'icmp' },
    ])
      expect((await refused(more))[0]).toBe(400);
    expect(await t.refused('a', 'PUT', `${path}/${made.id}`, body({ external_port: 0 }))).toEqual([
      400,
      'HTTPBadRequest',
    ]);
    const up = { port_forwarding: { external_port: 108_343 } };
    expect((await t.refused('a', 'PUT', `${path}/${made.id}`, up))[0]).toBe(400);
  });

  test('does not meet another, nor a floating IP that leads as a whole', async () => {
    await make();
    const second = await t.port('a', subnet, { fixed_ips: [{ ip_address: '10.0.0.11' }] });
    const to = { internal_port_id: second.id, internal_ip_address: '10.0.0.11' };
    expect(await refused(to)).toEqual([400, 'BadRequest']);
    expect(await refused({ external_port: 3333 })).toEqual([400, 'BadRequest']);
    expect(await refused({ ...to, protocol: 'udp' })).toEqual([201, undefined]);
    const whole = { floatingip: { port_id: port.id } };
    expect(await t.refused('a', 'PUT', `/floatingips/${floating.id}`, whole)).toEqual([
      409,
      'FipInUseByPortForwarding',
    ]);
    expect(await t.refused('a', 'DELETE', `/floatingips/${floating.id}`)).toEqual([
      409,
      'FipInUseByPortForwarding',
    ]);
    const cleared = { floatingip: { port_id: null, description: 'x' } };
    expect(await t.refused('a', 'PUT', `/floatingips/${floating.id}`, cleared)).toEqual([200, undefined]);
    expect(await t.show('a', `/floatingips/${floating.id}`)).toMatchObject({ router_id: router.id });
    const third = await t.port('a', subnet);
    const other = await t.create('a', 'floatingip', { floating_network_id: external.id, port_id: third.id });
    expect(await refused({ internal_port_id: third.id, internal_ip_address: undefined })).toEqual([
      409,
      'PortHasBindingFloatingIP',
    ]);
    expect(await t.refused('a', 'POST', `/floatingips/${other.id}/port_forwardings`, body())).toEqual([
      409,
      'FloatingIPPortAlreadyAssociated',
    ]);
    const away = { subnet_id: subnet.id };
    expect(await t.refused('a', 'PUT', `/routers/${router.id}/remove_router_interface`, away)).toEqual([
      409,
      'RouterInterfaceInUseByFloatingIP',
    ]);
    const far = await t.port('a', await t.subnet('a', '10.9.0.0/24'));
    expect(await refused({ internal_port_id: far.id, internal_ip_address: undefined })).toEqual([
      400,
      'BadRequest',
    ]);
    expect(await refused({ internal_ip_address: '10.0.0.99' })).toEqual([400, 'BadRequest']);
    expect(await refused({ internal_port_id: randomUUID() })).toEqual([404, 'PortNotFound']);
  });

  test("goes with its port or its port's address", async () => {
    await make();
    await make({ external_port: 80, internal_port: 80 });
    await t.world.ok('a', 'PUT', `/ports/${port.id}`, { port: { fixed_ips: [{ ip_address: '10.0.0.12' }] } });
    await t.world.settled();
    expect(led()).toBeUndefined();
    expect(await t.list('a', path)).toEqual([]);
    await make({ internal_ip_address: '10.0.0.12' });
    await t.world.ok('a', 'DELETE', `/ports/${port.id}`);
    await t.world.settled();
    expect(led()).toBeUndefined();
    expect(await t.show('a', `/floatingips/${floating.id}`)).toMatchObject({ router_id: null });
    expect(await t.refused('a', 'DELETE', `/floatingips/${floating.id}`)).toEqual([204, undefined]);
  });

  test("is its floating IP's project's", async () => {
    const made = await make();
    const one = `${path}/${made.id}`;
    const update = { port_forwarding: { external_port: 1 } };
    for (const [method, where, sent] of [
      ['GET', path, undefined],
      ['GET', one, undefined],
      ['POST', path, body()],
      ['PUT', one, update],
      ['DELETE', one, undefined],
    ] as const) {
      expect(await t.refused('b', method, where, sent)).toEqual([404, 'FloatingIPNotFound']);
      expect((await t.refused('', method, where, sent))[0]).toBe(401);
      expect((await t.refused('reader', method, where, sent))[0]).toBe(method === 'GET' ? 200 : 403);
    }
    expect(await t.list('reader', path)).toHaveLength(1);
    const other = await t.create('a', 'floatingip', { floating_network_id: external.id });
    expect(await t.refused('a', 'GET', `/floatingips/${other.id}/port_forwardings/${made.id}`)).toEqual([
      404,
      'PortForwardingNotFound',
    ]);
  });
});

describe('conntrack helpers', () => {
  test('are on the host with their router', async () => {
    const at = `/routers/${router.id}/conntrack_helpers`;
    const post = (more: object = {}, token = 'a') =>
      t.refused(token, 'POST', at, {
        conntrack_helper: { helper: 'tftp', protocol: 'udp', port: 69, ...more },
      });
    const made = (
      await t.world.ok('a', 'POST', at, { conntrack_helper: { helper: 'tftp', protocol: 'udp', port: 69 } })
    )['conntrack_helper'] as Resource;
    expect(made).toEqual({ id: made.id, helper: 'tftp', protocol: 'udp', port: 69 });
    expect(await post()).toEqual([400, 'BadRequest']);
    expect(await post({ helper: 'nfs' })).toEqual([400, 'ConntrackHelperNotAllowed']);
    expect(await post({ protocol: 'tcp' })).toEqual([400, 'InvalidProtocolForHelper']);
    expect((await post({ port: 70_000 }))[0]).toBe(400);
    expect(await post({}, 'b')).toEqual([404, 'RouterNotFound']);
    expect((await post({}, 'reader'))[0]).toBe(403);
    const one = `${at}/${made.id}`;
    await t.world.ok('a', 'PUT', one, { conntrack_helper: { port: 6969 } });
    expect(await t.show('reader', one)).toMatchObject({ port: 6969 });
    await t.world.settled();
    const brief = [{ helper: 'tftp', protocol: 'udp', port: 6969 }];
    expect(t.world.host.state.routers.get(router.id)?.helpers).toEqual(brief);
    expect(await t.show('a', `/routers/${router.id}`)).toMatchObject({ conntrack_helpers: brief });
    for (const method of ['GET', 'DELETE'])
      expect(await t.refused('b', method, one)).toEqual([404, 'RouterNotFound']);
    expect((await t.refused('reader', 'DELETE', one))[0]).toBe(403);
    expect((await t.refused('', 'GET', at))[0]).toBe(401);
    expect(await t.refused('a', 'DELETE', one)).toEqual([204, undefined]);
    await t.world.settled();
    expect(t.world.host.state.routers.get(router.id)?.helpers).toBeUndefined();
    expect(await t.refused('a', 'GET', one)).toEqual([404, 'ConntrackHelperNotFound']);
  });
});

describe('floating IP pools', () => {
  test('are the subnets of external networks', async () => {
    const pools = await t.list('b', `/floatingip_pools?network_id=${external.id}`);
    expect(pools).toMatchObject([{ network_id: external.id, cidr: '198.18.10.0/24', project_id: 'b' }]);
    expect(await t.list('a', '/floatingip_pools?cidr=10.0.0.0/24')).toEqual([]);
    expect((await t.refused('', 'GET', '/floatingip_pools'))[0]).toBe(401);
  });
});
