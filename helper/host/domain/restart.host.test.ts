/** R30: a libvirtd that is not there yet, comes, is killed and comes again. Needs root and libvirtd's program. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { DomainHint } from './interface.ts';
import { LinuxDomainHost } from './linux.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 });

const NOBODY = 65_534;
const WAIT = { timeout: 20_000, interval: 50 };
let directory: string;
let daemon: ChildProcess | undefined;

/** As an unprivileged user, with libvirt's test driver: it touches nothing of the host's libvirtd. */
function startDaemon(): void {
  daemon = spawn('libvirtd', ['--config', join(directory, 'conf'), '--pid-file', join(directory, 'pid')], {
    stdio: 'ignore',
    uid: NOBODY,
    gid: NOBODY,
    env: {
      PATH: process.env['PATH'],
      HOME: directory,
      XDG_RUNTIME_DIR: directory,
      XDG_CACHE_HOME: directory,
    },
  });
}

async function killDaemon(): Promise<void> {
  if (daemon === undefined) return;
  const exited = once(daemon, 'exit');
  daemon.kill('SIGKILL');
  await exited;
  daemon = undefined;
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'domtest-daemon-'));
  chownSync(directory, NOBODY, NOBODY);
  writeFileSync(
    join(directory, 'conf'),
    [`unix_sock_dir = "${directory}"`, 'auth_unix_rw = "none"', 'auth_unix_ro = "none"'].join('\n'),
  );
});
afterEach(async () => {
  await killDaemon();
  rmSync(directory, { recursive: true });
});

test('who watches hears of every return, and calls say why they fail in between', async () => {
  const host = new LinuxDomainHost({
    owner: 'domtest',
    socketPath: join(directory, 'libvirt-sock'),
    uri: 'test:///default',
  });
  const hints: DomainHint[] = [];
  host.watch((hint) => hints.push(hint));
  const resyncs = (count: number): Promise<void> =>
    vi.waitFor(() => expect(hints.filter(({ event }) => event === 'resync')).toHaveLength(count), WAIT);
  try {
    await expect(host.hypervisor()).rejects.toMatchObject({ reason: 'unavailable' });
    startDaemon();
    await resyncs(1);
    expect((await host.hypervisor()).vcpus).toBeGreaterThan(0);

    await killDaemon();
    // A call that is on its way when the connection is found broken may have been heard.
    await expect(host.status('5c1fd0a1-0000-4000-8000-000000000001')).rejects.toMatchObject({
      reason: expect.stringMatching(/^(unavailable|unknownOutcome)$/) as string,
    });
    startDaemon();
    await resyncs(2);
    expect((await host.hypervisor()).vcpus).toBeGreaterThan(0);
  } finally {
    await host.close();
  }
});
