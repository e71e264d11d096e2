import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { TerminalRequest } from '../../contract/shell.ts';
import type * as personModule from '../../person.ts';
import { userPaths } from '../../user-paths.ts';
import type { CloudAccess } from '../cloud-access.ts';
import type { ShellStream } from '../stream.ts';
import { runTerminal } from './terminal.ts';

const lender = vi.hoisted(() => ({ borrowed: false }));
vi.mock('../../person.ts', async (original) => {
  const real = await original<typeof personModule>();
  const environment = (): NodeJS.ProcessEnv => (lender.borrowed ? { SUDO_UID: '65534' } : {});
  const person = () => ({
    ...real.findPerson(process.getuid?.() ?? 0, environment(), () => 'ada:x:65534:65534::/:/bin/sh'),
    shell: '/bin/sh',
  });
  return {
    ...real,
    person,
    asPerson: (argv: [string, ...string[]]) => real.asPerson(argv, person()),
    personEnvironment: () => real.personEnvironment(person()),
  };
});

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'deskcloud-terminal-'));
  lender.borrowed = false;
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(directory, { recursive: true, force: true });
});

const cloud = {
  credentials: () =>
    Promise.resolve({
      authUrl: 'http://127.0.0.1:1/identity/v3',
      username: 'admin',
      password: 'p',
      projectName: 'admin',
      userDomainName: 'Default',
      projectDomainName: 'Default',
      regionName: 'RegionOne',
    }),
} as unknown as CloudAccess;

/** Types into a terminal and returns all that it said, and how it ended. */
async function session(run: TerminalRequest['run'], typed: string): Promise<{ text: string; exit: number }> {
  let text = '';
  let exit = -1;
  const stream: ShellStream<{ cols: number; rows: number }, { exit: number }> = {
    signal: new AbortController().signal,
    bytes: (async function* () {
      yield await Promise.resolve(new TextEncoder().encode(typed));
      return undefined;
    })(),
    isBehind: false,
    send: (message) => {
      ({ exit } = message);
    },
    write: (bytes) => {
      text += new TextDecoder().decode(bytes);
      return Promise.resolve();
    },
    onMessage: () => undefined,
  };
  const instance = { directory, simulated: true, port: undefined, config: undefined };
  await runTerminal(cloud, userPaths(instance), { projectId: 'abc', cols: 80, rows: 24, run }, stream);
  return { text, exit };
}

test('a shell has the variables of the project, and says how to come by the client', async () => {
  vi.stubEnv('OS_CLOUD', 'another');
  vi.stubEnv('PATH', directory);
  const { text, exit } = await session({ kind: 'shell' }, 'echo "<$OS_PROJECT_ID$OS_CLOUD>"; exit 3\n');
  expect(text).toContain('sudo apt install python3-openstackclient');
  expect(text).toContain('<abc>');
  expect(exit).toBe(3);
  writeFileSync(join(directory, 'openstack'), '', { mode: 0o755 });
  expect((await session({ kind: 'shell' }, 'exit\n')).text).toContain('try openstack server list');
});

test.runIf(process.getuid?.() === 0)(
  "with root on loan a shell is the person's, groups and all",
  async () => {
    lender.borrowed = true;
    const { text } = await session(
      { kind: 'shell' },
      'echo "<$(id -u) $(id -g) $(id -G) $HOME $USER>"; cat /etc/shadow; exit\n',
    );
    expect(text).toContain('<65534 65534 65534 / ada>');
    expect(text).toContain('Permission denied');
  },
);

test('ssh is called with the key, the address and nothing else of the page', async () => {
  writeFileSync(join(directory, 'ssh'), '#!/bin/sh\nfor word in "$@"; do echo "[$word]"; done\n', {
    mode: 0o755,
  });
  vi.stubEnv('PATH', `${directory}:/usr/bin:/bin`);
  const run = { kind: 'ssh', serverId: 's', user: 'debian', address: '172.24.4.9' } as const;
  const { text } = await session(run, '');
  expect(text).toContain('[debian@172.24.4.9]');
  expect(text).toContain(`[UserKnownHostsFile=${directory}/user/known_hosts]`);
  await expect(session({ ...run, address: '-oProxyCommand=x' }, '')).rejects.toThrow('is not an IP address');
  vi.stubEnv('PATH', join(directory, 'none'));
  await expect(session(run, '')).rejects.toThrow('sudo apt install openssh-client');
});
