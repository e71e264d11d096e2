import { homedir } from 'node:os';
import { access } from 'node:fs/promises';
import { isIP } from 'node:net';
import { spawn as spawnTerminal } from '@lydell/node-pty';
import type { TerminalRequest } from '../../contract/shell.ts';
import { sshArguments } from '../../demo/ssh.ts';
import type { UserPaths } from '../../user-paths.ts';
import type { CloudAccess } from '../cloud-access.ts';
import type { ShellStream } from '../stream.ts';

/** What the page may be behind before the program in the terminal is held back. */
const HIGH_WATER = 256 * 1024;

/** Runs a program of the desktop's user in a terminal, until it ends or the page wants no more of it. */
export async function runTerminal(
  cloud: CloudAccess,
  paths: UserPaths,
  request: TerminalRequest,
  stream: ShellStream<{ cols: number; rows: number }, { exit: number }>,
): Promise<void> {
  const [program, ...words] = await commandOf(request, paths);
  const terminal = spawnTerminal(program, words, {
    name: 'xterm-256color',
    cols: request.cols,
    rows: request.rows,
    cwd: homedir(),
    env: await environmentOf(cloud, request),
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

async function commandOf({ run }: TerminalRequest, paths: UserPaths): Promise<[string, ...string[]]> {
  if (run.kind === 'shell') return [process.env['SHELL'] ?? '/bin/bash'];
  if (isIP(run.address) === 0) throw new Error(`'${run.address}' is not an IP address.`);
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
    Object.entries(process.env).flatMap(([name, value]) =>
      value === undefined || name.startsWith('OS_') ? [] : [[name, value]],
    ),
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
