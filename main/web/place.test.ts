import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ownerIn, procAddress } from './peer.ts';
import { findPlace, keepPlace } from './place.ts';
import { placementSwitches } from './window-placement.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'deskcloud-place-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('the next start has the name and port of the last', async () => {
  const first = await findPlace(directory, 0);
  expect(first).toMatchObject({ name: expect.stringMatching(/^[0-9a-f]{16}$/) as string, port: 0 });
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await keepPlace(directory, { name: first.name, port });
  // Somebody else listens there now: under the same name they would be sent our cookie.
  const elsewhere = await findPlace(directory, 0);
  expect(elsewhere.port).toBe(0);
  expect(elsewhere.name).not.toBe(first.name);
  await new Promise((resolve) => server.close(resolve));
  expect(await findPlace(directory, 0)).toEqual({ name: first.name, port });
  expect((await findPlace(directory, port + 1)).name).not.toBe(first.name);
});

test.each(['', '{}', '{"name":"../../x","port":8000}', '{"name":"0123456789abcdef","port":80}'])(
  'a file that says %j says nothing',
  async (text) => {
    writeFileSync(join(directory, 'window-place.json'), text);
    expect((await findPlace(directory, 0)).port).toBe(0);
  },
);

test('whose a connection is', () => {
  expect(procAddress('127.0.0.1', 8080)).toBe('0100007F:1F90');
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1070 1
   1: 0100007F:1F90 0100007F:B667 01 00000000:00000000 00:00000000 00000000     0        0 1071 1
   2: 0100007F:B667 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 1072 1
`;
  expect(ownerIn(table, '0100007F:B667', '0100007F:1F90')).toBe(1000);
  expect(ownerIn(table, '0100007F:B668', '0100007F:1F90')).toBeUndefined();
  expect(ownerIn(readFileSync('/proc/net/tcp', 'utf8'), 'x', 'y')).toBeUndefined();
});

test('a window opens where the last one was', () => {
  expect(placementSwitches(directory)).toEqual(['--window-size=1280,800']);
  mkdirSync(join(directory, 'Default'));
  const note = (placement: object): void =>
    writeFileSync(
      join(directory, 'Default', 'Preferences'),
      JSON.stringify({ browser: { app_window_placement: { abc: { 'localhost_/open': placement } } } }),
    );
  note({ left: 200, top: 120, right: 1311, bottom: 897, maximized: true });
  expect(placementSwitches(directory)).toEqual([
    '--window-size=1111,777',
    '--window-position=200,120',
    '--start-maximized',
  ]);
  note({ left: 200, top: 120, right: 210, bottom: 130 });
  expect(placementSwitches(directory)).toEqual(['--window-size=1280,800']);
  note({ left: 'x' });
  expect(placementSwitches(directory)).toEqual(['--window-size=1280,800']);
});
