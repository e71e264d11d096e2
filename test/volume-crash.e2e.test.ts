/** SIGKILL in block storage, on the simulated host: its files, database and processes are real, its guests are not. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureFlavors, make, type Named } from '../main/demo/ensure.ts';
import type { Json, OpenStackClient } from '../main/openstack-client.ts';
import { CrashCloud } from './support/crash-cloud.ts';
import type { KillOrder } from './support/kill-order.ts';
import { compareStored, type Stored, type VolumeTold } from './support/stored-volumes.ts';

const cloud = new CrashCloud('vcrash', 'simulated', compareStored);
const MOST_WRITES = 30;
let imageId = '';
let serverId = '';

beforeAll(async () => {
  await cloud.start();
  const admin = await cloud.admin();
  await ensureFlavors(admin);
  const { flavors } = (await admin.get('compute', '/flavors')) as { flavors: Named[] };
  // Images are not wrapped in their key.
  const image = (await admin.post('image', '/images', {
    name: 'small',
    disk_format: 'raw',
    container_format: 'bare',
  })) as Named;
  imageId = image.id;
  const bytes = Buffer.alloc(1 << 20, 'content');
  await admin.upload(imageId, new Blob([bytes]).stream(), bytes.length);
  const type = await make(admin, 'volume', '/types', 'volume_type', { name: 'locked' });
  await admin.post('volume', `/types/${type.id}/encryption`, {
    encryption: { provider: 'luks', control_location: 'front-end' },
  });
  const server = await make(admin, 'compute', '/servers', 'server', {
    name: 'web',
    imageRef: imageId,
    flavorRef: flavors[0]!.id,
    networks: 'none',
  });
  serverId = server.id;
  await cloud.settled();
  await compareStored(cloud.instance, admin);
});

afterAll(async () => {
  await cloud.instance.remove();
});

/** Asks again and again, killed after the n-th write, until it is not killed any more. @returns the kills. */
async function atEveryWrite(
  name: string,
  ask: (admin: OpenStackClient, n: number) => Promise<unknown>,
  after: (told: Stored) => Promise<void> | void,
): Promise<number> {
  for (let n = 1; n <= MOST_WRITES; n += 1) {
    const order: KillOrder = { phase: 'after', nth: n };
    const { killed, operation, told } = await cloud.crash(name, order, (admin) => ask(admin, n));
    expect([name, n, operation?.state, operation?.error]).toEqual([name, n, 'succeeded', null]);
    await after(told);
    if (!killed) return n - 1;
  }
  throw new Error(`${name}: killed at each of ${MOST_WRITES} writes`);
}

const create = (admin: OpenStackClient, more: Json = {}) =>
  make(admin, 'volume', '/volumes', 'volume', { size: 1, volume_type: 'locked', ...more });

/** A simulated guest dies with the helper; where an operation has defined it again, it is stopped. */
async function awake(): Promise<void> {
  const admin = await cloud.admin();
  const { server } = (await admin.get('compute', `/servers/${serverId}`)) as { server: { status: string } };
  if (server.status !== 'SHUTOFF') return;
  await admin.post('compute', `/servers/${serverId}/action`, { 'os-start': null });
  await cloud.settled();
}

/** In the order in which they are asked for by the tests. */
async function removeAll(kind: 'volumes' | 'snapshots', left = 0): Promise<void> {
  const admin = await cloud.admin();
  const { [kind]: all } = (await admin.get('volume', `/${kind}`)) as Record<string, Named[]>;
  for (const { id } of (all ?? []).slice(0, (all ?? []).length - left))
    await admin.delete('volume', `/${kind}/${id}`);
  await cloud.settled();
}

describe('SIGKILL after every write to the journal: what was asked for is done, and nothing else is left (R1)', () => {
  test('in making a volume of an image', async ({ annotate }) => {
    const one = ({ volumes }: Stored): Promise<void> => {
      expect(volumes).toHaveLength(1);
      return removeAll('volumes');
    };
    const kills = await atEveryWrite('volume-create', (admin) => create(admin, { imageRef: imageId }), one);
    await annotate(`${kills} kills`);
    expect(kills).toBeGreaterThanOrEqual(8);
    expect((await compareStored(cloud.instance, await cloud.admin())).volumes).toEqual([]);
  });

  test('in taking and deleting snapshots, extending and deleting volumes', async ({ annotate }) => {
    await create(await cloud.admin());
    await cloud.settled();
    const only = async (admin: OpenStackClient): Promise<VolumeTold> => {
      const { volumes } = (await admin.get('volume', '/volumes/detail')) as unknown as Stored;
      return volumes[0]!;
    };
    const kills: Record<string, number> = {};
    kills['snapshot'] = await atEveryWrite(
      'volume-snapshot-create',
      async (admin) =>
        admin.post('volume', '/snapshots', { snapshot: { volume_id: (await only(admin)).id } }),
      ({ snapshots }) => expect(snapshots.map((one) => one['status'])).not.toContain('error'),
    );
    kills['snapshot delete'] = await atEveryWrite(
      'volume-snapshot-delete',
      async (admin) => {
        const { snapshots } = (await admin.get('volume', '/snapshots')) as unknown as Stored;
        await admin.delete('volume', `/snapshots/${snapshots[0]?.id ?? ''}`);
      },
      async ({ snapshots }) => {
        if (snapshots.length > 0) return;
        const admin = await cloud.admin();
        await admin.post('volume', '/snapshots', { snapshot: { volume_id: (await only(admin)).id } });
        await cloud.settled();
      },
    );
    await removeAll('snapshots');
    kills['extend'] = await atEveryWrite(
      'volume-extend',
      async (admin, n) => {
        const { id } = await only(admin);
        await admin.post('volume', `/volumes/${id}/action`, { 'os-extend': { new_size: n + 1 } });
      },
      () => undefined,
    );
    expect((await only(await cloud.admin())).size).toBe((kills['extend'] ?? 0) + 2);
    kills['delete'] = await atEveryWrite(
      'volume-delete',
      async (admin) => admin.delete('volume', `/volumes/${(await only(admin)).id}`),
      async ({ volumes }) => {
        expect(volumes).toEqual([]);
        await create(await cloud.admin());
        await cloud.settled();
      },
    );
    await removeAll('volumes');
    await annotate(JSON.stringify(kills));
    expect(Math.min(...Object.values(kills))).toBeGreaterThanOrEqual(2);
  });

  const path = (): string => `/servers/${serverId}/os-volume_attachments`;
  const inUse = ({ volumes }: Stored): string[] =>
    volumes.filter((one) => one.status === 'in-use').map((one) => one.id);
  const attach = (asking: OpenStackClient, volumeId: string) =>
    asking.post('compute', path(), { volumeAttachment: { volumeId } });
  const now = async (asking: OpenStackClient) =>
    (await asking.get('volume', '/volumes/detail')) as unknown as Stored;

  test('in attaching an encrypted volume to a running server, and detaching it (R27)', async ({
    annotate,
  }) => {
    const { id } = await create(await cloud.admin());
    await cloud.settled();
    const kills: Record<string, number> = {};
    kills['attach'] = await atEveryWrite(
      'server-attach-volume',
      (asking) => attach(asking, id),
      async (told) => {
        expect(inUse(told)).toEqual([id]);
        await awake();
        await (await cloud.admin()).delete('compute', `${path()}/${id}`);
        await cloud.settled();
      },
    );
    await attach(await cloud.admin(), id);
    await cloud.settled();
    kills['detach'] = await atEveryWrite(
      'server-detach-volume',
      (asking) => asking.delete('compute', `${path()}/${id}`),
      async (told) => {
        expect(inUse(told)).toEqual([]);
        await awake();
        await attach(await cloud.admin(), id);
        await cloud.settled();
      },
    );
    await annotate(JSON.stringify(kills));
    expect(Math.min(...Object.values(kills))).toBeGreaterThanOrEqual(4);
    await (await cloud.admin()).delete('compute', `${path()}/${id}`);
    await cloud.settled();
    await removeAll('volumes');
    expect(await compareStored(cloud.instance, await cloud.admin())).toEqual({
      volumes: [],
      snapshots: [],
      backups: [],
    });
  });

  test('in swapping a volume for another (R27)', async ({ annotate }) => {
    await awake();
    const plain = { volume_type: '__DEFAULT__' };
    const { id } = await create(await cloud.admin(), plain);
    const { id: other } = await create(await cloud.admin(), plain);
    await cloud.settled();
    await attach(await cloud.admin(), id);
    await cloud.settled();
    const kills = await atEveryWrite(
      'server-swap-volume',
      async (asking) => {
        const [from = ''] = inUse(await now(asking));
        const volumeId = from === id ? other : id;
        await asking.put('compute', `${path()}/${from}`, { volumeAttachment: { volumeId } });
      },
      async (told) => {
        expect(inUse(told)).toHaveLength(1);
        await awake();
      },
    );
    await annotate(`${kills} kills`);
    expect(kills).toBeGreaterThanOrEqual(4);
    await (await cloud.admin()).delete('compute', `/servers/${serverId}`);
    await cloud.settled();
    await removeAll('volumes');
    expect(await compareStored(cloud.instance, await cloud.admin())).toEqual({
      volumes: [],
      snapshots: [],
      backups: [],
    });
  });
});
