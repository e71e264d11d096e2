import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CommandError } from '../../command/interface.ts';
import { inside, type NetContext } from '../context.ts';
import { replaceFile, signalDaemon } from '../daemon-files.ts';
import { isRadvd, radvdArguments, radvdProcesses, routerDirectory } from '../inventory.ts';
import { routerNamespace } from '../names.ts';
import { idWord } from '../values.ts';

const STOP_MS = 3000;

/**
 * Brings the radvd of a router to what is to be advertised: exactly one runs, or none for undefined. It outlives the
 * helper and is known again by its command line (R20). A change is a SIGHUP: the old advertisements stay valid.
 */
export async function ensureRadvd(
  net: NetContext,
  user: string,
  routerId: string,
  text: string | undefined,
): Promise<void> {
  const directory = routerDirectory(net, idWord(routerId));
  if (text === undefined) return removeRadvd(net, routerId);
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const changed = replaceFile(join(directory, 'radvd.conf'), text);
  const [pid, ...more] = running(net, routerId);
  if (pid !== undefined && more.length === 0) {
    if (changed) signal(pid, 'SIGHUP', routerId);
    return;
  }
  if (more.length > 0) await stop(net, routerId);
  const argv = inside(routerNamespace(routerId), [
    'radvd',
    ...radvdArguments(net, routerId),
    '-p',
    join(directory, 'radvd.pid'),
    '-m',
    'logfile',
    '-l',
    join(directory, 'radvd.log'),
    '-u',
    user,
  ]);
  try {
    await net.commands.run(argv);
  } catch (error) {
    if (error instanceof CommandError && /failed to execute radvd/.test(error.stderr)) {
      throw new Error(
        'radvd is not on this machine, so routers cannot advertise IPv6 subnets; install it with: apt-get install radvd',
        { cause: error },
      );
    }
    throw error;
  }
}

/** The last advertisement of a radvd that ends takes the router out of the guests' default routes. */
export async function removeRadvd(net: NetContext, routerId: string): Promise<void> {
  await stop(net, routerId);
  rmSync(routerDirectory(net, idWord(routerId)), { recursive: true, force: true });
}

const running = (net: NetContext, routerId: string): number[] =>
  radvdProcesses(net)
    .filter((process) => process.routerId === routerId)
    .map((process) => process.pid);

async function stop(net: NetContext, routerId: string): Promise<void> {
  const pids = running(net, routerId);
  for (const pid of pids) signal(pid, 'SIGTERM', routerId);
  const deadline = performance.now() + STOP_MS;
  while (pids.some((pid) => isRadvd(net, routerId, pid))) {
    // Not our child, so there is no event to wait for.
    await delay(2);
    if (performance.now() > deadline)
      for (const pid of running(net, routerId)) signal(pid, 'SIGKILL', routerId);
  }
}

const signal = (pid: number, name: 'SIGHUP' | 'SIGTERM' | 'SIGKILL', routerId: string): void =>
  signalDaemon(pid, name, `radvd of router ${routerId}`);
