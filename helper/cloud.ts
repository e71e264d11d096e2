import { randomBytes, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { basename, dirname } from 'node:path';
import { backendsOf } from './backend-settings.ts';
import { backupSettings } from './backup-settings.ts';
import { adminCredentials, cloudStatus } from './cloud-status.ts';
import { createBasics } from './compute/basics-impl.ts';
import { createCompute, serverPower, type Compute } from './compute/index.ts';
import type { Config, ConfigOverrides } from './config.ts';
import { createConsoles, type Consoles } from './console/index.ts';
import { closeDatabase, openDatabase } from './db/index.ts';
import { createDesktop } from './desktop/index.ts';
import { externalPlan } from './desktop/external-plan.ts';
import { conflict } from './errors/error.ts';
import { buildConfigDrive } from './host/configdrive/index.ts';
import { GuardedWebSource } from './host/download/guarded.ts';
import type { StatePath } from './host/files/interface.ts';
import { LinuxStateFiles } from './host/files/linux.ts';
import type { Host } from './host/index.ts';
import {
  RateLimiter,
  type AuthContext,
  type Authenticator,
  type Logger,
  type Service,
} from './http/index.ts';
import { createIdentity } from './identity/index.ts';
import { createImage } from './image/index.ts';
import { createMetadata } from './metadata/index.ts';
import { createNetwork } from './network/index.ts';
import { createPlacement } from './placement/index.ts';
import { PowerStateLoop } from './reconcile/power-state.ts';
import { DHCP_SERVERS, ISCSI_EXPORTS, RevivalLoop } from './reconcile/revival.ts';
import { SagaEngine, listOperations, type JournalObserver } from './saga/index.ts';
import { Secret } from './secret.ts';
import { Settings } from './settings.ts';
import { GENERATION_FILE, takeDown } from './take-down.ts';
import { createVolume, DEFAULT_WEIGHTS } from './volume/index.ts';

/** What the process around the cloud gives it. */
export interface CloudOptions {
  readonly config: Config;
  /** Where the settings came from, for who changes them. */
  readonly configPath?: string | undefined;
  readonly overrides?: ConfigOverrides;
  readonly host: Host;
  readonly logger: Logger;
  readonly version: string;
  /** The listener's origin; known once it listens. */
  readonly endpoint: () => string;
  /** Somebody asked for the helper's end over the desktop's socket. */
  readonly onStop: (guests: 'keep' | 'shutdown') => void;
  /** Is told of each write to the operations' journal. */
  readonly journal?: JournalObserver;
}

/** All services in one process, with one database. */
export interface Cloud {
  readonly services: readonly Service[];
  readonly consoles: Consoles;
  readonly authenticate: Authenticator;
  readonly limiter: RateLimiter;
  readonly desktopAuth: () => AuthContext;
  /** Deskcloud's own API, which is also on the desktop's socket. */
  readonly desktop: Service;
  /** Takes up open operations and compares what should be with what is. Run it once the listener is there. */
  start(): Promise<void>;
  /** Ends all work; what is not finished goes on at the next start. With 'shutdown' no guest or device is left. */
  stop(guests: 'keep' | 'shutdown'): Promise<void>;
}

const PASSWORD_FILE = ['admin-password'] as const;
const CONSOLES = {
  novnc: "somebody looks at the guest's screen",
  serial: "somebody is on the guest's serial line",
};

/**
 * Builds the cloud on a state directory: opens the database, wires the services, makes what a cloud cannot begin
 * without. Nothing runs yet.
 * @throws {Error} when the state directory cannot be used; the message names the remedy.
 */
export async function createCloud(options: CloudOptions): Promise<Cloud> {
  const { config, host, logger } = options;
  const clock = Date.now;
  const files = new LinuxStateFiles(config.stateDirectory);
  const runFiles = new LinuxStateFiles(config.runDirectory);
  const db = openDatabase({ path: `${config.stateDirectory}/deskcloud.db` });
  const generation = await readOrMake(runFiles, GENERATION_FILE, () => randomUUID());
  const engine = new SagaEngine({
    db,
    logger,
    ...(options.journal === undefined ? {} : { journal: options.journal }),
  });

  // These are changed while the cloud runs: what reads them reads them at each use.
  const identityConfig = { region: config.region, ...config.identity };
  const imageConfig = {
    ...imageSettings(config),
    ...config.image,
    ...(host.guestOwner === undefined ? {} : { dataOwner: { uid: 0, gid: host.guestOwner.gid } }),
  };
  const identity = createIdentity({
    db,
    logger,
    config: identityConfig,
  });
  const password = new Secret(
    await readOrMake(files, PASSWORD_FILE, () => randomBytes(18).toString('base64url')),
  );
  await identity.bootstrap({ adminPassword: password });

  const image = createImage({
    db,
    files,
    disks: host.disks,
    sagas: engine,
    web: new GuardedWebSource({ trusted: config.image.importOrigins ?? [] }),
    logger,
    now: clock,
    config: imageConfig,
  });
  const metadata = createMetadata({
    db,
    network: () => network.face,
    instances: () => compute.face,
    sagas: engine,
    logger,
  });
  const network = createNetwork({
    db,
    sagas: engine,
    host: host.network,
    metadata: metadata.listener,
    logger,
    clock,
    config: {
      hostName: hostname(),
      vniRange: config.network.vniRange,
      masquerade: config.external.masquerade,
      physicalNetworks: { external: config.external.bridge },
    },
    serverPortDeleted: (serverId, nic, who) => compute.portDeleted(serverId, nic, who),
    serverProject: (inDb, id) => compute.face.metadataOf(inDb, id)?.projectId,
  });
  const consoles = await createConsoles({
    now: clock,
    logger,
    serverExists: (id) => compute.face.consolesOf(db, id) !== undefined,
    socketPath: (id, kind) => {
      const found = compute.face.consolesOf(db, id);
      if (found === undefined) throw conflict(`Instance ${id} is not ready`);
      return kind === 'serial' ? found.serialSocketPath : found.vncSocketPath;
    },
    connect: host.connectSocket,
    opened: (id, kind) =>
      engine.appendEvent(
        { type: 'server', id },
        { name: 'console opened', number: 40, service: 'console', text: CONSOLES[kind] },
      ),
  });
  const placement = createPlacement({ db, clock });
  const basics = createBasics({
    db,
    clock,
    providers: placement.hosts,
    domains: host.domains,
    disks: host.disks,
    projectExists: (id) => identity.projects.exists(id),
    config: computeConfig(config),
  });
  const backends = backendsOf(config);
  const volume = createVolume({
    db,
    sagas: engine,
    disks: host.disks,
    iscsi: host.iscsi,
    lvm: host.lvm,
    image: image.face,
    compute: () => compute.volumes,
    directories: backends.map(({ directory }) =>
      directory.startsWith(`${config.stateDirectory}/`)
        ? { files, path: pathBelow(config.stateDirectory, directory) }
        : { files: new LinuxStateFiles(dirname(directory)), path: [basename(directory)] as const },
    ),
    projectExists: (id) => identity.projects.exists(id),
    logger,
    now: clock,
    backups: backupSettings(config.volume.backup ?? {}, files),
    config: {
      hostName: hostname(),
      zone: 'nova',
      backends,
      weights: { ...DEFAULT_WEIGHTS, ...config.volume.weights },
      ...(config.volume.defaultGroupType === undefined
        ? {}
        : { defaultGroupType: config.volume.defaultGroupType }),
    },
  });
  const computeLive = {
    ...computeConfig(config),
    bootId: generation,
    ...(host.guestOwner === undefined ? {} : { guestOwner: host.guestOwner }),
  };
  const computeDeps = {
    db,
    sagas: engine,
    domains: host.domains,
    secrets: host.secrets,
    disks: host.disks,
    files,
    runFiles,
    network: network.face,
    image: image.face,
    volume: volume.face,
    basics,
    basicsEndpoints: basics.endpoints,
    basicsRules: basics.rules,
    consoles,
    metadata: metadata.configDrive,
    buildConfigDrive,
    logger,
    clock,
    config: computeLive,
  };
  const compute = createCompute(computeDeps);
  const power = new PowerStateLoop({ domains: host.domains, servers: serverPower(computeDeps), logger });

  const iscsi = new RevivalLoop({ ...ISCSI_EXPORTS, revive: () => volume.reconcileExports(), logger });
  const dhcp = new RevivalLoop({ ...DHCP_SERVERS, revive: () => network.reviveDhcp(), logger });

  const { userId: desktopUser } = identity.desktopAuth();
  const limiter = new RateLimiter({
    limits: config.rateLimits,
    exempt: ({ userId }) => userId === desktopUser,
  });

  const settings = new Settings({
    path: options.configPath,
    overrides: options.overrides ?? {},
    config,
    apply: (next) => {
      Object.assign(identityConfig, { tokenLifetimeSeconds: next.identity.tokenLifetimeSeconds });
      Object.assign(imageConfig, imageSettings(next));
      Object.assign(computeLive, { shelvedOffloadSeconds: next.compute.shelvedOffloadSeconds });
    },
  });

  let unwatch = (): void => undefined;
  const startedAt = clock();
  const desktop = createDesktop({
    db,
    engine,
    external: () => externalPlan(config),
    setup: () => host.setup.check(),
    devices: host.network.devices,
    host: host.kind,
    storage: async () => ({
      directory: config.stateDirectory,
      freeBytes: await host.disks.freeBytes(config.stateDirectory),
    }),
    stop: options.onStop,
    status: () =>
      cloudStatus({
        config,
        host,
        startedAt,
        version: options.version,
        endpoint: options.endpoint(),
        servers: compute.face.countServers(db),
        stuckOperations: listOperations(db, { state: 'stuck', limit: 1000 }).length,
      }),
    settings,
    credentials: () => adminCredentials(identity, password, options.endpoint(), config.region),
  });

  return {
    services: [
      identity.service,
      image.service,
      network.service,
      compute.service,
      volume.service,
      placement.service,
      desktop,
    ],
    consoles,
    authenticate: identity.authenticate,
    limiter,
    desktopAuth: () => identity.desktopAuth(),
    desktop,
    start: async () => {
      await image.start();
      await volume.start();
      engine.start();
      await network.start();
      dhcp.start();
      await basics.start();
      // Before guests start, so that they find their disks.
      await iscsi.look();
      iscsi.start();
      power.start();
      unwatch = host.domains.watch(({ event }) => {
        if (event !== 'resync') return;
        engine.retryStuck();
        void restoreSecrets(compute, logger);
      });
      compute.start();
      await restoreSecrets(compute, logger);
    },
    stop: async (guests) => {
      consoles.close();
      unwatch();
      compute.stop();
      await power.stop();
      // Operations first: one that still runs would open again what the network closes, and the process would not end.
      await engine.stop();
      await dhcp.stop();
      await iscsi.stop();
      await network.stop();
      if (guests === 'shutdown') await takeDown(host, runFiles, logger);
      await host.domains.close();
      await host.secrets.close();
      closeDatabase(db);
    },
  };
}

/** Of the image service, what may change while it runs. */
const imageSettings = (config: Config) => ({
  maxImageBytes: config.maxImageGib * 1024 ** 3,
  limits: config.image.limits ?? {},
});

const computeConfig = (config: Config) => ({
  hostName: hostname(),
  stateDirectory: config.stateDirectory,
  runDirectory: config.runDirectory,
  zone: 'nova',
  ...config.compute,
});

const pathBelow = (root: string, directory: string): StatePath =>
  directory.slice(root.length + 1).split('/') as unknown as StatePath;

async function readOrMake(
  files: LinuxStateFiles,
  path: readonly [string],
  make: () => string,
): Promise<string> {
  if ((await files.stat(path)) !== undefined) return (await files.read(path, 4096)).toString('utf8').trim();
  const text = make();
  await files.write(path, `${text}\n`, { mode: 0o600 });
  return text;
}

/** Without libvirt there is nothing to restore: when it is back there is a resync. */
async function restoreSecrets(compute: Compute, logger: Logger): Promise<void> {
  try {
    await compute.reconcileSecrets();
  } catch (error) {
    logger.warn({ err: error }, "secrets of servers' disks could not be compared");
  }
}
