import { chmodSync, chownSync, lstatSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import type { Arguments } from './arguments.ts';
import { createCloud, type Cloud } from './cloud.ts';
import { loadConfig, type Config } from './config.ts';
import { SIMULATED_MARK } from './contract/setup.ts';
import { tellParent } from './daemon.ts';
import { overSocket } from './desktop/index.ts';
import { isDatabaseFull } from './errors/error.ts';
import type { Host } from './host/index.ts';
import { createHttpServer, createLogger, type Logger } from './http/index.ts';
import { desktopGroup, listenOnLoopback, listenOnSocket } from './listen.ts';
import type { JournalObserver } from './saga/index.ts';

/** What tests want of a helper beside its work. */
export interface UnderTest {
  /** Is told of each write to the operations' journal; for tests that kill the process there. */
  readonly journal?: JournalObserver;
  /** Fails each request whose answer is not as its endpoint declares it. */
  readonly validateResponses?: boolean;
  /** Is told of the host, to look at what is there. */
  readonly onHost?: (host: Host) => void;
}

/**
 * Runs the helper until it is told to stop.
 * @throws {Error} that names cause and remedy when it cannot come up.
 */
export async function runHelper(
  options: Arguments,
  { journal, validateResponses = false, onHost }: UnderTest = {},
): Promise<void> {
  const config = loadConfig(options.config, options.overrides);
  prepareDirectories(config);
  // In the background there is nobody to read a terminal.
  shareLog(config.logDirectory, options.desktopGid);
  const log = createLogger({ directory: config.logDirectory, toTerminal: process.send === undefined });
  const { logger } = log;
  const host =
    config.host === 'simulated'
      ? (await import('./host/simulated.ts')).createSimulatedHost(config)
      : await (await import('./host/linux.ts')).createLinuxHost(config);
  onHost?.(host);

  let origin = '';
  let stopping: Promise<void> | undefined;
  const servers: Server[] = [];
  let starting: Promise<void> | undefined;
  const stop = (guests: 'keep' | 'shutdown'): void => {
    stopping ??= end({ cloud, servers, starting }, guests, logger).then(() => log.close());
  };
  const cloud = await createCloud({
    config,
    configPath: options.config,
    overrides: options.overrides,
    host,
    logger,
    version: version(),
    endpoint: () => origin,
    onStop: stop,
    ...(journal === undefined ? {} : { journal }),
  }).catch((error: unknown) => {
    if (!isDatabaseFull(error)) throw error;
    throw new Error(
      `The disk that holds ${config.stateDirectory} is full. Free space on it, or move the state directory to a larger disk.`,
      { cause: error },
    );
  });
  const common = {
    authenticate: cloud.authenticate,
    limiter: cloud.limiter,
    origins: config.listener,
    validateResponses,
    logger,
  };
  const api = createHttpServer({
    ...common,
    services: cloud.services,
    rawRoutes: cloud.consoles.rawRoutes,
    upgrades: cloud.consoles.upgrades,
  });
  origin = await listenOnLoopback(api, config.listener);
  const desktop = createHttpServer({
    ...common,
    services: [overSocket(cloud.desktop, cloud.desktopAuth)],
    checkOrigins: false,
  });
  await listenOnSocket(desktop, join(config.runDirectory, 'helper.sock'), options.desktopGid);
  servers.push(api, desktop);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => stop('keep'));
  logger.info({ origin, host: config.host, owner: config.owner }, 'listening');
  tellParent({ listening: origin });
  try {
    starting = cloud.start();
    await starting;
    logger.info({}, 'ready');
  } catch (error) {
    // What could not be compared now is compared when its cause is gone; the APIs answer meanwhile.
    logger.error({ err: error }, 'the host could not be brought to the state that the database wants');
  }
}

interface Running {
  readonly cloud: Cloud;
  readonly servers: readonly Server[];
  readonly starting: Promise<void> | undefined;
}

async function end(
  { cloud, servers, starting }: Running,
  guests: 'keep' | 'shutdown',
  logger: Logger,
): Promise<void> {
  for (const server of servers) server.close();
  // What a start makes after the stop would stay, and with it the process; why it failed was logged there.
  await starting?.catch(() => undefined);
  try {
    await cloud.stop(guests);
    logger.info({ guests }, 'stopped');
  } catch (error) {
    logger.error({ err: error }, 'the helper did not stop cleanly');
    process.exitCode = 1;
  }
  for (const server of servers) server.closeAllConnections();
}

function prepareDirectories(config: Config): void {
  try {
    // Others may pass through to what is theirs (guests' sockets and disks), and see nothing.
    for (const directory of [config.stateDirectory, config.runDirectory]) {
      mkdirSync(directory, { recursive: true, mode: 0o711 });
      chmodSync(directory, 0o711);
    }
    if (config.host === 'simulated') writeFileSync(join(config.stateDirectory, SIMULATED_MARK), '');
    else rmSync(join(config.stateDirectory, SIMULATED_MARK), { force: true });
  } catch (error) {
    throw new Error(
      `The directories ${config.stateDirectory} and ${config.runDirectory} cannot be made (${(error as Error).message}). Run the helper as root, or give it a --directory of its own together with --host simulated.`,
      { cause: error },
    );
  }
}

/** Whoever may use the cloud may read its log: new files in the directory are their group's. */
function shareLog(directory: string, desktopGid: number | undefined): void {
  const gid = desktopGroup(desktopGid);
  mkdirSync(directory, { recursive: true, mode: 0o750 });
  if (gid === undefined || process.getuid?.() !== 0) return;
  chownSync(directory, 0, gid);
  chmodSync(directory, 0o2750);
  const before = join(directory, 'helper.log');
  if (lstatSync(before, { throwIfNoEntry: false })?.isFile() === true) chownSync(before, 0, gid);
}

function version(): string {
  const text = readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
