import { randomUUID } from 'node:crypto';
import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { make } from '../main/demo/ensure.ts';
import { simulatedGuest } from '../main/demo/simulated-guest.ts';
import type { Json, OpenStackClient, ServiceName } from '../main/openstack-client.ts';
import { GuestCloud, type ServerBody } from './support/guest-cloud.ts';
import { NOTHING, TestInstance } from './support/instance.ts';
import { complaints } from './support/person.ts';
import { RawApi } from './support/raw-api.ts';

const RIGHT_TO_LEFT = '\u202Eشبكة\u202C';
/** Names that a service must give back as they came. */
const KEPT = [
  `<a href="x">&"'</a>`,
  '--help',
  '-rf',
  '../../etc/passwd',
  '$(reboot)`id`;|&',
  "'; DROP TABLE servers; --",
  RIGHT_TO_LEFT,
  '名前 🐟',
  ']]><!--',
  'x'.repeat(255),
];
const REFUSED = ['x'.repeat(256), 'x\u0000y', 'x\u0007y', 'x\u001b[2Jy', 'x\uFFFEy'];

describe('bad input', () => {
  const instance = new TestInstance('bad', 'simulated');
  let cloud: GuestCloud;
  let client: OpenStackClient;
  let api: RawApi;

  beforeAll(async () => {
    await instance.start();
    cloud = await GuestCloud.make(instance, await simulatedGuest(instance.directory), {
      vcpus: 1,
      ram: 64,
      disk: 1,
    });
    client = cloud.client;
    api = await RawApi.of(instance, client);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') process.stderr.write(`${complaints(instance)}\n`);
    // Whatever was asked for, the helper goes on, and nothing waits for a person.
    expect(await instance.client.status()).toMatchObject({ stuckOperations: 0 });
  });
  afterAll(async () => {
    expect(await instance.remove()).toEqual(NOTHING);
  });

  const server = (extra: Json): Json => ({
    server: {
      name: 'x',
      imageRef: cloud.imageId,
      flavorRef: cloud.flavorId,
      networks: [{ uuid: cloud.networkId }],
      ...extra,
    },
  });
  const count = async (service: ServiceName, path: string, key: string): Promise<number> =>
    ((await client.get(service, path))[key] as unknown[]).length;
  const servers = () => count('compute', '/servers', 'servers');
  const ports = () => count('network', '/ports', 'ports');

  /** A refusal: status and message in the service's format, with a request id. */
  async function refused(
    [method, service, path, body]: readonly [string, ServiceName, string, unknown?],
    status: number,
    message: RegExp,
  ): Promise<void> {
    const answer = await api.call(method, service, path, body);
    expect({ path, sent: body, ...answer }).toMatchObject({
      status,
      message: expect.stringMatching(message) as string,
      requestId: expect.stringMatching(/^req-/) as string,
    });
  }

  test('what is not there', async () => {
    const nobody = randomUUID();
    const before = await ports();
    const wrong: readonly (readonly [Json, RegExp])[] = [
      [{ imageRef: nobody }, /Can not find requested image/],
      [{ imageRef: 'not-a-uuid' }, /imageRef|image/i],
      [{ flavorRef: 'none' }, /Flavor none could not be found/],
      [{ networks: [{ uuid: nobody }] }, new RegExp(nobody)],
      [{ networks: [{ port: nobody }] }, new RegExp(nobody)],
      [{ key_name: 'none' }, /Invalid key_name provided/],
      [{ security_groups: [{ name: 'none' }] }, /none/],
      [{ availability_zone: 'mars' }, /availability zone is not available/],
      [{ networks: [{ uuid: cloud.networkId, fixed_ip: '192.0.2.1' }] }, /192\.0\.2\.1/],
    ];
    for (const [extra, message] of wrong)
      await refused(['POST', 'compute', '/servers', server(extra)], 400, message);
    for (const [service, path] of [
      ['compute', `/servers/${nobody}`],
      ['network', `/networks/${nobody}`],
      ['image', `/images/${nobody}`],
      ['identity', `/projects/${nobody}`],
      ['network', '/nothing'],
      ['compute', '/nothing'],
    ] as const)
      await refused(['GET', service, path], 404, /./);
    expect([await servers(), await ports()]).toEqual([0, before]);
  });

  test('a flavor too small for the image', async () => {
    const image = await client.post('image', '/images', {
      name: 'large',
      disk_format: 'qcow2',
      container_format: 'bare',
      min_disk: 5,
      min_ram: 64,
    });
    const guest = await simulatedGuest(instance.directory);
    const file = await openAsBlob(guest.path);
    await client.upload(String(image['id']), file.stream(), file.size);
    const small = { imageRef: image['id'] };
    await refused(
      ['POST', 'compute', '/servers', server(small)],
      400,
      /disk is smaller than the minimum size.*5368709120/,
    );
    const tiny = await make(client, 'compute', '/flavors', 'flavor', {
      name: 'tiny',
      vcpus: 1,
      ram: 32,
      disk: 1,
    });
    await refused(
      ['POST', 'compute', '/servers', server({ flavorRef: tiny.id })],
      400,
      /memory is too small/,
    );
    expect(await servers()).toBe(0);
  });

  test('addresses used up', async () => {
    const network = await make(client, 'network', '/networks', 'network', { name: 'narrow' });
    await client.post('network', '/subnets', {
      subnet: { network_id: network.id, ip_version: 4, cidr: '10.7.0.0/29' },
    });
    // Six addresses, of which the gateway and DHCP have one each.
    await expect
      .poll(async () => {
        const { status, message } = await api.call('POST', 'network', '/ports', {
          port: { network_id: network.id },
        });
        return status === 201 ? 'made' : `${status} ${message ?? ''}`;
      })
      .toMatch(/^409 No more IP addresses available/);
    const before = await ports();
    // As upstream: the addresses are asked for after the answer, and the server tells what became of it.
    const { id } = await cloud.boot('late', { networks: [{ uuid: network.id }] });
    const late = await cloud.built(id);
    expect(late).toMatchObject({ status: 'ERROR', fault: { code: 500 } });
    expect(late.fault?.message).toMatch(/No more IP addresses available on network/);
    expect(await ports()).toBe(before);
    await cloud.delete(id);
    expect([await servers(), await ports()]).toEqual([0, before]);
  });

  test('quota used up, also by requests at once (S40)', async () => {
    const project = client.projectId;
    await client.put('compute', `/os-quota-sets/${project}`, { quota_set: { instances: 3, cores: 100 } });
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        api.call('POST', 'compute', '/servers', server({ name: `q${i}` })),
      ),
    );
    const made = answers.filter(({ status }) => status === 202);
    expect(made).toHaveLength(3);
    for (const { status, message } of answers.filter((one) => one.status !== 202))
      expect([status, message]).toEqual([
        403,
        expect.stringMatching(/Quota exceeded for instances/) as string,
      ]);
    for (const { body } of made) {
      const { id } = (body as { server: ServerBody }).server;
      expect((await cloud.built(id)).status).toBe('ACTIVE');
      await cloud.delete(id);
    }
    await client.put('compute', `/os-quota-sets/${project}`, { quota_set: { instances: 10, ram: 32 } });
    await refused(['POST', 'compute', '/servers', server({})], 403, /Quota exceeded for ram/);
    await client.put('compute', `/os-quota-sets/${project}`, { quota_set: { ram: -1 } });

    const { quota } = (await client.get('network', `/quotas/${project}`)) as { quota: Json };
    const details = (await client.get('network', `/quotas/${project}/details`))['quota'] as {
      port: { used: number };
    };
    const tight = { port: details.port.used, floatingip: 0, network: 0, security_group: 0, router: 0 };
    await client.put('network', `/quotas/${project}`, { quota: tight });
    const external = (await client.get('network', '/networks?router:external=true'))[
      'networks'
    ] as ServerBody[];
    for (const [path, body] of [
      ['/ports', { port: { network_id: cloud.networkId } }],
      ['/floatingips', { floatingip: { floating_network_id: external[0]?.id } }],
      ['/networks', { network: { name: 'x' } }],
      ['/security-groups', { security_group: { name: 'x' } }],
      ['/routers', { router: { name: 'x' } }],
    ] as const)
      await refused(['POST', 'network', path, body], 409, /Quota exceeded for resources/);
    // The port that a server would need is over the quota, too.
    await refused(['POST', 'compute', '/servers', server({})], 403, /[Qq]uota|ports/);
    await client.put('network', `/quotas/${project}`, { quota });
    expect(await servers()).toBe(0);
  });

  test('bodies that are no request', async () => {
    for (const [service, path] of [
      ['compute', '/servers'],
      ['network', '/networks'],
      ['image', '/images'],
      ['identity', '/projects'],
    ] as const) {
      for (const body of ['{"a":', '[]', '"x"', 'null', '\u0000', '{"name": 1, "server": 1, "network": 1}'])
        await refused(['POST', service, path, body], 400, /./);
      await refused(['PATCH', service, path, '{}'], 405, /./);
    }
    const wrong: readonly (readonly [ServiceName, string, unknown])[] = [
      ['compute', '/servers', server({ name: ' ' })],
      ['compute', '/servers', server({ user_data: '***' })],
      ['compute', '/servers', server({ min_count: -1 })],
      ['compute', '/servers', server({ metadata: { x: 'y'.repeat(256) } })],
      ['compute', '/servers', server({ no_such_thing: 1 })],
      ['compute', '/flavors', { flavor: { name: 'x', vcpus: 0, ram: 1, disk: 1 } }],
      ['compute', '/os-keypairs', { keypair: { name: 'x', public_key: 'ssh-rsa nonsense' } }],
      ['network', '/networks', { network: { mtu: 'x' } }],
      [
        'network',
        '/subnets',
        { subnet: { network_id: cloud.networkId, ip_version: 4, cidr: '10.0.0.0/40' } },
      ],
      ['network', '/ports', { port: { network_id: cloud.networkId, mac_address: 'x' } }],
      ['image', '/images', { name: 'x', disk_format: 'floppy' }],
      ['image', '/images', { name: 'x', min_disk: -1 }],
      ['identity', '/users', { user: { name: '' } }],
    ];
    for (const [service, path, body] of wrong) await refused(['POST', service, path, body], 400, /./);
    expect(await servers()).toBe(0);
  });

  test('images that are not what they are said to be', async () => {
    const image = { disk_format: 'qcow2', container_format: 'bare' };
    const upload = (id: string, bytes: string | Uint8Array) =>
      api.call('PUT', 'image', `/images/${id}/file`, bytes, { 'content-type': 'application/octet-stream' });
    const lie = await client.post('image', '/images', { ...image, name: 'lie' });
    expect((await upload(String(lie['id']), 'this is no qcow2 image')).status).toBe(204);
    await refused(
      ['POST', 'compute', '/servers', server({ imageRef: lie['id'] })],
      400,
      /unacceptable: its data is not in the format 'qcow2'/,
    );
    // A backing file would show the guest a file of the host.
    const evil = await readFile((await simulatedGuest(instance.directory)).path);
    evil.writeBigUInt64BE(512n, 8);
    evil.writeUInt32BE(11, 16);
    evil.write('/etc/passwd', 512);
    const backed = await client.post('image', '/images', { ...image, name: 'backed' });
    const answer = await upload(String(backed['id']), evil);
    expect([answer.status, answer.message]).toEqual([400, expect.stringMatching(/backing/) as string]);
    expect(await client.get('image', `/images/${String(backed['id'])}`)).toMatchObject({ status: 'queued' });
    expect(await servers()).toBe(0);
  });

  test('names of every kind come back as they were, or are refused (S41)', async () => {
    const kinds: readonly (readonly [ServiceName, string, string, Json])[] = [
      ['network', '/networks', 'network', {}],
      ['network', '/security-groups', 'security_group', {}],
      ['network', '/routers', 'router', {}],
      ['image', '/images', '', {}],
      ['compute', '/servers', 'server', server({})['server'] as Json],
    ];
    await client.put('network', `/quotas/${client.projectId}`, {
      quota: { security_group: -1, port: -1, router: -1, network: -1 },
    });
    await client.put('compute', `/os-quota-sets/${client.projectId}`, {
      quota_set: { instances: -1, cores: -1, ram: -1 },
    });
    for (const [service, path, key, rest] of kinds) {
      const wrap = (name: string): Json => (key === '' ? { ...rest, name } : { [key]: { ...rest, name } });
      const unwrap = (body: Json): ServerBody => (key === '' ? body : body[key]) as ServerBody;
      for (const name of REFUSED) await refused(['POST', service, path, wrap(name)], 400, /name/i);
      await Promise.all(
        KEPT.map(async (name) => {
          const { id } = unwrap(await client.post(service, path, wrap(name)));
          if (key === 'server') await cloud.built(id);
          const shown = unwrap(await client.get(service, `${path}/${id}`));
          expect([shown.name, shown.status === 'ERROR']).toEqual([name, false]);
          if (key === 'server') await cloud.delete(id);
          else await client.delete(service, `${path}/${id}`);
        }),
      );
    }
  });
});
