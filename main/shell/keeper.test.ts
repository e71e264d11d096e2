import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { HelperState } from '../contract/shell.ts';
import { HelperClient } from '../helper-client.ts';
import type { Instance } from '../launch.ts';
import { HelperKeeper } from './keeper.ts';

const TIMES = { graceMs: 50, lookMs: 20 };
let directory: string;
let server: Server | undefined;
let keeper: HelperKeeper | undefined;
let states: HelperState[];
/** Streams that were opened and not yet waited for. */
let connected: number;
const socket = (): string => join(directory, 'run', 'helper.sock');

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'deskcloud-keeper-'));
  mkdirSync(join(directory, 'run'));
  states = [];
  connected = 0;
});
afterEach(() => {
  vi.restoreAllMocks();
  keeper?.close();
  end();
  rmSync(directory, { recursive: true, force: true });
});

/** A helper that answers with this process id, and has a stream of events. */
async function helper(pid: number): Promise<void> {
  rmSync(socket(), { force: true });
  const one = createServer(({ url }, response) => {
    if (url?.startsWith('/deskcloud/v1/events') === true) response.write(': live\n\n');
    else response.end(JSON.stringify({ pid }));
  });
  await new Promise<void>((resolve) => one.listen(socket(), resolve));
  server = one;
}

/** It ends in good order: its socket goes with it. */
function end(): void {
  server?.close();
  server?.closeAllConnections();
}

/** It is killed: its socket stays, and refuses. */
function die(): void {
  const one = server;
  one?.close();
  writeFileSync(socket(), '');
  one?.closeAllConnections();
}

function watch(simulated: boolean, launch?: () => Promise<void>): HelperKeeper {
  const instance: Instance = { directory, simulated, port: undefined, config: undefined };
  const client = new HelperClient(socket());
  const starts = async (): ReturnType<ConstructorParameters<typeof HelperKeeper>[1] & object> => {
    if (launch === undefined) throw new Error('nobody starts it');
    await launch();
    return { client, status: await client.status(), started: true };
  };
  keeper = new HelperKeeper(instance, starts, TIMES);
  keeper.on((event) => {
    if (event.type === 'helper') states.push(event);
    if (event.type === 'connected') connected += 1;
  });
  void keeper.run();
  return keeper;
}

const state = async (wanted: HelperState['state'], pid?: number): Promise<HelperState> =>
  await vi.waitFor(
    () => {
      const now = keeper?.state;
      if (now?.state !== wanted || (now.state === 'running' && pid !== undefined && now.status.pid !== pid))
        throw new Error(`${JSON.stringify(now)} is not ${wanted}`);
      if (wanted === 'running' && connected === 0) throw new Error('nobody listens to it');
      connected = 0;
      return now;
    },
    { interval: 5, timeout: 25_000 },
  );

test('one that runs already is found, not started', async () => {
  await helper(1);
  watch(true);
  expect(await state('running', 1)).not.toHaveProperty('restartedAt');
});

test('one that dies is started again, and that is said', async () => {
  await helper(1);
  watch(true, () => helper(2));
  await state('running', 1);
  die();
  const again = await state('running', 2);
  expect(again).toHaveProperty('restartedAt');
});

test('one that somebody else brings back in time is not started from here', async () => {
  await helper(1);
  watch(true);
  await state('running', 1);
  die();
  await helper(3);
  expect(await state('running', 3)).toHaveProperty('restartedAt');
  expect(states.map((one) => one.state)).not.toContain('failed');
});

test('one that somebody ended stays ended, until somebody starts it', async () => {
  await helper(1);
  watch(true, () => helper(2));
  await state('running', 1);
  end();
  await state('stopped');
  await helper(4);
  expect(await state('running', 4)).not.toHaveProperty('restartedAt');
});

test('where its start asks for a password it waits for the word', async () => {
  vi.spyOn(process, 'getuid').mockReturnValue(1000);
  await helper(1);
  const own = watch(false, () => helper(2));
  await state('running', 1);
  die();
  expect(await state('died')).toMatchObject({ text: expect.stringContaining('password') as string });
  await own.start();
  expect(await state('running', 2)).toHaveProperty('restartedAt');
});

test('one that ends right after its start is left, with its log named', async () => {
  watch(true, () => helper(1));
  await state('running', 1);
  die();
  expect(await state('failed')).toMatchObject({ text: expect.stringContaining('log') as string });
});
