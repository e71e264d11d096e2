import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { closeDatabase, type Db, memoryDatabase, transaction } from '../db/index.ts';
import { deskcloudDialect } from '../errors/dialects.ts';
import { silentLogger, type AuthContext } from '../http/index.ts';
import { TestServer } from '../http/test-server.ts';
import { SagaEngine } from '../saga/index.ts';
import { createSampleTables, sampleCreate, SampleHost, sampleInput } from '../saga/sample-world.ts';
import { ChangeFeed } from './changes.ts';
import { operationEndpoints } from './endpoints/operation.ts';
import { desktopRules } from './policy.ts';
import { TrafficFeed } from './traffic.ts';

const caller = (projectId: string | undefined, ...roles: string[]): AuthContext => ({
  userId: 'u',
  userName: 'u',
  userDomainId: 'default',
  ...(projectId === undefined ? {} : { projectId }),
  roles: new Set(roles),
  auditId: 'a',
});

let directory: string;
let db: Db;
let engine: SagaEngine;
let server: TestServer;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'deskcloud-operations-'));
  db = memoryDatabase();
  createSampleTables(db);
  engine = new SagaEngine({ db, logger: silentLogger });
  engine.register(sampleCreate, { host: new SampleHost(join(directory, 'host')) });
  engine.start();
  const traffic = new TrafficFeed(() => Promise.resolve([]));
  server = new TestServer(
    [
      {
        name: 'deskcloud',
        prefix: '/deskcloud',
        root: '/v1',
        dialect: deskcloudDialect,
        rules: desktopRules,
        discovery: {},
        endpoints: operationEndpoints(db, engine, new ChangeFeed(db), traffic),
      },
    ],
    {
      alice: caller('p-alice', 'member', 'reader'),
      bob: caller('p-bob', 'member', 'reader'),
      unscoped: caller(undefined),
      admin: caller('p-admin', 'admin'),
    },
  );
  await server.start();
});
afterEach(async () => {
  await server.stop();
  await engine.stop();
  closeDatabase(db);
  rmSync(directory, { recursive: true, force: true });
});

const call = (token: string, path: string, method = 'GET') =>
  fetch(`${server.origin}/deskcloud/v1${path}`, { method, headers: { 'x-auth-token': token } });
const idsOf = async (token: string, path: string): Promise<readonly string[]> => {
  const { operations } = (await (await call(token, path)).json()) as { operations: { id: string }[] };
  return operations.map(({ id }) => id);
};
/** An operation of this project that has ended. */
async function operationOf(projectId: string): Promise<string> {
  const input = { ...sampleInput, id: projectId, disk: `disk-${projectId}`, tap: `tap-${projectId}` };
  const id = transaction(db, () => engine.enqueue(sampleCreate, input, { projectId, requestId: 'req-1' }));
  await engine.wait(id);
  return id;
}

test("another project's operations, with all that they recorded, are as if they were not there (S52)", async () => {
  const [hers, his] = [await operationOf('p-alice'), await operationOf('p-bob')];
  for (const token of ['bob', 'unscoped']) {
    const answer = await call(token, `/operations/${hers}`);
    expect([token, answer.status]).toEqual([token, 404]);
    expect(await answer.text()).not.toContain('p-alice');
  }
  expect((await call('bob', `/operations/${hers}/retry`, 'POST')).status).toBe(404);
  for (const path of [
    '/operations',
    '/operations?resource_type=thing&resource_id=p-alice',
    '/operations?request_id=req-1',
    '/operations/search?q=p-alice',
  ]) {
    expect([path, (await idsOf('bob', path)).includes(hers)]).toEqual([path, false]);
    expect([path, await idsOf('unscoped', path)]).toEqual([path, []]);
    expect([path, (await idsOf('alice', path)).includes(hers)]).toEqual([path, true]);
  }
  expect((await call('alice', `/operations/${hers}`)).status).toBe(200);
  expect(await idsOf('admin', '/operations')).toEqual([his, hers]);
});

test("another project's events are not in the stream (S52)", async () => {
  const stop = new AbortController();
  const stream = await fetch(`${server.origin}/deskcloud/v1/events`, {
    headers: { 'x-auth-token': 'bob' },
    signal: stop.signal,
  });
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
  let heard = (await reader?.read())?.value ?? '';
  const hers = await operationOf('p-alice');
  const his = await operationOf('p-bob');
  while (!/event: finished/.test(heard)) heard += (await reader?.read())?.value ?? '';
  stop.abort();
  expect(heard).toContain(his);
  expect(heard).not.toContain(hers);
  expect(heard).not.toContain('p-alice');
});
