import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeDatabase } from '../db/index.ts';
import { createMetadata } from './index.ts';
import { PASSWORD, USER_DATA, sampleNic, sampleServer, sampleWorld, type Resident } from './testing.ts';

const NETWORK = 'network-1';
const ROUTER = 'router-1';

let network: Server;
let router: Server;
let residents: Resident[];
let world: ReturnType<typeof sampleWorld>;

async function listening(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

beforeEach(async () => {
  residents = [
    { place: NETWORK, address: '127.0.0.1', server: sampleServer(1) },
    {
      place: NETWORK,
      address: '127.0.0.2',
      server: sampleServer(2, {
        userData: null,
        keyPair: null,
        metadata: {},
        disks: {
          ephemerals: [],
          swap: null,
          volumes: ['/dev/vda'],
          tagged: [{ tag: 'root', target: 'vda', serial: 'v1' }],
        },
        imageId: null,
      }),
      nics: [sampleNic(2, { floatingIps: [], tag: 'front' })],
    },
    // The same address as the first, behind a router of another project.
    { place: ROUTER, address: '127.0.0.1', server: sampleServer(3) },
  ];
  world = sampleWorld(residents);
  const { listener } = createMetadata(world.deps);
  [network, router] = await Promise.all([listening(), listening()]);
  listener.serve(network, { networkId: NETWORK });
  listener.serve(router, { routerId: ROUTER });
});
afterEach(() => {
  network.close();
  router.close();
  closeDatabase(world.deps.db);
});

interface Reply {
  readonly status: number | undefined;
  readonly text: string;
  readonly headers: IncomingHttpHeaders;
}

async function ask(
  path: string,
  options: {
    readonly from?: string;
    readonly at?: Server;
    readonly method?: string;
    readonly headers?: Record<string, string>;
    readonly body?: string;
  } = {},
): Promise<Reply> {
  const { port } = (options.at ?? network).address() as AddressInfo;
  const asked = request({
    host: '127.0.0.1',
    port,
    path,
    localAddress: options.from ?? '127.0.0.1',
    method: options.method ?? 'GET',
    headers: { ...options.headers },
    agent: false,
  }).end(options.body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.setEncoding('utf8');
  let text = '';
  for await (const chunk of response) text += chunk as string;
  return { status: response.statusCode, text, headers: response.headers };
}

const textAt = async (path: string, from?: string): Promise<string> => {
  const reply = await ask(path, from === undefined ? {} : { from });
  expect(reply).toMatchObject({ status: 200 });
  return reply.text;
};
const jsonAt = async (path: string, from?: string): Promise<Record<string, unknown>> =>
  JSON.parse(await textAt(path, from)) as Record<string, unknown>;

const words = (text: string): readonly string[] => text.split(/\s+/);

describe("OpenStack's layout", () => {
  it('lists versions, and the files of each', async () => {
    expect((await textAt('/openstack')).split('\n')).toEqual(
      words(`2012-08-10 2013-04-04 2013-10-17 2015-10-15 2016-06-30 2016-10-06 2017-02-22 2018-08-27 2020-10-14
        latest`),
    );
    const first = ['meta_data.json', 'user_data'];
    expect((await textAt('/openstack/2012-08-10/')).split('\n')).toEqual(first);
    expect((await textAt('/openstack/2013-04-04')).split('\n')).toEqual([...first, 'password']);
    expect((await textAt('/openstack/latest')).split('\n')).toEqual([
      ...first,
      'password',
      'vendor_data.json',
      'network_data.json',
      'vendor_data2.json',
    ]);
    expect(await textAt('/openstack/2012-08-10', '127.0.0.2')).toBe('meta_data.json');
  });

  it('tells meta_data.json as nova does, by version', async () => {
    const reply = await ask('/openstack/latest/meta_data.json');
    expect(reply.headers).toMatchObject({ 'content-type': 'application/json', connection: 'close' });
    const seed: unknown = expect.stringMatching(/^[A-Za-z0-9+/]{683}=$/);
    expect(JSON.parse(reply.text)).toEqual({
      uuid: '0a1b2c3d-0000-4000-8000-000000000001',
      meta: { role: 'web' },
      public_keys: { 'my key': 'ssh-ed25519 AAAA me@here' },
      keys: [{ name: 'my key', type: 'ssh', data: 'ssh-ed25519 AAAA me@here' }],
      hostname: 'web-1.novalocal',
      name: 'Web 1',
      launch_index: 0,
      availability_zone: 'nova',
      random_seed: seed,
      project_id: '5f705771-3aa9-4f4c-8660-0d9522ffdbea',
      devices: [],
      dedicated_cpus: [],
    });
    expect((await jsonAt('/openstack/latest/meta_data.json'))['random_seed']).not.toBe(
      (JSON.parse(reply.text) as Record<string, unknown>)['random_seed'],
    );
    const oldest = await jsonAt('/openstack/2012-08-10/meta_data.json', '127.0.0.2');
    expect(Object.keys(oldest)).toEqual(['uuid', 'hostname', 'name', 'launch_index', 'availability_zone']);
    expect((await jsonAt('/openstack/2016-06-30/meta_data.json', '127.0.0.2'))['devices']).toEqual([
      { type: 'nic', mac: 'fa:16:3e:00:00:02', bus: 'none', address: 'none', tags: ['front'] },
      { type: 'disk', serial: 'v1', path: '/dev/vda', bus: 'none', address: 'none', tags: ['root'] },
    ]);
  });

  it('tells a DHCP network and a static one', async () => {
    const link = { type: 'bridge', ethernet_mac_address: 'fa:16:3e:00:00:01' };
    const ids = { id: 'tap99999999-01', vif_id: '99999999-0000-4000-8000-000000000001' };
    const networkId = 'aaaaaaaa-0000-4000-8000-000000000001';
    const services = [{ type: 'dns', address: '10.0.0.2' }];
    expect(await jsonAt('/openstack/latest/network_data.json')).toEqual({
      links: [{ ...ids, ...link, mtu: null }],
      networks: [{ id: 'network0', type: 'ipv4_dhcp', link: ids.id, network_id: networkId }],
      services,
    });
    const [ip] = sampleNic(1).fixedIps;
    if (ip === undefined) throw new Error('the sample has no address');
    const hostRoutes = [{ destination: '10.9.0.0/20', nexthop: '10.0.0.9' }];
    const v6 = { address: '2001:db8::5', version: 6, cidr: '2001:db8::/64', gateway: undefined } as const;
    const fixedIps = [
      { ...ip, dhcp: false, hostRoutes },
      { ...ip, ...v6, dhcp: false, dnsNameservers: [] },
    ];
    residents[0] = { ...(residents[0] as Resident), nics: [sampleNic(1, { fixedIps })] };
    expect(await jsonAt('/openstack/latest/network_data.json')).toEqual({
      links: [{ ...ids, ...link, mtu: 1450 }],
      networks: [
        {
          id: 'network0',
          type: 'ipv4',
          link: ids.id,
          ip_address: '10.0.0.11',
          netmask: '255.255.255.0',
          routes: [
            { network: '0.0.0.0', netmask: '0.0.0.0', gateway: '10.0.0.1' },
            { network: '10.9.0.0', netmask: '255.255.240.0', gateway: '10.0.0.9' },
          ],
          network_id: networkId,
          services,
        },
        {
          id: 'network1',
          type: 'ipv6',
          link: ids.id,
          ip_address: '2001:db8::5',
          netmask: 'ffff:ffff:ffff:ffff::',
          routes: [],
          network_id: networkId,
          services: [],
        },
      ],
      services,
    });
  });

  it('serves user data as it was, empty vendor data and no password', async () => {
    expect(await textAt('/openstack/latest/user_data')).toBe(USER_DATA);
    expect(await textAt('/openstack/latest/vendor_data.json')).toBe('{}');
    expect(await jsonAt('/openstack/latest/vendor_data2.json')).toEqual({ static: {} });
    expect(await textAt('/openstack/latest/password')).toBe('');
    expect((await ask('/openstack/2012-08-10/password', { method: 'POST' })).status).toBe(404);
  });

  it('takes one password of the guest, as nova does', async () => {
    const post = async (body: string) =>
      (await ask('/openstack/2013-04-04/password', { method: 'POST', body })).status;
    expect(await post('x'.repeat(1021))).toBe(400);
    expect(await post('ZW5jcnlwdGVk')).toBe(200);
    expect(await post('b3RoZXI=')).toBe(409);
    expect(await textAt('/openstack/latest/password')).toBe('ZW5jcnlwdGVk');
  });

  it.each([
    '/openstack/2011-01-01',
    '/openstack/2012-08-10/password',
    '/openstack/2013-04-04/vendor_data.json',
    '/openstack/latest/meta_data.json/x',
    '/openstack/latest/constructor',
    '/openstack/content/0000',
    '/openstack/latest/%zz',
  ])('has no %s', async (path) => {
    expect((await ask(path)).status).toBe(404);
  });
});

describe("EC2's layout", () => {
  it('lists versions, for anybody', async () => {
    const list = await textAt('/');
    expect(list.split('\n').slice(-2)).toEqual(['2009-04-04', 'latest']);
    expect(list.split('\n')).toHaveLength(10);
    expect(await textAt('/ec2')).toBe(list);
    expect(await textAt('//', '127.0.0.9')).toBe(list);
  });

  it('lists directories as nova does', async () => {
    expect(await textAt('/latest')).toBe('meta-data/\nuser-data');
    expect(await textAt('/latest', '127.0.0.2')).toBe('meta-data/');
    expect((await textAt('/latest/meta-data/')).split('\n')).toEqual(
      words(`ami-id ami-launch-index ami-manifest-path block-device-mapping/ hostname instance-action instance-id
        instance-type local-hostname local-ipv4 placement/ public-hostname public-ipv4 public-keys/
        reservation-id security-groups`),
    );
    expect((await textAt('/1.0/meta-data')).split('\n')).toEqual(
      words(`ami-id ami-launch-index ami-manifest-path hostname instance-id local-ipv4 public-keys/ reservation-id
        security-groups`),
    );
  });

  it.each([
    ['ami-id', 'ami-deadbeef'],
    ['ami-launch-index', '0'],
    ['ami-manifest-path', 'FIXME'],
    ['block-device-mapping', 'ami\nephemeral0\nroot\nswap'],
    ['block-device-mapping/ami', 'vda'],
    ['block-device-mapping/root', '/dev/vda'],
    ['block-device-mapping/ephemeral0', '/dev/vdb'],
    ['block-device-mapping/swap', '/dev/vdc'],
    ['hostname', 'web-1.novalocal'],
    ['instance-action', 'none'],
    ['instance-id', 'i-00000021'],
    ['instance-type', 'm1.tiny'],
    ['local-hostname', 'web-1.novalocal'],
    ['local-ipv4', '10.0.0.11'],
    ['placement/', 'availability-zone'],
    ['placement/availability-zone', 'nova'],
    ['public-hostname', 'web-1.novalocal'],
    ['public-ipv4', '203.0.113.11'],
    ['public-keys/', '0=my key'],
    ['public-keys/0/', 'openssh-key'],
    ['public-keys/0/openssh-key', 'ssh-ed25519 AAAA me@here'],
    ['reservation-id', 'r-12345678'],
    ['security-groups', 'default\nweb'],
  ])('meta-data/%s', async (path, value) => {
    expect(await textAt(`/2009-04-04/meta-data/${path}`)).toBe(value);
    expect(await textAt(`/ec2/latest/./meta-data//x/../${path}?query`)).toBe(value);
  });

  it('serves user data, and 404 where there is none', async () => {
    expect(await textAt('/latest/user-data')).toBe(USER_DATA);
    expect((await ask('/latest/user-data', { from: '127.0.0.2' })).status).toBe(404);
    expect((await ask('/latest/meta-data/public-keys', { from: '127.0.0.2' })).status).toBe(404);
    expect(await textAt('/latest/meta-data/ami-id', '127.0.0.2')).toBe('None');
    expect(await textAt('/latest/meta-data/public-ipv4', '127.0.0.2')).toBe('');
  });

  it.each(['/2011-01-01', '/latest/meta-data/hostname/x', '/latest/meta-data/__proto__', '/1.0/api/token'])(
    'has no %s',
    async (path) => {
      expect((await ask(path)).status).toBe(404);
    },
  );
});

describe('who asks', () => {
  const forged = {
    'x-forwarded-for': '127.0.0.2',
    'x-real-ip': '127.0.0.2',
    'x-instance-id': '0a1b2c3d-0000-4000-8000-000000000002',
    'x-tenant-id': '5f705771-3aa9-4f4c-8660-0d9522ffdbea',
    'x-instance-id-signature': '00',
    'x-metadata-provider': 'aaaaaaaa-0000-4000-8000-000000000001',
    'x-neutron-network-id': ROUTER,
    forwarded: 'for=127.0.0.2',
    host: '127.0.0.2',
  };

  it('is known by place and address, whatever the headers say (S30)', async () => {
    expect(await textAt('/latest/meta-data/instance-id')).toBe('i-00000021');
    expect(await textAt('/latest/meta-data/instance-id', '127.0.0.2')).toBe('i-00000022');
    expect((await ask('/latest/meta-data/instance-id', { at: router })).text).toBe('i-00000023');
    expect((await ask('/latest/meta-data/instance-id', { headers: forged })).text).toBe('i-00000021');
    expect((await ask('/latest/meta-data', { headers: forged, from: '127.0.0.3' })).status).toBe(404);
    expect((await ask('/openstack', { from: '127.0.0.2', at: router })).status).toBe(404);
  });

  it('is nobody once the server is gone', async () => {
    residents.shift();
    expect((await ask('/openstack/latest/meta_data.json')).status).toBe(404);
  });

  it('answers HEAD without a body and refuses other methods', async () => {
    const head = await ask('/openstack/latest/user_data', { method: 'HEAD' });
    expect(head).toMatchObject({ status: 200, text: '' });
    expect(head.headers['content-length']).toBe(String(USER_DATA.length));
    const put = await ask('/latest', { method: 'PUT', headers: { 'content-length': '0' } });
    expect(put).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    expect((await ask('/latest', { method: 'DELETE', from: '127.0.0.3' })).status).toBe(404);
  });
});

describe('the record', () => {
  it('tells each path once, and no secret (S21)', async () => {
    for (const path of [
      '/openstack/latest/user_data',
      '/openstack//latest/user_data/',
      '/latest/nothing',
      '/',
    ])
      await ask(path);
    await ask('/latest/user-data', { at: router });
    expect(world.events).toEqual([
      {
        target: 'story of 0a1b2c3d-0000-4000-8000-000000000001',
        number: 39,
        text: '/openstack/latest/user_data from 127.0.0.1 on network network-1',
      },
      {
        target: 'story of 0a1b2c3d-0000-4000-8000-000000000003',
        number: 39,
        text: '/latest/user-data from 127.0.0.1 on router router-1',
      },
    ]);
    expect(world.logs).toEqual([]);
    // Started again, it asks again.
    world.stories.part = ', 2';
    await ask('/openstack/latest/user_data');
    expect(world.events.at(-1)?.target).toBe('story of 0a1b2c3d-0000-4000-8000-000000000001, 2');
  });

  it('is bounded', async () => {
    const names = ['hostname', 'ami-id', 'instance-id', 'local-ipv4'];
    for (const version of ['1.0', '2007-01-19', '2007-03-01', '2007-08-29', '2007-10-10', '2007-12-15'])
      for (const name of names) await ask(`/${version}/meta-data/${name}`);
    for (const version of ['2008-02-01', '2008-09-01', '2009-04-04', 'latest'])
      for (const name of names) await ask(`/${version}/meta-data/${name}`);
    expect(world.events).toHaveLength(32);
  });

  it('of a failure is a log line without secrets, and a 500 for the guest', async () => {
    residents[0] = { ...(residents[0] as Resident), nics: [{ ...sampleNic(1), fixedIps: null as never }] };
    const reply = await ask('/openstack/latest/network_data.json');
    expect(reply.status).toBe(500);
    expect(reply.text).not.toContain('fixedIps');
    expect(world.logs).toHaveLength(1);
    const log = JSON.stringify(world.logs) + String(world.logs);
    expect(log).not.toContain(PASSWORD);
    expect(log).not.toContain('planted');
  });
});
