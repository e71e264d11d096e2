import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { VolumeWorld, type Answer } from './test-world.ts';

describe('backups', () => {
  let world: VolumeWorld;
  beforeEach(async () => {
    world = await new VolumeWorld().start();
  });
  afterEach(async () => {
    await world.stop();
  });

  const make = (volumeId: string, more: object = {}, token = 'alice', version = '3.70'): Promise<Answer> =>
    world.call(token, 'POST', '/backups', { backup: { volume_id: volumeId, ...more } }, version);
  const show = async (id: string, token = 'alice', version = '3.70'): Promise<Record<string, unknown>> =>
    (await world.call(token, 'GET', `/backups/${id}`, undefined, version)).body['backup'] ?? {};
  async function made(volumeId: string, more: object = {}): Promise<string> {
    const answer = await make(volumeId, more);
    expect(answer).toMatchObject({ status: 202 });
    await world.settle();
    const id = String(answer.body['backup']?.['id']);
    expect(await show(id)).toMatchObject({ status: 'available', fail_reason: null });
    return id;
  }
  const restore = (id: string, body: object = {}): Promise<Answer> =>
    world.call('alice', 'POST', `/backups/${id}/restore`, { restore: body });
  const setStatus = (table: string, id: string, status: string): void => {
    world.db.prepare(`UPDATE ${table} SET status = ? WHERE id = ?`).run(status, id);
  };

  it('are made, shown by microversion, changed and deleted', async () => {
    const volume = await world.create({ name: 'v' });
    const id = await made(volume, { name: 'b', description: 'd', metadata: { a: 'b' }, container: 'box' });
    const { links, ...shown } = await show(id);
    expect(links).toHaveLength(2);
    expect(shown).toMatchObject({
      id,
      name: 'b',
      description: 'd',
      size: 1,
      object_count: 1,
      volume_id: volume,
      snapshot_id: null,
      container: 'box',
      availability_zone: 'nova',
      is_incremental: false,
      has_dependent_backups: false,
      metadata: { a: 'b' },
      fail_reason: null,
    });
    expect(Object.keys(shown)).not.toContain('user_id');
    expect(Object.keys(await show(id, 'alice', '3.42'))).not.toContain('metadata');
    expect(await show(id, 'admin')).toMatchObject({
      'os-backup-project-attr:project_id': 'p-alice',
      user_id: 'user-of-p-alice',
    });
    expect(await world.show(volume)).toMatchObject({ status: 'available' });
    const changed = { backup: { name: 'c', metadata: { c: 'd' } } };
    expect(await world.call('alice', 'PUT', `/backups/${id}`, changed, '3.8')).toMatchObject({ status: 404 });
    expect(await world.call('alice', 'PUT', `/backups/${id}`, changed)).toMatchObject({ status: 200 });
    expect(await show(id)).toMatchObject({ name: 'c', description: 'd', metadata: { c: 'd' } });
    expect(readdirSync(join(world.root, 'backups/box'))).toEqual([`volume_${volume}_backup_${id}`]);
    expect(await world.call('alice', 'DELETE', `/backups/${id}`)).toMatchObject({ status: 202 });
    await world.settle();
    expect(await world.call('alice', 'GET', `/backups/${id}`)).toMatchObject({ status: 404 });
    expect(readdirSync(join(world.root, 'backups/box'))).toEqual([]);
  });

  it('are listed with filters, order, pages and their number', async () => {
    const volume = await world.create();
    for (const name of ['one', 'two', 'three']) await made(volume, { name });
    const names = async (query: string, version = '3.70'): Promise<unknown> => {
      const { body } = await world.call('alice', 'GET', `/backups/detail?${query}`, undefined, version);
      return (body['backups'] as unknown as { name: string }[] | undefined)?.map(({ name }) => name);
    };
    expect(await names('sort=name:asc')).toEqual(['one', 'three', 'two']);
    expect(await names('name=one')).toEqual(['one']);
    expect(await names('name~=t&sort_key=name&sort_dir=asc')).toEqual(['three', 'two']);
    expect(await names(`volume_id=${volume}&status=error`)).toEqual([]);
    const page = await world.call('alice', 'GET', '/backups?limit=2&with_count=true&sort=name:asc');
    expect(page.body).toMatchObject({ count: 3, backups_links: [{ rel: 'next' }] });
    const marker = (page.body['backups'] as unknown as { id: string }[])[1]?.id ?? '';
    expect(await names(`marker=${marker}&sort=name:asc`)).toEqual(['two']);
    expect((await world.call('bob', 'GET', '/backups')).body).toEqual({ backups: [] });
    expect(await world.call('alice', 'GET', '/backups?sort=secret:asc')).toMatchObject({ status: 400 });
  });

  it.each([
    ['volume', 'in-use', {}, 'must use the force flag'],
    ['volume', 'creating', { force: true }, 'the current status is'],
    ['volume', 'available', { incremental: true }, 'No backups available to do an incremental'],
    ['volume', 'available', { container: '../etc' }, 'The container'],
  ])('are refused of a %s that is %s with %j', async (table, status, more, message) => {
    const volume = await world.create();
    setStatus(table, volume, status);
    const answer = await make(volume, more);
    expect(answer.status).toBe(400);
    expect(JSON.stringify(answer.body)).toContain(message);
    expect((await world.call('alice', 'GET', '/backups')).body).toEqual({ backups: [] });
  });

  it('build on each other, and go in the other order', async () => {
    const volume = await world.create();
    const full = await made(volume, { container: 'box' });
    const refused = await make(volume, { incremental: true, container: 'other' });
    expect(refused.status).toBe(400);
    const second = await made(volume, { incremental: true });
    expect(await show(second)).toMatchObject({ is_incremental: true, container: 'box' });
    expect(await show(full)).toMatchObject({ has_dependent_backups: true });
    const blocked = await world.call('alice', 'DELETE', `/backups/${full}`);
    expect(blocked.status).toBe(400);
    expect(JSON.stringify(blocked.body)).toContain('Incremental backups exist');
    setStatus('volume_backup', second, 'error');
    expect(await make(volume, { incremental: true })).toMatchObject({ status: 400 });
    for (const id of [second, full]) {
      expect(await world.call('alice', 'DELETE', `/backups/${id}`)).toMatchObject({ status: 202 });
      await world.settle();
    }
    expect((await world.call('alice', 'GET', '/backups')).body).toEqual({ backups: [] });
  });

  it('are made of snapshots, as old as their data', async () => {
    const volume = await world.create();
    const answer = await world.call('alice', 'POST', '/snapshots', { snapshot: { volume_id: volume } });
    await world.settle();
    const snapshot = answer.body['snapshot'] ?? {};
    const id = await made(volume, { snapshot_id: snapshot['id'] });
    expect(await show(id)).toMatchObject({
      snapshot_id: snapshot['id'],
      data_timestamp: snapshot['created_at'],
    });
    const other = await world.create();
    expect(await make(other, { snapshot_id: snapshot['id'] })).toMatchObject({ status: 400 });
    // Its only backup is not older than the snapshot's data.
    expect(await make(volume, { snapshot_id: snapshot['id'], incremental: true })).toMatchObject({
      status: 400,
    });
  });

  it('are restored into a new volume, with its name and metadata', async () => {
    const volume = await world.create({ name: 'data', metadata: { kind: 'precious' } });
    const id = await made(volume);
    const answer = await restore(id);
    expect(answer).toMatchObject({
      status: 202,
      body: { restore: { backup_id: id, volume_name: `restore_backup_${id}` } },
    });
    const restored = String(answer.body['restore']?.['volume_id']);
    expect(await world.show(restored)).toMatchObject({ status: 'restoring-backup' });
    expect(await show(id)).toMatchObject({ status: 'restoring' });
    await world.settle();
    expect(await show(id)).toMatchObject({ status: 'available' });
    expect(await world.show(restored)).toMatchObject({
      status: 'available',
      name: 'data',
      size: 1,
      metadata: { kind: 'precious', src_backup_id: id },
    });
    expect(world.stored().filter((file) => file.includes('restore'))).toEqual([]);
  });

  it('are restored over a volume that is free and large enough', async () => {
    const volume = await world.create({ size: 2 });
    const id = await made(volume);
    const small = await world.create();
    expect(await restore(id, { volume_id: small })).toMatchObject({ status: 400 });
    setStatus('volume', volume, 'in-use');
    expect(await restore(id, { volume_id: volume })).toMatchObject({ status: 400 });
    setStatus('volume', volume, 'available');
    expect(await restore(id, { volume_id: volume })).toMatchObject({ status: 202 });
    expect(await restore(id, { volume_id: volume })).toMatchObject({ status: 400 });
    await world.settle();
    expect(await world.show(volume)).toMatchObject({ status: 'available', metadata: {} });
  });

  it('leave a volume alone when they are damaged, and say so', async () => {
    const volume = await world.create();
    const id = await made(volume);
    rmSync(join(world.root, 'backups/volumebackups', `volume_${volume}_backup_${id}`, 'metadata'));
    expect(await restore(id, { volume_id: volume })).toMatchObject({ status: 202 });
    await world.settle();
    expect(await world.show(volume)).toMatchObject({ status: 'error_restoring' });
    expect(await show(id)).toMatchObject({ status: 'available' });
    const [message] = (await world.call('alice', 'GET', '/messages')).body['messages'] as unknown as Record<
      string,
      unknown
    >[];
    expect(message).toMatchObject({ resource_type: 'VOLUME_BACKUP', resource_uuid: id });
    expect(message?.['user_message']).toMatch(/restore backup:The backup is damaged: its object metadata/);
  });

  it('are a source of new volumes from 3.47 on', async () => {
    const volume = await world.create({ size: 2 });
    const id = await made(volume);
    const create = (more: object, version?: string): Promise<Answer> =>
      world.call('alice', 'POST', '/volumes', { volume: { backup_id: id, ...more } }, version);
    expect(await create({ size: 1 })).toMatchObject({ status: 400 });
    expect(await create({ source_volid: volume })).toMatchObject({ status: 400 });
    expect(await create({}, '3.46')).toMatchObject({ status: 400 });
    const answer = await create({ name: 'mine' });
    expect(answer).toMatchObject({ status: 202, body: { volume: { status: 'creating', size: 2 } } });
    await world.settle();
    expect(await world.show(String(answer.body['volume']?.['id']))).toMatchObject({
      status: 'available',
      name: 'mine',
    });
  });

  it('leave the cloud by a record and come back by it, under another id as well', async () => {
    const volume = await world.create();
    const id = await made(volume, { name: 'b' });
    const exported = await world.call('admin', 'GET', `/backups/${id}/export_record`);
    expect(exported.body['backup-record']?.['backup_service']).toMatch(/^cinder\.backup\.drivers\./);
    const record = (body: object, change: (record: Record<string, unknown>) => void = () => undefined) => {
      const { backup_service, backup_url } = exported.body['backup-record'] ?? {};
      const found = JSON.parse(Buffer.from(String(backup_url), 'base64').toString()) as Record<
        string,
        unknown
      >;
      change(found);
      const url = Buffer.from(JSON.stringify(found)).toString('base64');
      return { 'backup-record': { backup_service, backup_url: url, ...body } };
    };
    const bring = (body: object): Promise<Answer> =>
      world.call('admin', 'POST', '/backups/import_record', body);
    expect(await bring(record({}))).toMatchObject({ status: 400 });
    expect(await bring(record({ backup_service: 'cinder.backup.drivers.ceph' }))).toMatchObject({
      status: 503,
    });
    expect(await bring(record({ backup_url: 'bm8=' }))).toMatchObject({ status: 400 });
    const elsewhere = record({}, (one) => Object.assign(one, { container: '../../etc' }));
    expect(await bring(elsewhere)).toMatchObject({ status: 400 });
    const other = 'a1b2c3d4-0000-4000-8000-0000000000bb';
    const again = record({}, (one) => Object.assign(one, { id: other }));
    expect(await bring(again)).toMatchObject({ status: 201, body: { backup: { id: other, name: 'b' } } });
    await world.settle();
    expect(await show(other, 'admin')).toMatchObject({
      status: 'available',
      object_count: 1,
      volume_id: volume,
    });
    // What one record still needs does not go with the other.
    await world.call('alice', 'DELETE', `/backups/${id}`);
    await world.settle();
    const restored = await world.call('admin', 'POST', `/backups/${other}/restore`, { restore: {} });
    await world.settle();
    expect(await world.show(String(restored.body['restore']?.['volume_id']), 'admin')).toMatchObject({
      status: 'available',
    });
    await world.call('admin', 'DELETE', `/backups/${other}`);
    await world.settle();
    expect(readdirSync(join(world.root, 'backups/volumebackups'))).toEqual([]);
    // Without its objects it is an error, not a backup.
    expect(await bring(again)).toMatchObject({ status: 201 });
    await world.settle();
    expect(await show(other, 'admin')).toMatchObject({ status: 'error' });
  });

  it('of encrypted volumes have a key of their own, and come back encrypted', async () => {
    const made_type = await world.call('admin', 'POST', '/types', { volume_type: { name: 'locked' } });
    const type = String(made_type.body['volume_type']?.['id']);
    const encryption = { provider: 'luks', control_location: 'front-end', cipher: null, key_size: 256 };
    await world.call('admin', 'POST', `/types/${type}/encryption`, { encryption });
    const volume = await world.create({ volume_type: 'locked' });
    const id = await made(volume);
    const key = (await show(id))['encryption_key_id'];
    expect(key).not.toBe((await world.show(volume))['encryption_key_id']);
    const plain = await world.create();
    expect(await restore(id, { volume_id: plain })).toMatchObject({ status: 400 });
    const named = { volume: { backup_id: id, volume_type: '__DEFAULT__' } };
    expect(await world.call('alice', 'POST', '/volumes', named)).toMatchObject({ status: 400 });
    const answer = await restore(id);
    await world.settle();
    const restored = await world.show(String(answer.body['restore']?.['volume_id']));
    expect(restored).toMatchObject({ status: 'available', encrypted: true, volume_type: 'locked' });
    expect(await restore(id, { volume_id: volume })).toMatchObject({ status: 202 });
    await world.settle();
    expect(await world.show(volume)).toMatchObject({ status: 'available' });
    const keys = (): unknown[] => world.db.prepare('SELECT id FROM volume_key WHERE id = ?').all(key);
    expect(keys()).toHaveLength(1);
    await world.call('alice', 'DELETE', `/backups/${id}`);
    await world.settle();
    expect(keys()).toEqual([]);
  });

  it('count for quotas and limits', async () => {
    const volume = await world.create();
    await made(volume);
    const { body } = await world.call('alice', 'GET', '/limits');
    expect(body['limits']?.['absolute']).toMatchObject({ totalBackupsUsed: 1, totalBackupGigabytesUsed: 1 });
    const limit = (quota_set: object): Promise<Answer> =>
      world.call('admin', 'PUT', '/os-quota-sets/p-alice', { quota_set });
    await limit({ backups: 1 });
    const count = await make(volume);
    expect(count.status).toBe(413);
    expect(JSON.stringify(count.body)).toContain('Maximum number of backups allowed (1) exceeded');
    await limit({ backups: 10, backup_gigabytes: 1 });
    expect(await make(volume)).toMatchObject({ status: 413 });
    const usage = await world.call('alice', 'GET', '/os-quota-sets/p-alice?usage=true');
    expect(usage.body['quota_set']).toMatchObject({
      backups: { limit: 10, in_use: 1 },
      backup_gigabytes: { limit: 1, in_use: 1 },
    });
  });

  it('need their service, which an administrator can disable', async () => {
    const volume = await world.create();
    const id = await made(volume);
    const { body } = await world.call('admin', 'GET', '/os-services?binary=cinder-backup');
    expect(body).toMatchObject({ services: [{ host: 'here', status: 'enabled', state: 'up' }] });
    const change = { host: 'here', binary: 'cinder-backup' };
    expect(await world.call('admin', 'PUT', '/os-services/disable', change)).toMatchObject({ status: 200 });
    expect(await restore(id)).toMatchObject({ status: 404 });
    expect(await world.call('alice', 'DELETE', `/backups/${id}`)).toMatchObject({ status: 404 });
    const failed = String((await make(volume)).body['backup']?.['id']);
    await world.settle();
    expect(await show(failed)).toMatchObject({ status: 'error' });
    expect((await show(failed))['fail_reason']).toMatch(/^Service not found for creating backup/);
    expect(await world.show(volume)).toMatchObject({ status: 'available' });
    await world.call('admin', 'PUT', '/os-services/enable', change);
    const elsewhere = String((await make(volume, { availability_zone: 'moon' })).body['backup']?.['id']);
    await world.settle();
    expect(await show(elsewhere)).toMatchObject({ status: 'error', availability_zone: 'moon' });
  });

  it('are set right by administrators', async () => {
    const volume = await world.create();
    const id = await made(volume);
    const act = (body: object, token = 'admin'): Promise<Answer> =>
      world.call(token, 'POST', `/backups/${id}/action`, body);
    expect(await act({ 'os-reset_status': { status: 'creating' } })).toMatchObject({ status: 400 });
    expect(await act({ 'os-reset_status': { status: 'error' } }, 'alice')).toMatchObject({ status: 403 });
    expect(await act({ 'os-reset_status': { status: 'error' } })).toMatchObject({ status: 202 });
    expect(await show(id)).toMatchObject({ status: 'error' });
    setStatus('volume_backup', id, 'deleting');
    expect(await world.call('alice', 'DELETE', `/backups/${id}`)).toMatchObject({ status: 400 });
    expect(await act({ 'os-force_delete': {} })).toMatchObject({ status: 202 });
    await world.settle();
    expect(await world.call('alice', 'GET', `/backups/${id}`)).toMatchObject({ status: 404 });
  });
});
