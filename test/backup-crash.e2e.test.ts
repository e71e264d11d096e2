/** SIGKILL in backups, and in attaching over iSCSI, on the simulated host: files and database are real. */
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureFlavors, make, type Named } from '../main/demo/ensure.ts';
import type { Json, OpenStackClient } from '../main/openstack-client.ts';
import { CrashCloud } from './support/crash-cloud.ts';
import type { KillOrder } from './support/kill-order.ts';
import { compareStored, type Stored } from './support/stored-volumes.ts';

const cloud = new CrashCloud('bcrash', 'simulated', compareStored, {
  volume: { backends: [{ name: 'exported', format: 'raw', export: 'iscsi' }] },
});
const MOST_WRITES = 20;
const AT = 40 * 2 ** 20;
const CONTENT = Buffer.alloc(8192, 'what the guest wrote ');
let source = '';
let target = '';
let serverId = '';

const disk = (id: string): string =>
  join(cloud.instance.directory, 'state', 'volumes', 'exported', `volume-${id}`);

function write(id: string, data: Buffer): void {
  const file = openSync(disk(id), 'r+');
  writeSync(file, data, 0, data.length, AT);
  closeSync(file);
}

function contentOf(id: string): Buffer {
  const data = Buffer.alloc(CONTENT.length);
  const file = openSync(disk(id), 'r');
  readSync(file, data, 0, data.length, AT);
  closeSync(file);
  return data;
}

beforeAll(async () => {
  await cloud.start();
  const admin = await cloud.admin();
  await ensureFlavors(admin);
  const { flavors } = (await admin.get('compute', '/flavors')) as { flavors: Named[] };
  const quota = { quota_set: { backups: 100, backup_gigabytes: 1000 } };
  await admin.put('volume', `/os-quota-sets/${admin.projectId}`, quota);
  const image = await admin.post('image', '/images', {
    name: 'small',
    disk_format: 'raw',
    container_format: 'bare',
  });
  const bytes = Buffer.alloc(1 << 20, 'content');
  await admin.upload(String(image['id']), new Blob([bytes]).stream(), bytes.length);
  ({ id: source } = await make(admin, 'volume', '/volumes', 'volume', { size: 1 }));
  ({ id: target } = await make(admin, 'volume', '/volumes', 'volume', { size: 1 }));
  const body = { name: 'web', imageRef: String(image['id']), flavorRef: flavors[0]!.id, networks: 'none' };
  ({ id: serverId } = await make(admin, 'compute', '/servers', 'server', body));
  await cloud.settled();
  write(source, CONTENT);
  await cloud.compared();
});

afterAll(async () => {
  await cloud.instance.remove();
});

/** One crash, after which what was asked for is done. @returns whether there was one. */
async function crash(
  name: string,
  order: KillOrder,
  ask: (admin: OpenStackClient) => Promise<unknown>,
): Promise<{ readonly killed: boolean; readonly told: Stored }> {
  const { killed, operation, told } = await cloud.crash(name, order, ask);
  expect([name, order, operation?.state, operation?.error]).toEqual([name, order, 'succeeded', null]);
  return { killed, told };
}

/** Asks again and again, killed after the n-th write, until it is not killed any more. @returns the kills. */
async function atEveryWrite(
  name: string,
  ask: (admin: OpenStackClient) => Promise<unknown>,
  after: (told: Stored) => Promise<void> | void,
): Promise<number> {
  for (let nth = 1; nth <= MOST_WRITES; nth += 1) {
    const { killed, told } = await crash(name, { phase: 'after', nth }, ask);
    await after(told);
    if (!killed) return nth - 1;
  }
  throw new Error(`${name}: killed at each of ${MOST_WRITES} writes`);
}

const backUp = (more: Json) => (admin: OpenStackClient) =>
  admin.post('volume', '/backups', { backup: { volume_id: source, ...more } });
const newest = async (admin: OpenStackClient): Promise<string> => {
  const { backups } = (await admin.get('volume', '/backups?sort=created_at:desc&limit=1')) as {
    backups: Named[];
  };
  return backups[0]!.id;
};
const attachments = (): string => `/servers/${serverId}/os-volume_attachments`;
const attach = (admin: OpenStackClient) =>
  admin.post('compute', attachments(), { volumeAttachment: { volumeId: source } });
const detach = (admin: OpenStackClient) => admin.delete('compute', `${attachments()}/${source}`);

/** A simulated guest dies with the helper; where an operation has defined it again, it is stopped. */
async function awake(): Promise<void> {
  const admin = await cloud.admin();
  const { server } = (await admin.get('compute', `/servers/${serverId}`)) as { server: { status: string } };
  if (server.status !== 'SHUTOFF') return;
  await admin.post('compute', `/servers/${serverId}/action`, { 'os-start': null });
  await cloud.settled();
}

describe('SIGKILL, and what was asked for is done, and nothing else is left (R1)', () => {
  test('at every write of making, restoring and deleting backups', async ({ annotate }) => {
    const kills: Record<string, number> = {};
    let made = 0;
    // All steps are those of the incremental ones, but what is stored is all.
    for (const nth of [1, 2]) {
      const { killed, told } = await crash(
        'backup-create',
        { phase: 'after', nth, step: 'store backup' },
        backUp({}),
      );
      made += 1;
      expect([killed, told.backups.length]).toEqual([true, made]);
    }
    write(source, Buffer.alloc(CONTENT.length, 'later '));
    kills['restore'] = await atEveryWrite(
      'backup-restore',
      async (admin) =>
        admin.post('volume', `/backups/${await newest(admin)}/restore`, { restore: { volume_id: target } }),
      () => {
        expect(contentOf(target).equals(CONTENT)).toBe(true);
        write(target, Buffer.alloc(CONTENT.length));
      },
    );
    // The copy of a disk in use is taken away again.
    await attach(await cloud.admin());
    await cloud.settled();
    kills['incremental'] = await atEveryWrite(
      'backup-create',
      backUp({ incremental: true, force: true }),
      async ({ backups }) => {
        made += 1;
        expect(backups).toHaveLength(made);
        expect(backups.filter((one) => one.is_incremental)).toHaveLength(made - 2);
        await awake();
      },
    );
    kills['delete'] = await atEveryWrite(
      'backup-delete',
      async (admin) => admin.delete('volume', `/backups/${await newest(admin)}`),
      ({ backups }) => {
        made -= 1;
        expect(backups).toHaveLength(made);
      },
    );
    await annotate(JSON.stringify(kills));
    expect(Math.min(...Object.values(kills))).toBeGreaterThanOrEqual(4);
    await detach(await cloud.admin());
    await cloud.settled();
  });

  test('in restoring into a new volume', async () => {
    const order = { phase: 'after', nth: 1, step: 'make disk' } as const;
    const { killed, told } = await crash('volume-create', order, async (admin) =>
      admin.post('volume', `/backups/${await newest(admin)}/restore`, { restore: {} }),
    );
    expect(killed).toBe(true);
    expect(told.volumes).toHaveLength(3);
  });

  test('in exporting a volume by iSCSI for a server, and in ending that (R27)', async () => {
    await awake();
    const statusAfter = async (
      name: string,
      step: string,
      nth: number,
      ask: (admin: OpenStackClient) => Promise<unknown>,
    ) => {
      const { killed, told } = await crash(name, { phase: 'after', nth, step }, ask);
      expect([step, nth, killed]).toEqual([step, nth, true]);
      await awake();
      return told.volumes.find((one) => one.id === source)?.status;
    };
    // Before and after what each step does.
    for (const nth of [1, 2]) {
      expect(await statusAfter('server-attach-volume', 'export volume', nth, attach)).toBe('in-use');
      expect(await statusAfter('server-detach-volume', 'end export', nth, detach)).toBe('available');
    }
    await cloud.compared();
  });
});
