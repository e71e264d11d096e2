import { linkSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { emptyQcow2 } from '../host/disk/qcow2-writer.ts';
import { createFile } from '../host/disk/publish.ts';
import { VolumeWorld } from './test-world.ts';

let world: VolumeWorld;
beforeEach(async () => {
  world = await new VolumeWorld().start();
});
afterEach(() => world.stop());

const HOST = 'here@file-qcow2#file-qcow2';
const at = (name: string): string => join(world.backends[0]?.directory ?? '', name);
const GIB = 1024 ** 3;

interface Row {
  readonly reference: { readonly 'source-name': string };
  readonly safe_to_manage: boolean;
  readonly [more: string]: unknown;
}
async function list(path: string, query = ''): Promise<readonly Row[]> {
  const answer = await world.call('admin', 'GET', `${path}?host=${encodeURIComponent(HOST)}${query}`);
  expect(answer.status).toBe(200);
  return Object.values(answer.body)[0] as unknown as Row[];
}
const manage = (name: unknown, more: object = {}) =>
  world.call('admin', 'POST', '/manageable_volumes', {
    volume: { host: HOST, ref: { 'source-name': name }, ...more },
  });

test('a file that was put into the directory becomes a volume of whole GiB', async () => {
  await createFile(at('disk.qcow2'), emptyQcow2({ sizeBytes: 1.5 * GIB }));
  expect(await list('/manageable_volumes/detail')).toEqual([
    {
      reference: { 'source-name': 'disk.qcow2' },
      size: 2,
      safe_to_manage: true,
      reason_not_safe: null,
      cinder_id: null,
      extra_info: null,
    },
  ]);
  const answer = await manage('disk.qcow2', { name: 'v', metadata: { a: 'b' }, bootable: true });
  expect(answer.status).toBe(202);
  await world.settle();
  const id = String(answer.body['volume']?.['id']);
  expect(await world.show(id, 'admin')).toMatchObject({
    status: 'available',
    size: 2,
    name: 'v',
    metadata: { a: 'b' },
    bootable: 'true',
    'os-vol-host-attr:host': HOST,
  });
  expect(world.stored()).toEqual([`file-qcow2/volume-${id}`]);
  expect(await list('/os-volume-manage/detail')).toMatchObject([
    { safe_to_manage: false, reason_not_safe: 'already managed', cinder_id: id },
  ]);
  expect((await manage(`volume-${id}`)).status).toBe(400);
});

test('volumes and snapshots leave without being deleted, and come back', async () => {
  const type = { name: 't', extra_specs: { volume_backend_name: 'file-qcow2' } };
  await world.call('admin', 'POST', '/types', { volume_type: type });
  const id = await world.create({ volume_type: 't' });
  const body = { snapshot: { volume_id: id } };
  const shot = String((await world.call('alice', 'POST', '/snapshots', body)).body['snapshot']?.['id']);
  await world.settle();
  expect(await list('/manageable_snapshots')).toMatchObject([
    { reference: { 'source-name': `snapshot-${shot}` }, source_reference: { 'source-name': `volume-${id}` } },
  ]);
  const unmanage = { 'os-unmanage': null };
  expect((await world.action(id, unmanage)).status).toBe(403);
  expect((await world.action(id, unmanage, 'admin')).status).toBe(400);
  expect((await world.call('admin', 'POST', `/snapshots/${shot}/action`, unmanage)).status).toBe(202);
  await world.settle();
  expect((await world.call('admin', 'GET', `/snapshots/${shot}`)).status).toBe(404);
  const ref = { 'source-name': `snapshot-${shot}` };
  const back = await world.call('admin', 'POST', '/os-snapshot-manage', { snapshot: { volume_id: id, ref } });
  expect(back.status).toBe(202);
  await world.settle();
  const again = String(back.body['snapshot']?.['id']);
  expect((await world.call('alice', 'GET', `/snapshots/${again}`)).body['snapshot']).toMatchObject({
    status: 'available',
    size: 1,
    volume_id: id,
  });
  await world.call('alice', 'DELETE', `/snapshots/${again}`);
  await world.settle();
  expect((await world.action(id, unmanage, 'admin')).status).toBe(202);
  await world.settle();
  expect((await world.call('admin', 'GET', `/volumes/${id}`)).status).toBe(404);
  expect(world.stored()).toEqual([`file-qcow2/volume-${id}`]);
  expect((await manage(`volume-${id}`, { volume_type: 't' })).status).toBe(202);
});

test('what points elsewhere, is encrypted, or is no plain file of the format is shown and refused (S5)', async () => {
  const backed = { sizeBytes: GIB, backing: { path: '/etc/shadow', format: 'raw' as const } };
  await createFile(at('backed'), emptyQcow2(backed));
  writeFileSync(at('raw'), Buffer.alloc(1024));
  writeFileSync(at('empty'), '');
  await createFile(at('one'), emptyQcow2({ sizeBytes: GIB }));
  linkSync(at('one'), at('two'));
  symlinkSync('/etc/shadow', at('link'));
  writeFileSync(at('.hidden'), 'x');
  truncateSync(at('raw'), GIB);
  const rows = await list('/os-volume-manage', '&sort=reference:asc');
  expect(rows.map((row) => [row.reference['source-name'], row.safe_to_manage])).toEqual(
    ['backed', 'empty', 'link', 'one', 'raw', 'two'].map((name) => [name, false]),
  );
  for (const name of [
    'backed',
    'link',
    'one',
    'raw',
    '../file-raw/x',
    '/etc/shadow',
    '.hidden',
    '',
    7,
    'none',
  ])
    expect((await manage(name)).status).toBe(400);
  expect((await world.call('admin', 'GET', '/volumes?all_tenants=1')).body['volumes']).toEqual([]);
});

test('lists are paged by references; hosts are named, and by administrators', async () => {
  for (const name of ['a', 'b', 'c']) await createFile(at(name), emptyQcow2({ sizeBytes: GIB }));
  const marker = encodeURIComponent(JSON.stringify({ 'source-name': 'c' }));
  const page = await list('/manageable_volumes', `&limit=1&marker=${marker}`);
  expect(page.map((row) => row.reference['source-name'])).toEqual(['b']);
  const get = (query: string, token = 'admin', version = '3.70') =>
    world.call(token, 'GET', `/manageable_volumes${query}`, undefined, version);
  const host = `?host=${encodeURIComponent(HOST)}`;
  for (const query of [
    '',
    `${host}&cluster=c`,
    `${host}&marker=x`,
    `${host}&sort=name:asc`,
    `${host}&sort=size:up`,
  ])
    expect((await get(query)).status).toBe(400);
  expect((await get('?host=elsewhere')).status).toBe(404);
  expect((await get(host, 'alice')).status).toBe(403);
  expect((await get(host, 'admin', '3.7')).status).toBe(404);
  expect((await manage('a', { host: 'elsewhere' })).status).toBe(400);
  await world.call('admin', 'POST', '/types', {
    volume_type: { name: 'r', extra_specs: { volume_backend_name: 'file-raw' } },
  });
  expect((await manage('a', { volume_type: 'r' })).status).toBe(400);
});
