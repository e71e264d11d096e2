/** Who may open the desktop's socket. Needs root, to be somebody else. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listenOnSocket } from './listen.ts';

const GROUP = 54_321;
const SOMEBODY = 54_322;
let directory: string;
let server: Server;
beforeEach(() => {
  // As the run directory: whoever passes through it sees nothing.
  directory = mkdtempSync(join(tmpdir(), 'deskcloud-listen-'));
  chmodSync(directory, 0o711);
  server = createServer();
});
afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(directory, { recursive: true, force: true });
});

/** What a user of this group gets who opens the socket. */
function opened(path: string, gid: number): string {
  const program = `require('net').connect(process.argv[1])
    .on('connect', () => { console.log('open'); process.exit(); })
    .on('error', (error) => console.log(error.code))`;
  return spawnSync(
    '/usr/bin/setpriv',
    [`--reuid=${SOMEBODY}`, `--regid=${gid}`, '--clear-groups', process.execPath, '-e', program, path],
    { encoding: 'utf8' },
  ).stdout.trim();
}

test('root and one group open the socket, others do not; the mask is as it was (S47)', async () => {
  const path = join(directory, 'helper.sock');
  const mask = process.umask();
  const listening = listenOnSocket(server, path, GROUP);
  expect(process.umask()).toBe(mask);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await listening;
  expect(statSync(path)).toMatchObject({ uid: 0, gid: GROUP });
  expect(statSync(path).mode & 0o777).toBe(0o660);
  expect(opened(path, GROUP)).toBe('open');
  expect(opened(path, SOMEBODY)).toBe('EACCES');
});
