/** A private libvirtd that is killed and started again under an open connection. Needs root. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { connect, domainRef, LibvirtTimeoutError, type Libvirt } from './index.ts';

let directory: string;
let daemon: ChildProcess | undefined;
let libvirt: Libvirt | undefined;

const socketPath = (): string => join(directory, 'libvirt-sock');

const NOBODY = 65_534;

/** As an unprivileged user, with state of its own: it neither sees nor touches the guests of the host's libvirtd. */
function startDaemon(): void {
  daemon = spawn('libvirtd', ['--config', join(directory, 'conf'), '--pid-file', join(directory, 'pid')], {
    stdio: 'ignore',
    uid: NOBODY,
    gid: NOBODY,
    env: {
      PATH: process.env.PATH,
      HOME: directory,
      XDG_RUNTIME_DIR: directory,
      XDG_CONFIG_HOME: directory,
      XDG_CACHE_HOME: directory,
    },
  });
}

async function killDaemon(): Promise<void> {
  if (daemon === undefined || daemon.exitCode !== null) return;
  const exited = once(daemon, 'exit');
  daemon.kill('SIGKILL');
  await exited;
  daemon = undefined;
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'lvts-daemon-'));
  chownSync(directory, NOBODY, NOBODY);
  writeFileSync(
    join(directory, 'conf'),
    [
      `unix_sock_dir = "${directory}"`,
      'auth_unix_rw = "none"',
      'auth_unix_ro = "none"',
      `log_outputs = "3:file:${directory}/log"`,
    ].join('\n'),
  );
});

afterEach(async () => {
  await libvirt?.close();
  libvirt = undefined;
  await killDaemon();
  rmSync(directory, { recursive: true });
});

const startAndConnect = async (): Promise<Libvirt> => {
  startDaemon();
  libvirt = await vi.waitFor(() => connect({ socketPath: socketPath(), uri: 'test:///default' }), {
    timeout: 20_000,
    interval: 100,
  });
  return libvirt;
};

test('a daemon that hangs is a time-out, and the connection is good again when it goes on', async () => {
  const lv = await startAndConnect();
  daemon?.kill('SIGSTOP');
  const error = await lv.connectGetHostname({}, { timeoutMs: 100 }).catch((e: unknown) => e);
  const aside = await lv
    .qemuDomainMonitorCommand({ dom: domainRef(crypto.randomUUID()), cmd: '' }, { timeoutMs: 100 })
    .catch((e: unknown) => e);
  daemon?.kill('SIGCONT');
  expect(error).toBeInstanceOf(LibvirtTimeoutError);
  expect(aside).toMatchObject({ name: 'LibvirtDisconnectedError', outcome: 'not-sent' });
  expect(await lv.connectGetType()).toBe('TEST');
});

test('the connection comes back with its subscriptions', { timeout: 60_000 }, async () => {
  const lv = await startAndConnect();
  const events: number[] = [];
  await lv.subscribe('lifecycle', ({ event }) => void events.push(event));
  const disconnected = once(lv, 'disconnected');
  const reconnected = once(lv, 'reconnected');

  await killDaemon();
  await disconnected;
  await expect(lv.connectGetHostname()).rejects.toMatchObject({
    name: 'LibvirtDisconnectedError',
    outcome: 'not-sent',
  });
  // A killed daemon leaves its socket behind: refused, not missing.
  expect(existsSync(socketPath())).toBe(true);
  await expect(connect({ socketPath: socketPath() })).rejects.toThrow('libvirtd is not running');
  startDaemon();
  await reconnected;

  const dom = await lv.domainLookupByName({ name: 'test' });
  await lv.domainSuspend({ dom });
  await lv.domainResume({ dom });
  await vi.waitFor(() => expect(events).toEqual([3, 4]));
});
