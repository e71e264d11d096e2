import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { basename, dirname } from 'node:path';
import ipaddr from 'ipaddr.js';
import { Type, type Static } from 'typebox';
import { DirectoryBackupStore } from './host/backup/directory.ts';
import { OBJECT_NAME } from './host/backup/interface.ts';
import { S3BackupStore } from './host/backup/s3.ts';
import { LinuxStateFiles } from './host/files/linux.ts';
import { Secret } from './secret.ts';
import type { BackupSettings } from './volume/index.ts';

const Path = Type.String({ pattern: '^/', maxLength: 4096 });

/** `volume.backup`: where backups of volumes are kept. */
export const BackupConfig = Type.Object(
  {
    /** 'directory' unless an S3-compatible service is described below. */
    store: Type.Optional(Type.Union([Type.Literal('directory'), Type.Literal('s3')])),
    /** On another disk or an NFS mount; `backups` below the state directory by default. */
    directory: Type.Optional(Path),
    compression: Type.Optional(
      Type.Union([Type.Literal('zstd'), Type.Literal('zlib'), Type.Literal('none')]),
    ),
    /** The folder of backups that name none. */
    container: Type.Optional(Type.String({ pattern: OBJECT_NAME.source })),
    s3: Type.Optional(
      Type.Object(
        {
          /** Its origin; https unless it is on this machine or `plainHttp` says otherwise. */
          endpoint: Type.String({ pattern: '^https?://[^/@?#]+$' }),
          bucket: Type.String({ pattern: '^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$' }),
          region: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
          /** The bucket in the path, as most services but Amazon's want it; true by default. */
          pathStyle: Type.Optional(Type.Boolean()),
          accessKeyId: Type.String({ minLength: 1, maxLength: 256 }),
          /** A file of one line that only its owner may read; the secret itself is never in the settings. */
          secretAccessKeyFile: Path,
          /** PEM certificates of who signed the server's, for one with a certificate of its own making. */
          caFile: Type.Optional(Path),
          /** Without encryption also to other machines: their network sees what is backed up. */
          plainHttp: Type.Optional(Type.Boolean()),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
export type BackupConfig = Static<typeof BackupConfig>;
type S3Config = NonNullable<BackupConfig['s3']>;

/** What a schema cannot say. @returns what is wrong, by the setting's name. */
export function backupProblem({ store, s3 }: BackupConfig): string | undefined {
  if (store === 's3' && s3 === undefined)
    return 'volume.backup.store is s3, but volume.backup.s3 does not say which service.';
  if (s3 === undefined) return undefined;
  const { protocol, hostname } = new URL(s3.endpoint);
  if (protocol === 'http:' && !isLoopback(hostname) && s3.plainHttp !== true)
    return `volume.backup.s3.endpoint ${s3.endpoint} is not encrypted: use https, or allow it with plainHttp if you trust the network.`;
  if (s3.pathStyle === false && isIP(hostname.replace(/^\[|\]$/g, '')) !== 0)
    return 'volume.backup.s3.endpoint is an address, which cannot have the bucket in its name: leave pathStyle at true.';
  return undefined;
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' ||
  (ipaddr.isValid(host.replace(/^\[|\]$/g, '')) &&
    ipaddr.parse(host.replace(/^\[|\]$/g, '')).range() === 'loopback');

/**
 * The store that the settings name.
 * @param files of the state directory.
 * @throws {Error} that says which file of the settings cannot be used.
 */
export function backupSettings(config: BackupConfig, files: LinuxStateFiles): BackupSettings {
  const problem = backupProblem(config);
  if (problem !== undefined) throw new Error(problem);
  const store =
    config.s3 !== undefined && config.store !== 'directory'
      ? s3Store(config.s3)
      : directoryStore(config.directory, files);
  return { store, codec: config.compression ?? 'zstd', container: config.container ?? 'volumebackups' };
}

function directoryStore(directory: string | undefined, files: LinuxStateFiles): DirectoryBackupStore {
  if (directory === undefined) return new DirectoryBackupStore(files, ['backups']);
  return directory === '/'
    ? new DirectoryBackupStore(new LinuxStateFiles('/'), [])
    : new DirectoryBackupStore(new LinuxStateFiles(dirname(directory)), [basename(directory)]);
}

const s3Store = (s3: S3Config): S3BackupStore =>
  new S3BackupStore({
    endpoint: s3.endpoint,
    bucket: s3.bucket,
    region: s3.region ?? 'us-east-1',
    pathStyle: s3.pathStyle ?? true,
    accessKeyId: s3.accessKeyId,
    secretAccessKey: secretOf(s3.secretAccessKeyFile),
    ...(s3.caFile === undefined ? {} : { ca: readOrSay(s3.caFile, 'volume.backup.s3.caFile') }),
  });

function secretOf(path: string): Secret {
  const name = 'volume.backup.s3.secretAccessKeyFile';
  const text = readOrSay(path, name).trim();
  if ((statSync(path).mode & 0o077) !== 0)
    throw new Error(`${name}: others than its owner can read ${path}; do: chmod 600 ${path}`);
  if (text === '') throw new Error(`${name}: ${path} is empty; write the secret access key into it.`);
  return new Secret(text);
}

function readOrSay(path: string, name: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
  }
}
