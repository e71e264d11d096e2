import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { access, constants } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SIMULATED_MARK } from '../helper/contract/setup.ts';
import type { HelperStatus } from '../helper/contract/status.ts';
import { helperBundle, isBundleFresh } from './helper-bundle.mjs';
import { HelperClient, HelperError } from './helper-client.ts';
import { person } from './person.ts';

/** In a packaged window programs that others run are beside the archive, not in it. */
const ROOT = join(import.meta.dirname, '..').replace(/\bapp\.asar(?=\/|$)/, 'app.asar.unpacked');
const HELPER = join(ROOT, 'helper');
/** Of the Debian package: runs the helper's programs and nothing else, so that polkit can know it by its name. */
const ADMIN = join(ROOT, 'bin', 'deskcloud-admin');

/** The package's systemd unit: it is of the machine's own instance, with its settings in /etc/deskcloud. */
const UNIT = 'deskcloud.service';
const UNIT_FILES = [
  `/etc/systemd/system/${UNIT}`,
  `/usr/lib/systemd/system/${UNIT}`,
  `/lib/systemd/system/${UNIT}`,
];

/**
 * A helper that stands by all day is to be small. The first (MiB): V8 grows its space for new objects to many times what
 * requests need, and does not give it back. The second saves 9 MiB or more; a page of 1,000 servers takes a third longer.
 */
const SMALL = ['--max-semi-space-size=2', '--optimize-for-size'];

/** Which instance of Deskcloud is meant. */
export interface Instance {
  /** Everything of an instance of its own is below it; undefined for the machine's. */
  readonly directory: string | undefined;
  readonly simulated: boolean;
  readonly port: number | undefined;
  readonly config: string | undefined;
}

export const socketOf = (instance: Instance): string =>
  instance.directory === undefined
    ? '/run/deskcloud/helper.sock'
    : join(instance.directory, 'run', 'helper.sock');

/** The helper's log, a JSON object a line. */
export const logOf = (instance: Instance): string =>
  join(
    instance.directory === undefined ? '/var/log/deskcloud' : join(instance.directory, 'log'),
    'helper.log',
  );

/**
 * Whether an instance of its own directory makes no guest and no device, as its last start said; its later commands need
 * not be told again, nor root's rights. False where that cannot be known.
 */
export const isKnownAsSimulated = (directory: string | undefined): boolean =>
  directory !== undefined && existsSync(join(directory, 'state', SIMULATED_MARK));

/** Arguments by which the helper's programs know the instance. */
export function instanceArguments(instance: Instance): string[] {
  return [
    ...(instance.directory === undefined ? [] : ['--directory', instance.directory]),
    ...(instance.simulated ? ['--host', 'simulated'] : []),
    ...(instance.port === undefined ? [] : ['--port', String(instance.port)]),
    ...(instance.config === undefined ? [] : ['--config', instance.config]),
  ];
}

/** Node's program: this very one, or within Electron (whose own must not run as Node) the one beside it. */
const NODE =
  process.versions['electron'] === undefined
    ? process.execPath
    : join(ROOT, 'node_modules', 'node', 'bin', 'node');

/**
 * What a person types for a command of Deskcloud's here: its name where it is installed, else npm's script.
 * @param instance is named where it is not the machine's own.
 */
export function typed(instance: Instance | undefined, ...words: readonly [string, ...string[]]): string {
  const own = instance === undefined ? [] : instanceArguments(instance);
  if (existsSync(ADMIN)) return ['deskcloud', ...words, ...own].join(' ');
  const [command, ...rest] = [...words, ...own];
  if (command !== 'demo' && command !== 'start')
    return ['npm run -s deskcloud --', command, ...rest].join(' ');
  const script = command === 'start' ? 'npm start' : 'npm run demo';
  return rest.length === 0 ? script : [script, '--', ...rest].join(' ');
}

/** A program of helper/ with its arguments, run by Node. */
export function helperProgram(
  name: 'main' | 'setup' | 'teardown',
  words: readonly string[],
): [string, ...string[]] {
  if (existsSync(ADMIN)) return [ADMIN, name, ...words];
  const program = isBundleFresh() ? join(dirname(helperBundle), `${name}.mjs`) : join(HELPER, `${name}.ts`);
  return [NODE, '--disable-warning=ExperimentalWarning', ...SMALL, program, ...words];
}

/** True where the helper needs no more privilege than this process has, so its start asks for nothing. */
export const isPrivileged = (instance: Instance): boolean => process.getuid?.() === 0 || instance.simulated;

/**
 * The command with what gives it root's rights: nothing for root, pkexec in a graphical session without a terminal,
 * sudo otherwise.
 */
export async function privileged(
  instance: Instance,
  argv: readonly [string, ...string[]],
): Promise<[string, ...string[]]> {
  if (isPrivileged(instance)) return [...argv];
  const graphical = process.env['DISPLAY'] !== undefined || process.env['WAYLAND_DISPLAY'] !== undefined;
  const pkexec = await installed('pkexec');
  if (graphical && pkexec && !process.stdin.isTTY) return ['pkexec', ...argv];
  if (await installed('sudo')) return ['sudo', '--', ...argv];
  if (pkexec) return ['pkexec', ...argv];
  throw new Error(
    `Root's rights are needed for '${argv.join(' ')}', and neither sudo nor pkexec is installed. Run this command as root.`,
  );
}

async function installed(program: string): Promise<boolean> {
  const found = await Promise.all(
    (process.env['PATH'] ?? '/usr/bin:/bin').split(':').map((directory) =>
      access(join(directory, program), constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
}

/** Runs a command in this terminal. @throws {Error} when it fails. */
export function runHere(argv: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const [program = '', ...words] = argv;
    const child = spawn(program, words, { stdio: 'inherit' });
    child.on('error', reject);
    child.on('exit', (code) =>
      code === 0 ? resolve() : reject(new Error(`'${argv.join(' ')}' ended with status ${code}`)),
    );
  });
}

/** Runs a command and hands over each line that it prints. @throws {Error} with its last words when it fails. */
export function runForLines(argv: readonly string[], onLine: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const [program = '', ...words] = argv;
    const child = spawn(program, words, { stdio: ['inherit', 'pipe', 'pipe'] });
    let rest = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(onLine);
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors = (errors + chunk).slice(-4096)));
    child.on('error', reject);
    child.on('close', (code) => {
      if (rest !== '') onLine(rest);
      if (code === 0) resolve();
      else
        reject(
          new Error(
            errors.trim().replace(/^deskcloud helper: /, '') ||
              `'${argv.join(' ')}' ended with status ${code}`,
          ),
        );
    });
  });
}

/**
 * The helper of this instance, started if it does not run. It goes on when this process ends.
 * @throws {Error} with the helper's own words when it does not come up within 30 s.
 */
export async function ensureHelper(
  instance: Instance,
): Promise<{ client: HelperClient; status: HelperStatus; started: boolean }> {
  const client = new HelperClient(socketOf(instance));
  const running = await client.statusIfRunning();
  if (running !== undefined) return { client, status: running, started: false };
  if (hasUnit(instance)) {
    // systemd asks for the right to it by itself, through polkit.
    await runForLines(['systemctl', 'start', UNIT], () => undefined);
    const status = await waitForStatus(client).catch((error: unknown) => {
      if (!(error instanceof HelperError) || error.status !== 0) throw error;
      const text = `The service ${UNIT} was started and does not answer; 'journalctl -u ${UNIT} -n 20' says why.`;
      throw new Error(text, { cause: error });
    });
    return { client, status, started: true };
  }
  const argv = await privileged(
    instance,
    helperProgram('main', [...instanceArguments(instance), '--daemon', ...desktopUser()]),
  );
  // The helper puts itself into the background and ends this call once it listens, or fails it with the reason.
  await runForLines(argv, () => undefined);
  const status = await waitForStatus(client);
  return { client, status, started: true };
}

/** @param there whether a file is there. */
export const hasUnit = (instance: Instance, there: (path: string) => boolean = existsSync): boolean =>
  instanceArguments(instance).length === 0 && there('/run/systemd/system') && UNIT_FILES.some(there);

/** The user whose desktop it is, for the socket's group when root is only borrowed. */
function desktopUser(): string[] {
  const { uid, gid } = person();
  return uid === 0 ? [] : ['--desktop-gid', String(gid)];
}

async function waitForStatus(client: HelperClient): Promise<HelperStatus> {
  for (let tries = 0; ; tries++) {
    try {
      return await client.status();
    } catch (error) {
      if (!(error instanceof HelperError) || error.status !== 0 || tries > 300) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
