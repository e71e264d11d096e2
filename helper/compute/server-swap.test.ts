import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fileOf } from '../host/domain/interface.ts';
import { standardSagaTests } from '../saga/standard-tests.ts';
import { ID, STATES, makeWorld } from './saga-test-world.ts';
import { serverSwapVolume } from './sagas/server-swap-volume.ts';
import { insertServerVolume } from './store/server-volume.ts';
import { TestWorld } from './test-world.ts';

const OLD = '77777777-7777-4777-8777-777777777777';
const NEXT = '77777777-7777-4777-8777-777777777778';

describe('the operation', () => {
  const side = (attachment: string, volumeId: string) => ({
    volume: {
      attachment_id: attachment,
      server_id: ID,
      volume_id: volumeId,
      bdm_uuid: 'b',
      target: 'vdb',
      tag: null,
      delete_on_termination: 1,
      boot_index: null,
      disk_bus: null,
      device_type: 'disk' as const,
      created_at: 1,
    },
    disk: {
      target: 'vdb',
      bus: 'virtio' as const,
      device: 'disk' as const,
      format: 'qcow2' as const,
      source: { kind: 'file' as const, path: `/volumes/${volumeId}` },
    },
  });
  const input = { serverId: ID, old: side('a', OLD), next: side('b', NEXT), grownBytes: null };
  standardSagaTests({
    saga: serverSwapVolume,
    // Attachments are block storage's: they are as they are to be after a failure, not as before.
    ignore: [...STATES, 'stand_in'],
    makeWorld: async () => {
      const world = await makeWorld(input, async ({ db, domains, volumes }) => {
        insertServerVolume(db, input.old.volume);
        volumes.attachments.set('a', { volumeId: OLD, state: 'detaching' });
        volumes.attachments.set('b', { volumeId: NEXT, state: 'reserved' });
        await domains.attachDisk(ID, input.old.disk);
      })();
      return world;
    },
  });
});

describe('PUT os-volume_attachments', () => {
  let world: TestWorld;
  let serverId: string;
  beforeEach(async () => {
    world = await TestWorld.create();
    serverId = await world.create();
    await world.quiet();
    await ask('member', 'POST', path(), { volumeAttachment: { volumeId: OLD, tag: 'data' } }, '2.49');
    await world.quiet();
  });
  afterEach(() => world.dispose());
  const path = (volumeId = ''): string =>
    `/v2.1/servers/${serverId}/os-volume_attachments${volumeId === '' ? '' : `/${volumeId}`}`;
  const ask = async (token: string, method: string, at: string, body?: unknown, version?: string) => {
    const answer = await world.call(token, method, at, body, version);
    return { status: answer.status, body: (answer.body ?? {}) as Record<string, unknown> };
  };
  const swap = (token = 'admin', more: object = {}, version = '2.93') =>
    ask(token, 'PUT', path(OLD), { volumeAttachment: { volumeId: NEXT, ...more } }, version);
  /** What the server has, what its definition has, what its guest has: all the same. */
  const agree = async (volumeId: string): Promise<void> => {
    expect((await ask('member', 'GET', path())).body['volumeAttachments']).toMatchObject([
      { volumeId, device: '/dev/vdb' },
    ]);
    expect(world.domains.specs.get(serverId)?.disks.at(-1)).toMatchObject({
      source: { path: `/volumes/${volumeId}` },
    });
    expect([...world.domains.pluggedDisks]).toEqual([['vdb', `/volumes/${volumeId}`]]);
    expect([...world.volumes.attachments.values()]).toEqual([{ volumeId, state: 'attached' }]);
    expect(world.domains.mirrors.size).toBe(0);
    expect(world.volumes.busy).toEqual(new Set([volumeId]));
  };

  test('the running guest goes on with the new volume; what the attachment was stays', async () => {
    expect((await swap('admin', { delete_on_termination: true })).status).toBe(202);
    await world.quiet();
    await agree(NEXT);
    expect(
      (await ask('member', 'GET', path(NEXT), undefined, '2.79')).body['volumeAttachment'],
    ).toMatchObject({ tag: 'data', delete_on_termination: true });
    const { instanceActions } = (await ask('member', 'GET', `/v2.1/servers/${serverId}/os-instance-actions`))
      .body as { instanceActions: { action: string; message: string | null }[] };
    expect(instanceActions[0]).toMatchObject({ action: 'swap_volume', message: null });
  });

  test('a guest that cannot be turned keeps the old volume', async () => {
    world.domains.turnDisk = (_uuid, disk) => {
      if (!fileOf(disk).endsWith(OLD)) return Promise.reject(new Error('no'));
      world.domains.mirrors.clear();
      return Promise.resolve();
    };
    expect((await swap()).status).toBe(202);
    await world.quiet();
    await agree(OLD);
  });

  test('a larger volume has the old size until the guest is turned to it', async () => {
    world.volumes.larger.add(NEXT);
    const sizes: number[] = [];
    world.domains.growDisk = (_uuid, _target, size) => {
      sizes.push(size);
      return Promise.resolve();
    };
    expect((await swap()).status).toBe(202);
    await world.quiet();
    expect([world.volumes.small.size, sizes]).toEqual([1, [2 ** 31]]);
    await agree(NEXT);
  });

  test('of a guest that does not run, block storage copies the volume', async () => {
    world.domains.states.set(serverId, 'shutdown');
    world.domains.turnDisk = () => Promise.resolve();
    expect((await swap()).status).toBe(202);
    await world.quiet();
    expect(world.volumes.copies).toHaveLength(1);
    expect((await ask('member', 'GET', path())).body['volumeAttachments']).toMatchObject([
      { volumeId: NEXT },
    ]);
  });

  test('is for administrators, and for states that nova has', async () => {
    expect((await swap('member')).status).toBe(403);
    expect((await swap('member', {}, '2.1')).status).toBe(403);
    expect((await swap('admin', { tag: 'other' })).body).toMatchObject({
      badRequest: { message: 'The tag property is not mutable' },
    });
    expect((await swap('admin', { id: OLD }, '2.84')).status).toBe(400);
    world.volumes.taken.add(NEXT);
    expect((await swap()).status).toBe(400);
    await ask('member', 'POST', `/v2.1/servers/${serverId}/action`, { 'os-stop': null });
    await world.quiet();
    const { conflictingRequest } = (await swap()).body as { conflictingRequest: { message: string } };
    expect(conflictingRequest.message).toContain('vm_state stopped');
    expect((await ask('member', 'GET', path())).body['volumeAttachments']).toMatchObject([{ volumeId: OLD }]);
  });
});

test('a multi-attach volume is for several servers, from 2.60 on', async () => {
  const world = await TestWorld.create();
  try {
    world.volumes.shared.add(OLD);
    const servers = [await world.create(), await world.create()];
    await world.quiet();
    const attach = (id: string | undefined, version: string) =>
      world.call(
        'member',
        'POST',
        `/v2.1/servers/${id}/os-volume_attachments`,
        { volumeAttachment: { volumeId: OLD } },
        version,
      );
    expect((await attach(servers[0], '2.59')).body).toMatchObject({
      badRequest: {
        message: 'Multiattach volumes are only supported starting with compute API version 2.60.',
      },
    });
    for (const id of servers) expect((await attach(id, '2.60')).status).toBe(200);
    await world.quiet();
    for (const id of servers)
      expect(world.domains.specs.get(id)?.disks.at(-1)).toMatchObject({ shareable: true });
  } finally {
    await world.dispose();
  }
});
