/** Flavors and key pairs. */
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sshFingerprint, x509Fingerprint } from './app/ssh-key.ts';
import { BasicsWorld, CALLERS } from './basics-test-world.ts';

/** Made with ssh-keygen -t ed25519; its fingerprint is what `ssh-keygen -l -E md5` says. */
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f alice@desk';

let world: BasicsWorld;
const call: BasicsWorld['call'] = (...request) => world.call(...request);

beforeEach(async () => {
  world = await BasicsWorld.create();
});
afterEach(() => world.dispose());

const TINY = { name: 'm1.tiny', id: '1', ram: 512, vcpus: 1, disk: 1 };
const flavor = (more: object = {}) => call('admin', 'POST', '/flavors', { flavor: { ...TINY, ...more } });

describe('flavors', () => {
  test('are made by administrators, shown to all, and gone after the end', async () => {
    expect((await call('nobody', 'GET', '/flavors')).status).toBe(401);
    expect((await call('member', 'POST', '/flavors', { flavor: TINY })).status).toBe(403);
    const made = await flavor();
    expect(made.status).toBe(200);
    expect(made.body['flavor']).toMatchObject({ id: '1', ram: 512, swap: '', rxtx_factor: 1 });
    expect(await call('member', 'GET', '/flavors/1', undefined, '2.75')).toMatchObject({
      status: 200,
      body: { flavor: { swap: 0, description: null, extra_specs: {} } },
    });
    expect((await call('member', 'GET', '/flavors/1', undefined, '2.60')).body['flavor']).not.toHaveProperty(
      'extra_specs',
    );
    expect((await flavor()).status).toBe(409);
    expect((await flavor({ id: '2' })).body).toMatchObject({
      conflictingRequest: { message: 'Flavor with name m1.tiny already exists.' },
    });
    expect((await call('admin', 'DELETE', '/flavors/1')).status).toBe(202);
    expect((await call('member', 'GET', '/flavors/1')).body).toMatchObject({
      itemNotFound: { code: 404, message: 'Flavor 1 could not be found.' },
    });
  });

  test('refuse bad values', async () => {
    for (const bad of [
      { ram: 0 },
      { ram: '0' },
      { vcpus: -1 },
      { ram: 2 ** 31 },
      { name: ' x' },
      { name: '' },
      { id: ' x' },
      { rxtx_factor: 0 },
      { description: 'not before 2.55' },
      { extra: 1 },
    ])
      expect([bad, (await flavor(bad)).status]).toEqual([bad, 400]);
    expect((await flavor({ id: 'auto', ram: '256' })).body['flavor']).toMatchObject({ ram: 256 });
  });

  test('description (2.55) can be given and changed', async () => {
    const body = { flavor: { ...TINY, description: 'small' } };
    expect((await call('admin', 'POST', '/flavors', body, '2.55')).body['flavor']).toMatchObject({
      description: 'small',
    });
    const change = { flavor: { description: null } };
    expect((await call('admin', 'PUT', '/flavors/1', change, '2.54')).status).toBe(404);
    expect((await call('admin', 'PUT', '/flavors/1', change, '2.55')).body['flavor']).toMatchObject({
      description: null,
    });
    expect((await call('member', 'PUT', '/flavors/1', change, '2.55')).status).toBe(403);
  });

  test('lists: pages, sorting, filters', async () => {
    for (const [index, ram] of [512, 256, 1024, 128].entries())
      await flavor({ id: `f${index}`, name: `n${index}`, ram });
    const ids = async (query: string): Promise<unknown> =>
      ((await call('member', 'GET', `/flavors?${query}`)).body['flavors'] as { id: string }[]).map(
        ({ id }) => id,
      );
    expect(await ids('')).toEqual(['f0', 'f1', 'f2', 'f3']);
    expect(await ids('sort_key=memory_mb&sort_dir=desc')).toEqual(['f2', 'f0', 'f1', 'f3']);
    expect(await ids('minRam=300')).toEqual(['f0', 'f2']);
    expect(await ids('sort_key=memory_mb&marker=f1')).toEqual(['f0', 'f2']);
    expect(await ids('sort_key=description&marker=f2')).toEqual(['f3']);
    expect((await call('member', 'GET', '/flavors?marker=zz')).status).toBe(400);
    expect((await call('member', 'GET', '/flavors?minRam=x')).status).toBe(400);
    expect((await call('member', 'GET', '/flavors?sort_key=secret')).status).toBe(400);
    expect((await call('member', 'GET', '/flavors?bogus=1', undefined, '2.75')).status).toBe(400);

    const seen: string[] = [];
    let next: string | undefined = '/flavors/detail?limit=3';
    while (next !== undefined) {
      const { body } = await call('member', 'GET', next);
      seen.push(...(body['flavors'] as { id: string }[]).map(({ id }) => id));
      next = (body['flavors_links'] as { href: string }[] | undefined)?.[0]?.href;
    }
    expect(seen).toEqual(['f0', 'f1', 'f2', 'f3']);
  });

  test('that are not public are seen only with access', async () => {
    await flavor({ 'os-flavor-access:is_public': false });
    const count = async (token: string, query = ''): Promise<number> =>
      ((await call(token, 'GET', `/flavors${query}`)).body['flavors'] as unknown[]).length;
    expect(await count('member')).toBe(0);
    expect(await count('member', '?is_public=none')).toBe(0);
    expect([await count('admin'), await count('admin', '?is_public=none')]).toEqual([0, 1]);
    expect((await call('member', 'GET', '/flavors/1')).status).toBe(404);
    expect(() => world.basics.flavors.getFlavor(world.db, CALLERS['member'] ?? null, '1')).toThrow(
      'could not be found',
    );
    const add = { addTenantAccess: { tenant: 'p1' } };
    expect((await call('member', 'POST', '/flavors/1/action', add)).status).toBe(403);
    expect((await call('admin', 'POST', '/flavors/1/action', add)).body).toEqual({
      flavor_access: [{ flavor_id: '1', tenant_id: 'p1' }],
    });
    expect((await call('admin', 'POST', '/flavors/1/action', add)).status).toBe(409);
    expect(await count('member')).toBe(1);
    expect(await count('other')).toBe(0);
    expect((await call('admin', 'GET', '/flavors/1/os-flavor-access')).status).toBe(200);
    const remove = { removeTenantAccess: { tenant: 'p1' } };
    expect((await call('admin', 'POST', '/flavors/1/action', remove)).status).toBe(200);
    expect((await call('admin', 'POST', '/flavors/1/action', remove)).status).toBe(404);
    expect((await call('member', 'GET', '/flavors/1')).status).toBe(404);
  });

  test('extra specs', async () => {
    await flavor();
    const path = '/flavors/1/os-extra_specs';
    const specs = { extra_specs: { 'hw:cpu_policy': 'shared', n: 5 } };
    expect((await call('member', 'POST', path, specs)).status).toBe(403);
    expect((await call('admin', 'POST', path, specs)).body).toEqual({
      extra_specs: { 'hw:cpu_policy': 'shared', n: '5' },
    });
    expect((await call('member', 'GET', `${path}/n`)).body).toEqual({ n: '5' });
    expect((await call('admin', 'PUT', `${path}/n`, { n: '6' })).body).toEqual({ n: '6' });
    expect((await call('admin', 'PUT', `${path}/n`, { m: '6' })).status).toBe(400);
    expect((await call('admin', 'PUT', `${path}/n`, { n: '6', m: '6' })).status).toBe(400);
    expect((await call('admin', 'POST', path, { extra_specs: { 'bad/key': '1' } })).status).toBe(400);
    expect((await call('admin', 'DELETE', `${path}/n`)).status).toBe(200);
    expect((await call('admin', 'DELETE', `${path}/n`)).status).toBe(404);
    expect((await call('member', 'GET', path)).body).toEqual({ extra_specs: { 'hw:cpu_policy': 'shared' } });
  });
});

describe('key pairs', () => {
  const add = (token: string, pair: object, version = '2.2') =>
    call(token, 'POST', '/os-keypairs', { keypair: pair }, version);

  test('are imported, listed in pages, shown, deleted; statuses by version', async () => {
    expect((await add('member', { name: 'a', public_key: KEY }, '2.1')).status).toBe(200);
    const made = await add('member', { name: 'b', public_key: KEY });
    expect(made.status).toBe(201);
    expect(made.body['keypair']).toEqual({
      name: 'b',
      public_key: KEY,
      fingerprint: sshFingerprint(KEY),
      type: 'ssh',
      user_id: 'alice',
    });
    expect((await add('member', { name: 'b', public_key: KEY })).status).toBe(409);
    expect((await call('member', 'GET', '/os-keypairs/b')).body['keypair']).toMatchObject({ deleted: false });
    const page = await call('member', 'GET', '/os-keypairs?limit=1', undefined, '2.35');
    expect(page.body['keypairs']).toHaveLength(1);
    const [next] = page.body['keypairs_links'] as { href: string }[];
    expect((await call('member', 'GET', next?.href ?? '', undefined, '2.35')).body).toMatchObject({
      keypairs: [{ keypair: { name: 'b' } }],
    });
    expect((await call('other', 'GET', '/os-keypairs')).body).toEqual({ keypairs: [] });
    expect((await call('other', 'GET', '/os-keypairs/b')).status).toBe(404);
    expect(world.basics.keyPairs.get(world.db, 'alice', 'b')).toMatchObject({ publicKey: KEY, type: 'ssh' });
    expect((await call('member', 'DELETE', '/os-keypairs/a')).status).toBe(202);
    expect((await call('member', 'DELETE', '/os-keypairs/b', undefined, '2.2')).status).toBe(204);
    expect((await call('member', 'DELETE', '/os-keypairs/b')).body).toMatchObject({
      itemNotFound: { message: 'Keypair b not found for user alice' },
    });
  });

  test('of other users only for administrators, from 2.10', async () => {
    expect((await add('member', { name: 'a', public_key: KEY, user_id: 'bob' }, '2.10')).status).toBe(403);
    expect((await add('admin', { name: 'a', public_key: KEY, user_id: 'bob' }, '2.10')).status).toBe(201);
    expect((await call('other', 'GET', '/os-keypairs/a')).status).toBe(200);
    expect((await call('member', 'GET', '/os-keypairs?user_id=bob', undefined, '2.10')).status).toBe(403);
    expect((await call('member', 'DELETE', '/os-keypairs/a?user_id=bob', undefined, '2.10')).status).toBe(
      403,
    );
    expect((await call('admin', 'GET', '/os-keypairs/a?user_id=bob', undefined, '2.10')).status).toBe(200);
  });

  test('are generated before 2.92 only, and names have the characters of the version', async () => {
    const made = await add('member', { name: 'new' });
    const { private_key, public_key, fingerprint } = made.body['keypair'] as Record<string, string>;
    expect(private_key).toContain('BEGIN RSA PRIVATE KEY');
    expect(sshFingerprint(public_key ?? '')).toBe(fingerprint);
    expect((await call('member', 'GET', '/os-keypairs/new')).body['keypair']).not.toHaveProperty(
      'private_key',
    );
    expect((await add('member', { name: 'later' }, '2.92')).status).toBe(400);
    expect((await add('member', { name: 'a@b.c', public_key: KEY })).status).toBe(400);
    expect((await add('member', { name: 'a@b.c', public_key: KEY }, '2.92')).status).toBe(201);
  });

  test('of type x509 are a certificate for client authentication', async () => {
    const made = await add('member', { name: 'cert', type: 'x509' }, '2.2');
    const { private_key, public_key, fingerprint } = made.body['keypair'] as Record<string, string>;
    const certificate = new X509Certificate(public_key ?? '');
    expect(certificate.checkPrivateKey(createPrivateKey(private_key ?? ''))).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate).toMatchObject({ subject: 'CN=alice', issuer: 'CN=alice' });
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(certificate.subjectAltName).toContain('alice@localhost');
    expect(x509Fingerprint(public_key ?? '')).toBe(fingerprint);
  });

  test('what is no key is refused, and so are lines that would reach authorized_keys', async () => {
    const [type = '', blob = ''] = KEY.split(' ');
    for (const bad of [
      'garbage',
      `${type} !!!`,
      `ssh-rsa ${blob}`,
      `${type} ${blob.slice(0, 40)}`,
      `${KEY}\n${KEY}`,
      `command="x" ${KEY}`,
      `${KEY}\u{0}`,
      `${type} ${'A'.repeat(16_000)}`,
    ]) {
      expect((await add('member', { name: 'x', public_key: bad })).status).toBe(400);
    }
    expect(sshFingerprint(`${KEY}\n`)).toBe(sshFingerprint(KEY));
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    expect((await add('member', { name: 'x', type: 'x509', public_key: pem })).status).toBe(400);
  });

  test('have a quota', async () => {
    await call('admin', 'PUT', '/os-quota-sets/p1', { quota_set: { key_pairs: 1 } });
    expect((await add('member', { name: 'a', public_key: KEY })).status).toBe(201);
    expect((await add('member', { name: 'b', public_key: KEY })).body).toMatchObject({
      forbidden: { code: 403, message: 'Quota exceeded, too many key pairs.' },
    });
  });
});
