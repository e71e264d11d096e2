import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Type, type Static } from 'typebox';
import { parse } from 'yaml';
import { backendsProblem } from './backend-settings.ts';
import { BackupConfig, backupProblem } from './backup-settings.ts';
import type { RateLimits } from './http/rate-limit.ts';
import { mismatch } from './http/schema.ts';
import { readExpression, type Weights } from './volume/index.ts';

const Path = Type.String({ pattern: '^/', maxLength: 4096 });

/** First and last VNI (RFC 7348: 24 bits). */
const PasswordRules = Type.Object(
  {
    historyCount: Type.Optional(Type.Integer({ minimum: 1, maximum: 24 })),
    lockoutFailures: Type.Optional(Type.Integer({ minimum: 1 })),
    lockoutSeconds: Type.Optional(Type.Integer({ minimum: 1 })),
    minimumAgeDays: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    expiresDays: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
    regex: Type.Optional(Type.String()),
    regexDescription: Type.Optional(Type.String()),
    changeUponFirstUse: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

const VniRange = Type.Unsafe<[number, number]>({
  type: 'array',
  items: { type: 'integer', minimum: 1, maximum: 16777215 },
  minItems: 2,
  maxItems: 2,
});

const Limit = Type.Integer({ minimum: -1 });

/** False switches it off. */
const RateLimit = Type.Union([
  Type.Literal(false),
  Type.Object(
    { perSecond: Type.Number({ exclusiveMinimum: 0 }), burst: Type.Integer({ minimum: 1 }) },
    { additionalProperties: false },
  ),
]);

/** What /etc/deskcloud/deskcloud.yaml may hold; all of it is optional. */
const ConfigFile = Type.Object(
  {
    /** Tag of this instance on all that it makes on the host; several instances run side by side by it. */
    owner: Type.Optional(Type.String({ pattern: '^[a-z][a-z0-9-]{0,31}$' })),
    host: Type.Optional(Type.Union([Type.Literal('linux'), Type.Literal('simulated')])),
    stateDirectory: Type.Optional(Path),
    runDirectory: Type.Optional(Path),
    logDirectory: Type.Optional(Path),
    region: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
    listener: Type.Optional(
      Type.Object(
        {
          address: Type.Optional(Type.String({ format: 'ip' })),
          port: Type.Optional(Type.Integer({ minimum: 0, maximum: 65535 })),
          hostNames: Type.Optional(Type.Array(Type.String())),
          origins: Type.Optional(Type.Array(Type.String())),
        },
        { additionalProperties: false },
      ),
    ),
    external: Type.Optional(
      Type.Object(
        {
          bridge: Type.Optional(Type.String({ pattern: '^[a-z][a-z0-9-]{0,14}$' })),
          cidr: Type.Optional(Type.String({ format: 'cidr' })),
          hostAddress: Type.Optional(Type.String({ format: 'ipv4' })),
          masquerade: Type.Optional(Type.Boolean()),
        },
        { additionalProperties: false },
      ),
    ),
    identity: Type.Optional(
      Type.Object(
        {
          tokenLifetimeSeconds: Type.Optional(Type.Integer({ minimum: 60 })),
          passwords: Type.Optional(PasswordRules),
        },
        { additionalProperties: false },
      ),
    ),
    /** How fast others than the desktop's own user may ask; each is a whole bucket, or false for no limit. */
    rateLimits: Type.Optional(
      Type.Object(
        {
          /** Of each project. */
          project: Type.Optional(RateLimit),
          /** Requests without a token, of each client's address. */
          login: Type.Optional(RateLimit),
        },
        { additionalProperties: false },
      ),
    ),
    network: Type.Optional(
      Type.Object(
        {
          vniRange: Type.Optional(VniRange),
        },
        { additionalProperties: false },
      ),
    ),
    compute: Type.Optional(
      Type.Object(
        {
          /** How long a shelved server stays on its host: 0 leaves at once, -1 waits for shelveOffload. */
          shelvedOffloadSeconds: Type.Optional(Type.Integer({ minimum: -1 })),
        },
        { additionalProperties: false },
      ),
    ),
    volume: Type.Optional(
      Type.Object(
        {
          /** Where volumes are kept; each name is a back end, and one of its pools. */
          backends: Type.Optional(
            Type.Array(
              Type.Object(
                {
                  name: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$' }),
                  /** 'file' is the default. */
                  kind: Type.Optional(Type.Union([Type.Literal('file'), Type.Literal('lvm')])),
                  /** Of kind lvm: a volume group that is there. */
                  volumeGroup: Type.Optional(Type.String()),
                  /** Volumes are thin in this pool, which is made when it is not there; thick without. */
                  thinPool: Type.Optional(Type.String()),
                  /** How servers reach its volumes: as files, or by iSCSI over the loopback interface (raw format only). */
                  export: Type.Optional(Type.Union([Type.Literal('local'), Type.Literal('iscsi')])),
                  format: Type.Optional(Type.Union([Type.Literal('qcow2'), Type.Literal('raw')])),
                  /** On another disk, or on an NFS mount; below the state directory by default. */
                  directory: Type.Optional(Path),
                  /** The directory is a mount (NFS, another disk): nothing is done in it while nothing is mounted there. */
                  mounted: Type.Optional(Type.Boolean()),
                  reservedPercentage: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
                  maxOverSubscription: Type.Optional(Type.Number({ minimum: 1 })),
                  goodness: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
                  /** Expressions in cinder's language; helper/volume/README.md has their names. */
                  filterFunction: Type.Optional(Type.String()),
                  goodnessFunction: Type.Optional(Type.String()),
                },
                { additionalProperties: false },
              ),
              { minItems: 1 },
            ),
          ),
          backup: Type.Optional(BackupConfig),
          /** Name of the group type that is shown as the default one. */
          defaultGroupType: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
          /** TCP port on 127.0.0.1 of the iSCSI targets. */
          iscsiPort: Type.Optional(Type.Integer({ minimum: 1, maximum: 65535 })),
          /** How much each weigher of the scheduler counts. */
          weights: Type.Optional(
            Type.Object(
              {
                capacity: Type.Optional(Type.Number()),
                allocatedCapacity: Type.Optional(Type.Number()),
                volumeNumber: Type.Optional(Type.Number()),
                goodness: Type.Optional(Type.Number()),
              },
              { additionalProperties: false },
            ),
          ),
        },
        { additionalProperties: false },
      ),
    ),
    image: Type.Optional(
      Type.Object(
        {
          /** Turn disks into this format when they are imported. */
          importConversion: Type.Optional(Type.Literal('qcow2')),
          /** Origins ('http://nas.lan:8080') of which web-download may fetch though they are not on the public internet. */
          importOrigins: Type.Optional(Type.Array(Type.String({ pattern: '^https?://[^/@?#]+$' }))),
          /** What each project may have, by glance's names; -1 is without bound. */
          limits: Type.Optional(
            Type.Object(
              {
                image_size_total: Type.Optional(Limit),
                image_stage_total: Type.Optional(Limit),
                image_count_total: Type.Optional(Limit),
                image_count_uploading: Type.Optional(Limit),
              },
              { additionalProperties: false },
            ),
          ),
        },
        { additionalProperties: false },
      ),
    ),
    libvirtUri: Type.Optional(Type.String()),
    maxImageGib: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  { additionalProperties: false },
);

/** A place for volumes. */
export interface BackendSettings {
  readonly name: string;
  readonly kind?: 'file' | 'lvm';
  readonly volumeGroup?: string;
  readonly thinPool?: string;
  readonly format?: 'qcow2' | 'raw';
  readonly export?: 'local' | 'iscsi';
  readonly directory?: string;
  readonly mounted?: boolean;
  readonly reservedPercentage?: number;
  readonly maxOverSubscription?: number;
  readonly goodness?: number;
  readonly filterFunction?: string;
  readonly goodnessFunction?: string;
}

/** Settings of a helper, complete. */
export interface Config {
  readonly owner: string;
  /** 'simulated' makes no device, guest or process; every API works all the same. */
  readonly host: 'linux' | 'simulated';
  readonly stateDirectory: string;
  readonly runDirectory: string;
  readonly logDirectory: string;
  readonly region: string;
  readonly listener: {
    readonly address: string;
    /** 0 takes a free one. */
    readonly port: number;
    readonly hostNames: readonly string[];
    readonly origins: readonly string[];
  };
  /** The network outside the cloud: a bridge that stands for the data centre's, with the host's own address on it. */
  readonly external: {
    readonly bridge: string;
    readonly cidr: string;
    readonly hostAddress: string;
    readonly masquerade: boolean;
  };
  readonly identity: {
    readonly tokenLifetimeSeconds: number;
    /** What passwords have to be like; nothing is asked when it is left out. */
    readonly passwords?: Static<typeof PasswordRules>;
  };
  readonly rateLimits: RateLimits;
  readonly network: { readonly vniRange: readonly [number, number] };
  readonly compute: { readonly shelvedOffloadSeconds?: number };
  readonly volume: {
    readonly backends?: readonly BackendSettings[];
    readonly backup?: BackupConfig;
    readonly iscsiPort?: number;
    readonly weights?: Partial<Weights>;
    readonly defaultGroupType?: string;
  };
  readonly image: {
    readonly importConversion?: 'qcow2';
    readonly importOrigins?: readonly string[];
    readonly limits?: Readonly<Record<string, number>>;
  };
  readonly libvirtUri: string;
  readonly maxImageGib: number;
}

export const DEFAULT_CONFIG_PATH = '/etc/deskcloud/deskcloud.yaml';

export const DEFAULTS: Config = {
  owner: 'deskcloud',
  host: 'linux',
  stateDirectory: '/var/lib/deskcloud',
  runDirectory: '/run/deskcloud',
  logDirectory: '/var/log/deskcloud',
  region: 'RegionOne',
  listener: { address: '127.0.0.1', port: 9760, hostNames: [], origins: [] },
  external: { bridge: 'br-ex', cidr: '172.24.4.0/24', hostAddress: '172.24.4.1', masquerade: true },
  identity: { tokenLifetimeSeconds: 24 * 3600 },
  // Far above what clients' tools do, and far below what would keep one process from answering others.
  rateLimits: { project: { perSecond: 200, burst: 2000 }, login: { perSecond: 20, burst: 200 } },
  network: { vniRange: [1001, 16777215] },
  compute: {},
  volume: {},
  image: {},
  libvirtUri: 'qemu:///system',
  maxImageGib: 1024,
};

/** What the command line says in place of the file. */
export interface ConfigOverrides {
  readonly host?: string;
  /** Holds everything of an instance of its own: state, run and log directories below it. */
  readonly directory?: string;
  readonly port?: number;
  readonly owner?: string;
}

/**
 * The settings in `path` (the default place may be empty) over the defaults, with overrides on top.
 * @throws {Error} that names the file, the setting and what is wrong with it.
 */
export function loadConfig(path: string | undefined, overrides: ConfigOverrides = {}): Config {
  return configOf(readFile(path), path ?? DEFAULT_CONFIG_PATH, overrides);
}

/** As {@link loadConfig}, of a file's content. @param path is named in what is thrown. */
export function configOf(content: unknown, path: string, overrides: ConfigOverrides): Config {
  const wrong = mismatch(ConfigFile, content, 'settings');
  if (wrong !== undefined) throw new Error(`${path}: ${wrong}`);
  const file = content as Static<typeof ConfigFile>;
  const { directory } = overrides;
  const places =
    directory === undefined
      ? {}
      : {
          stateDirectory: join(directory, 'state'),
          runDirectory: join(directory, 'run'),
          logDirectory: join(directory, 'log'),
        };
  const merged = {
    ...DEFAULTS,
    ...file,
    ...places,
    ...(overrides.owner === undefined ? {} : { owner: overrides.owner }),
    ...(overrides.host === undefined ? {} : { host: overrides.host }),
    listener: {
      ...DEFAULTS.listener,
      ...file.listener,
      ...(overrides.port === undefined ? {} : { port: overrides.port }),
    },
    external: { ...DEFAULTS.external, ...file.external },
    identity: { ...DEFAULTS.identity, ...file.identity },
    rateLimits: { ...DEFAULTS.rateLimits, ...file.rateLimits },
    network: { ...DEFAULTS.network, ...file.network },
  };
  const problem = mismatch(ConfigFile, merged, 'settings');
  if (problem !== undefined) throw new Error(`The configuration is not right: ${problem}`);
  const unfit = backupProblem(file.volume?.backup ?? {});
  if (unfit !== undefined) throw new Error(`${path}: ${unfit}`);
  checkFunctions(merged as Config);
  const wrongPlace = backendsProblem(merged.volume.backends ?? []);
  if (wrongPlace !== undefined) throw new Error(`${path}: ${wrongPlace}`);
  return merged as Config;
}

/** @throws {Error} that names the back end and what is wrong with its expression. */
function checkFunctions({ volume }: Config): void {
  for (const backend of volume.backends ?? [])
    for (const name of ['filterFunction', 'goodnessFunction'] as const)
      try {
        if (backend[name] !== undefined) readExpression(backend[name]);
      } catch (error) {
        throw new Error(
          `The configuration is not right: volume.backends, ${backend.name}, ${name}: ${(error as Error).message}.`,
          { cause: error },
        );
      }
}

function readFile(path: string | undefined): unknown {
  let text: string;
  try {
    text = readFileSync(path ?? DEFAULT_CONFIG_PATH, 'utf8');
  } catch (error) {
    if (path === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new Error(`The configuration file cannot be read: ${(error as Error).message}`, { cause: error });
  }
  try {
    return (parse(text) ?? {}) as unknown;
  } catch (error) {
    throw new Error(`${path ?? DEFAULT_CONFIG_PATH} is no YAML: ${(error as Error).message.trim()}`, {
      cause: error,
    });
  }
}
