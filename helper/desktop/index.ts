import type { SetupReport } from '../contract/setup.ts';
import type {
  DesktopCredentials,
  ExternalNetworkPlan,
  HelperStatus,
  StorageReport,
} from '../contract/status.ts';
import type { Db } from '../db/index.ts';
import { deskcloudDialect } from '../errors/dialects.ts';
import { Reply, endpoint, type AuthContext, type Service } from '../http/index.ts';
import type { DeviceHost } from '../host/net/devices/interface.ts';
import type { SagaEngine } from '../saga/index.ts';
import { ChangeFeed } from './changes.ts';
import { deviceEndpoints } from './endpoints/device.ts';
import { settingsEndpoints, type SettingsFace } from './endpoints/settings.ts';
import { operationEndpoints } from './endpoints/operation.ts';
import { desktopRules } from './policy.ts';
import { Credentials, External, Setup, Status, Storage } from './schemas.ts';
import { TrafficFeed } from './traffic.ts';

export interface DesktopDeps {
  readonly db: Db;
  readonly engine: SagaEngine;
  readonly status: () => Promise<HelperStatus>;
  readonly credentials: () => Promise<DesktopCredentials>;
  readonly external: () => ExternalNetworkPlan;
  readonly setup: () => Promise<SetupReport>;
  /** What the network's devices are looked at through, and whether they are real. */
  readonly devices: DeviceHost;
  readonly host: 'linux' | 'simulated';
  readonly storage: () => Promise<StorageReport>;
  readonly settings: SettingsFace;
  /** Ends the helper after the answer; guests and their network stay unless they are to be shut down. */
  readonly stop: (guests: 'keep' | 'shutdown') => void;
}

/** Deskcloud's own API, /deskcloud/v1: what OpenStack has no words for. */
export function createDesktop(deps: DesktopDeps): Service {
  const traffic = new TrafficFeed(() => deps.devices.counters());
  return {
    name: 'deskcloud',
    prefix: '/deskcloud',
    root: '/v1',
    dialect: deskcloudDialect,
    rules: desktopRules,
    discovery: {},
    endpoints: [
      ...operationEndpoints(deps.db, deps.engine, new ChangeFeed(deps.db), traffic),
      ...deviceEndpoints(deps.devices, deps.host, traffic),
      ...settingsEndpoints(deps.settings),
      endpoint({
        id: 'status:show',
        method: 'GET',
        path: '/status',
        policy: 'deskcloud:status',
        response: Status,
        ok: 200,
        handler: deps.status,
      }),
      endpoint({
        id: 'setup:show',
        method: 'GET',
        path: '/setup',
        policy: 'deskcloud:setup',
        response: Setup,
        ok: 200,
        handler: deps.setup,
      }),
      endpoint({
        id: 'storage:show',
        method: 'GET',
        path: '/storage',
        policy: 'deskcloud:storage',
        response: Storage,
        ok: 200,
        handler: deps.storage,
      }),
      endpoint({
        id: 'external:show',
        method: 'GET',
        path: '/external',
        policy: 'deskcloud:external',
        response: External,
        ok: 200,
        handler: deps.external,
      }),
      endpoint({
        id: 'credentials:show',
        method: 'GET',
        path: '/credentials',
        policy: 'deskcloud:credentials',
        response: Credentials,
        ok: 200,
        handler: async () =>
          new Reply({ body: await deps.credentials(), headers: { 'cache-control': 'no-store' } }),
      }),
      ...(['keep', 'shutdown'] as const).map((guests) =>
        endpoint({
          id: `helper:stop-${guests}`,
          method: 'POST',
          path: `/stop/${guests}`,
          policy: 'deskcloud:stop',
          response: 'none',
          ok: 202,
          handler: () => deps.stop(guests),
        }),
      ),
    ],
  };
}

/** The same service on the desktop's Unix socket: whoever may open it acts as the administrator. */
export function overSocket(service: Service, desktopAuth: () => AuthContext): Service {
  return { ...service, authenticate: desktopAuth };
}
