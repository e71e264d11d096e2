import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CrashCloud, type Crash } from './support/crash-cloud.ts';
import { CrashProject } from './support/crash-project.ts';
import { expectHostMatchesDatabase } from './support/host-matches-database.ts';
import { NOTHING } from './support/instance.ts';
import type { KillOrder } from './support/kill-order.ts';
import { after, before, expectSucceeded, untilUnharmed, within } from './support/kills.ts';

const cloud = new CrashCloud('crash', 'linux', expectHostMatchesDatabase);
const { instance } = cloud;
let project: CrashProject;

async function createServer(name: string, order: KillOrder): Promise<{ id?: string; crash: Crash }> {
  const crash = await cloud.crash('server-create', order, (admin) => project.askForServer(admin, name));
  expectSucceeded(crash, order);
  expect(crash.told.servers).toHaveLength(crash.operation === undefined ? 0 : 1);
  const server = crash.told.servers[0];
  if (server === undefined) return { crash };
  expect(server.status).toBe('ACTIVE');
  return { id: server.id, crash };
}

async function deleteServer(id: string, order: KillOrder): Promise<Crash> {
  const crash = await cloud.crash('server-delete', order, (admin) =>
    admin.delete('compute', `/servers/${id}`),
  );
  expectSucceeded(crash, order);
  const left = crash.told.servers.map((one) => one.id);
  expect(left).toEqual(crash.operation === undefined ? [id] : []);
  return crash;
}

beforeAll(async () => {
  project = await CrashProject.start(cloud);
});

afterAll(async () => {
  const left = await instance.remove();
  expect(left).toEqual(NOTHING);
});

describe('SIGKILL of the helper, then a restart: done, and the host is as the database says (R1, R9, R10)', () => {
  test('in the creation and the deletion of a server, after every write to the journal', async ({
    annotate,
  }) => {
    let deleteWrites = 0;
    let deleting = true;
    const createWrites = await untilUnharmed(async (n) => {
      const { id, crash } = await createServer(`crash-${n}`, after(n));
      if (id === undefined) throw new Error('the server is not there');
      if (!deleting) await project.remove(id);
      else if ((await deleteServer(id, after(n))).killed) deleteWrites = n;
      else deleting = false;
      return crash.killed;
    });
    await annotate(`server-create: ${createWrites} kills; server-delete: ${deleteWrites}`);
    // Each host step has two writes, each SQL step one.
    expect(createWrites).toBeGreaterThanOrEqual(15);
    expect(deleteWrites).toBeGreaterThanOrEqual(8);
  });

  test('before a write, and in the middle of a step', async () => {
    const orders = [
      before(1),
      before(2),
      within('create disk', 5),
      within('plug network', 20),
      within('start domain', 60),
    ];
    const deletions = [before(1), before(5), within('destroy domain', 300), within('unplug network', 15)];
    for (const [index, order] of orders.entries()) {
      let { id } = await createServer(`crash-mid-${index}`, order);
      const deletion = deletions[index];
      if (id !== undefined && deletion !== undefined) {
        const { operation } = await deleteServer(id, deletion);
        if (operation !== undefined) id = undefined;
      }
      if (id !== undefined) await project.remove(id);
    }
    expect((await cloud.compared()).servers).toEqual([]);
  });

  test('and again while it recovers', async () => {
    const crash = await cloud.crash(
      'server-create',
      within('plug network', 10),
      (admin) => project.askForServer(admin, 'crash-twice'),
      async () => {
        for (const n of [1, 2]) {
          await instance.startKilling('after', n).catch(() => undefined);
          await instance.ended();
        }
      },
    );
    expect(crash.operation).toMatchObject({ state: 'succeeded' });
    expect(crash.told.servers).toMatchObject([{ status: 'ACTIVE' }]);
  });
});
