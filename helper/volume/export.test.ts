import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configOf } from '../config.ts';
import { VolumeWorld } from './test-world.ts';

const INITIATOR = 'iqn.1993-08.org.debian:01:abcdef';

describe('volumes that are exported by iSCSI', () => {
  const world = new VolumeWorld({ export: 'iscsi' });
  let id: string;
  const targets = async () => {
    await world.settle();
    return world.iscsi.list();
  };
  const attachment = (more: object = {}) => ({
    attachment: { volume_uuid: id, connector: { initiator: INITIATOR, host: 'elsewhere' }, ...more },
  });

  beforeAll(async () => {
    await world.start();
    for (const name of ['raw', 'qcow2'])
      await world.call('admin', 'POST', '/types', {
        volume_type: { name, extra_specs: { volume_backend_name: `file-${name}` } },
      });
    id = await world.create({ volume_type: 'raw' });
  });
  afterAll(() => world.stop());

  test('an attachment with a connector is answered with what its host needs, and its target goes with it', async () => {
    const made = await world.call('alice', 'POST', '/attachments', attachment());
    expect(made.status).toBe(200);
    const { id: attachmentId, connection_info: info } = made.body['attachment'] as {
      id: string;
      connection_info: Record<string, unknown>;
    };
    expect(info).toMatchObject({
      driver_volume_type: 'iscsi',
      target_portal: '127.0.0.1:3260',
      target_iqn: `iqn.2010-10.org.openstack:volume-${id}`,
      target_lun: 1,
      auth_method: 'CHAP',
      attachment_id: attachmentId,
      access_mode: 'rw',
    });
    expect(String(info['auth_password']).length).toBeGreaterThanOrEqual(12);
    expect(String(info['auth_password']).length).toBeLessThanOrEqual(16);
    expect(await targets()).toMatchObject([
      {
        path: expect.stringContaining(`volume-${id}`) as unknown,
        users: [info['auth_username']],
        initiators: [INITIATOR],
      },
    ]);
    // The password is for who may use the attachment, and is in no list.
    const shown = async (who: string) =>
      (await world.call(who, 'GET', `/attachments/${attachmentId}`)).body['attachment']?.['connection_info'];
    expect(await shown('alice')).toMatchObject({ auth_password: info['auth_password'] });
    expect(await shown('reader')).not.toHaveProperty('auth_password');
    const list = await world.call('alice', 'GET', '/attachments/detail');
    expect(JSON.stringify(list.body)).not.toContain(String(info['auth_password']));
    // Another connector for the same attachment: the same account, from there.
    const other = 'iqn.1993-08.org.debian:01:other';
    const moved = await world.call('alice', 'PUT', `/attachments/${attachmentId}`, {
      attachment: { connector: { initiator: other } },
    });
    expect(moved.body['attachment']?.['connection_info']).toMatchObject({
      auth_password: info['auth_password'],
    });
    expect(await targets()).toMatchObject([{ initiators: [other] }]);
    expect((await world.call('alice', 'DELETE', `/attachments/${attachmentId}`)).status).toBe(200);
    expect(await targets()).toEqual([]);
  });

  test('os-initialize_connection and os-terminate_connection', async () => {
    const connector = { initiator: INITIATOR };
    const made = await world.action(id, { 'os-initialize_connection': { connector } });
    expect(made.status).toBe(200);
    expect(made.body['connection_info']).toMatchObject({
      driver_volume_type: 'iscsi',
      data: { target_lun: 1, auth_method: 'CHAP', target_iqn: `iqn.2010-10.org.openstack:volume-${id}` },
    });
    await world.action(id, { 'os-initialize_connection': { connector: { initiator: 'iqn.2020-01.a:b' } } });
    expect((await targets())[0]?.initiators).toEqual([INITIATOR, 'iqn.2020-01.a:b']);
    expect((await world.action(id, { 'os-terminate_connection': { connector } })).status).toBe(202);
    expect((await targets())[0]?.initiators).toEqual(['iqn.2020-01.a:b']);
    const odd = { 'os-initialize_connection': { connector: { initiator: 'a,b' } } };
    expect((await world.action(id, odd)).status).toBe(400);
    // What was not ended ends with the volume.
    expect((await world.call('alice', 'DELETE', `/volumes/${id}`)).status).toBe(202);
    expect(await targets()).toEqual([]);
    id = await world.create({ volume_type: 'raw' });
  });

  test('what the daemon lost is made again, and what nobody may reach goes', async () => {
    await world.call('alice', 'POST', '/attachments', attachment());
    await world.settle();
    await world.iscsi.removeAll();
    const [stray] = [{ iqn: 'iqn.2010-10.org.openstack:volume-gone', path: '/x', accounts: [] }];
    await world.iscsi.ensure(stray);
    expect(await world.volume.reconcileExports()).toEqual([id]);
    expect((await targets()).map(({ iqn }) => iqn)).toEqual([`iqn.2010-10.org.openstack:volume-${id}`]);
    expect(await world.volume.reconcileExports()).toEqual([]);
  });

  test('a file is for hosts that have it', async () => {
    const file = await world.create({ volume_type: 'qcow2' });
    const asked = (host: string) =>
      world.action(file, { 'os-initialize_connection': { connector: { host } } });
    expect((await asked('here')).body['connection_info']).toMatchObject({
      driver_volume_type: 'local',
      data: { device_path: expect.stringContaining(file) as unknown, format: 'qcow2' },
    });
    const refused = await asked('elsewhere');
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body)).toContain('export: iscsi');
  });
});

test('a back end of qcow2 files is not exported', () => {
  const config = { volume: { backends: [{ name: 'shared', export: 'iscsi' }] } };
  expect(() => configOf(config, '/etc/x.yaml', {})).toThrow(
    "/etc/x.yaml: the back end 'shared' (volume.backends) exports by iSCSI",
  );
});
