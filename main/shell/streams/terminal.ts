import { access, constants } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { spawn as spawnTerminal } from '@lydell/node-pty';
import type { TerminalRequest } from '../../contract/shell.ts';
import { sshArguments } from '../../demo/ssh.ts';
import { asPerson, person, personEnvironment } from '../../person.ts';
import type { UserPaths } from '../../user-paths.ts';
import type { CloudAccess } from '../cloud-access.ts';
import type { ShellStream } from '../stream.ts';

/** What the page may be behind before the program in the terminal is held back. */
const HIGH_WATER = 256 * 1024;

/**
 * Runs a program of the desktop's user in a terminal, until it ends or the page wants no more of it. With root's rights
 * on loan (sudo, pkexec) it is still the user's, with none of them.
 * @throws {Error} that names what is not installed.
 */
export async function runTerminal(
  cloud: CloudAccess,
  paths: UserPaths,
  request: TerminalRequest,
  stream: ShellStream<{ cols: number; rows: number }, { exit: number }>,
): Promise<void> {
  const command = await commandOf(request, paths);
  const [program, ...words] = asPerson(command);
  const env = await environmentOf(cloud, request);
  await stream.write(new TextEncoder().encode(await greeting(request, env)));
  const terminal = spawnTerminal(program, words, {
    name: 'xterm-256color',
    cols: request.cols,
    rows: request.rows,
    cwd: person().home,
    env,
    encoding: null,
  });
  stream.signal.addEventListener('abort', () => terminal.kill('SIGHUP'), { once: true });
  stream.onMessage(({ cols, rows }) => terminal.resize(cols, rows));
  let behind = 0;
  terminal.onData((data) => {
    // With `encoding: null` these are bytes, whatever the type says.
    const bytes = Buffer.from(data);
    behind += bytes.length;
    if (behind > HIGH_WATER) terminal.pause();
    void pass(bytes);
  });
  async function pass(bytes: Uint8Array): Promise<void> {
    await stream.write(bytes);
    behind -= bytes.length;
    if (behind <= HIGH_WATER) terminal.resume();
  }
  const ended = new Promise<number>((resolve) => terminal.onExit(({ exitCode }) => resolve(exitCode)));
  void (async () => {
    const decoder = new TextDecoder();
    for await (const bytes of stream.bytes) terminal.write(decoder.decode(bytes, { stream: true }));
  })();
  stream.send({ exit: await ended });
}

/** What a shell begins with. */
async function greeting({ run }: TerminalRequest, env: Readonly<Record<string, string>>): Promise<string> {
  if (run.kind !== 'shell') return '';
  const text = (await isInstalled('openstack', env))
    ? 'OS_* is set for this project: try openstack server list'
    : 'OS_* is set for this project, but the openstack client is not installed: sudo apt install python3-openstackclient';
  // Dim, so that it is seen not to be the shell's.
  return `\x1b[2m${text}\x1b[0m\r\n`;
}

async function isInstalled(program: string, env: Readonly<Record<string, string>>): Promise<boolean> {
  for (const directory of (env['PATH'] ?? '/usr/bin:/bin').split(':')) {
    const there = await access(join(directory, program), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (there) return true;
  }
  return false;
}

async function commandOf({ run }: TerminalRequest, paths: UserPaths): Promise<[string, ...string[]]> {
  if (run.kind === 'shell') return [person().shell];
  if (isIP(run.address) === 0) throw new Error(`'${run.address}' is not an IP address.`);
  if (!(await isInstalled('ssh', personEnvironment())))
    throw new Error('ssh is not installed: sudo apt install openssh-client');
  const hasKey = await access(paths.demoKey).then(
    () => true,
    () => false,
  );
  const words = sshArguments({
    address: run.address,
    user: run.user,
    knownHostsPath: paths.knownHosts,
    // Without the demo's key the person's own ones are tried.
    ...(hasKey ? { keyPath: paths.demoKey } : {}),
  });
  return ['ssh', ...words];
}

async function environmentOf(
  cloud: CloudAccess,
  { projectId, run }: TerminalRequest,
): Promise<Record<string, string>> {
  const own = Object.fromEntries(
    Object.entries(personEnvironment()).filter(([name]) => !name.startsWith('OS_')),
  );
  if (run.kind !== 'shell') return own;
  const given = await cloud.credentials();
  return {
    ...own,
    OS_AUTH_URL: given.authUrl,
    OS_USERNAME: given.username,
    OS_PASSWORD: given.password,
    OS_USER_DOMAIN_NAME: given.userDomainName,
    OS_PROJECT_ID: projectId,
    OS_REGION_NAME: given.regionName,
    OS_IDENTITY_API_VERSION: '3',
    OS_INTERFACE: 'public',
  };
}
