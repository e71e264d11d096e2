import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { asPerson } from '../person.ts';

const run = promisify(execFile);

export interface SshTarget {
  readonly address: string;
  readonly user: string;
  /** Absent: the person's own keys and agent. */
  readonly keyPath?: string;
  readonly knownHostsPath: string;
}

/** Guests of a floating IP come and go, so their host keys are kept apart from the user's own, and not asked about. */
export const sshArguments = (target: SshTarget): string[] => [
  ...(target.keyPath === undefined ? [] : ['-i', target.keyPath, '-o', 'IdentitiesOnly=yes']),
  '-o',
  'StrictHostKeyChecking=no',
  '-o',
  `UserKnownHostsFile=${target.knownHostsPath}`,
  '-o',
  'LogLevel=ERROR',
  `${target.user}@${target.address}`,
];

const LIMIT_MS = 5 * 60_000;
/** Most guests answer well before; the bar slows down towards the end. */
const USUAL_MS = 20_000;

/**
 * Waits until a command runs in the guest over SSH by key.
 * @throws {Error} after five minutes, with what to look at.
 */
export async function waitForSsh(options: SshTarget & { onWait: (fraction: number) => void }): Promise<void> {
  const started = Date.now();
  for (;;) {
    const waited = Date.now() - started;
    options.onWait(1 - Math.exp(-waited / USUAL_MS));
    if ((await portAnswers(options.address)) && (await commandRuns(options))) return;
    if (waited > LIMIT_MS) {
      throw new Error(
        `The guest does not answer SSH at ${options.address} after 5 minutes. Its console says why: openstack --os-cloud deskcloud console log show demo-server`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

function portAnswers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 22, timeout: 2000 });
    const end = (answer: boolean) => () => {
      socket.destroy();
      resolve(answer);
    };
    socket.on('connect', end(true)).on('error', end(false)).on('timeout', end(false));
  });
}

async function commandRuns(target: SshTarget): Promise<boolean> {
  try {
    const options = ['-o', 'BatchMode=yes', '-o', 'ConnectTimeout=10'];
    const [program, ...words] = asPerson(['ssh', ...options, ...sshArguments(target), 'true']);
    await run(program, words, { timeout: 30_000 });
    return true;
  } catch {
    return false;
  }
}
