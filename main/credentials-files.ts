import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { Document, isMap, parseDocument } from 'yaml';
import type { Secret } from '../helper/secret.ts';

/** How the desktop user reaches the cloud. */
export interface CloudCredentials {
  /** 'http://127.0.0.1:9696/identity/v3' */
  readonly authUrl: string;
  readonly userName: string;
  readonly password: Secret;
  readonly projectName: string;
  readonly region: string;
  /** 'default' unless said otherwise. */
  readonly domainId?: string;
}

/** Name of the cloud in clouds.yaml: `openstack --os-cloud deskcloud`. */
export const CLOUD_NAME = 'deskcloud';

/** The same in the demo cloud's project: `openstack --os-cloud deskcloud-demo`. */
export const DEMO_CLOUD_NAME = 'deskcloud-demo';

/**
 * A clouds.yaml with this cloud in it; other clouds, comments and order of an existing file stay as they are.
 * @throws {Error} when the existing text is no YAML mapping: it is the user's file, and is not replaced.
 */
export function mergeCloudsYaml(
  existing: string | undefined,
  credentials: CloudCredentials,
  cloudName: string = CLOUD_NAME,
): string {
  const document =
    existing === undefined || existing.trim() === '' ? new Document({}) : parseDocument(existing);
  if (document.errors.length > 0)
    throw new Error('clouds.yaml is not valid YAML; correct it, or move it away to have a new one made');
  if (document.contents === null) document.contents = document.createNode({});
  if (!isMap(document.contents))
    throw new Error('clouds.yaml does not begin with a mapping; correct it, or move it away');
  const clouds = document.get('clouds');
  if (clouds === undefined || clouds === null) document.set('clouds', document.createNode({}));
  else if (!isMap(clouds))
    throw new Error("clouds.yaml: 'clouds' is not a mapping; correct it, or move it away");
  const domain = credentials.domainId ?? 'default';
  document.setIn(
    ['clouds', cloudName],
    document.createNode({
      auth: {
        auth_url: credentials.authUrl,
        username: credentials.userName,
        password: credentials.password.reveal(),
        project_name: credentials.projectName,
        user_domain_id: domain,
        project_domain_id: domain,
      },
      region_name: credentials.region,
      identity_api_version: 3,
      interface: 'public',
    }),
  );
  return document.toString();
}

/** Whether a clouds.yaml has this cloud in it. */
export const namesCloud = (text: string, cloudName: string): boolean =>
  parseDocument(text).hasIn(['clouds', cloudName]);

/**
 * The text without these clouds; undefined when nothing else was in it. What is no YAML mapping is left alone.
 */
export function removeFromCloudsYaml(existing: string, cloudNames: readonly string[]): string | undefined {
  const document = parseDocument(existing);
  if (document.errors.length > 0 || !isMap(document.contents)) return existing;
  for (const name of cloudNames) document.deleteIn(['clouds', name]);
  const clouds = document.get('clouds');
  const empty = !isMap(clouds) || clouds.items.length === 0;
  return empty && document.contents.items.length <= 1 ? undefined : document.toString();
}

/** Text for `source`: OS_* exports, each value quoted for the shell. */
export function renderOpenrc(credentials: CloudCredentials): string {
  const domain = credentials.domainId ?? 'default';
  const values: readonly (readonly [string, string])[] = [
    ['OS_AUTH_URL', credentials.authUrl],
    ['OS_USERNAME', credentials.userName],
    ['OS_PASSWORD', credentials.password.reveal()],
    ['OS_PROJECT_NAME', credentials.projectName],
    ['OS_USER_DOMAIN_ID', domain],
    ['OS_PROJECT_DOMAIN_ID', domain],
    ['OS_REGION_NAME', credentials.region],
    ['OS_IDENTITY_API_VERSION', '3'],
    ['OS_INTERFACE', 'public'],
  ];
  return values.map(([name, value]) => `export ${name}=${quote(value)}\n`).join('');
}

const quote = (value: string): string => `'${value.replaceAll("'", String.raw`'\''`)}'`;

/**
 * Writes a file of a user's, mode 0600, in one step: readers see the old text or the new one. Directories that are
 * missing are made (0700, the user's). It may run as root where a user can swap things at any moment, so it walks by
 * open directories and follows no symbolic link, but for those that root has put where only root can (/home on some
 * machines).
 * @throws {Error} that names the link or the file in the way.
 */
export async function writeUserFile(
  path: string,
  text: string,
  owner: { uid: number; gid: number },
): Promise<void> {
  const directory = await openDirectory(dirname(resolve(path)), owner);
  try {
    const target = inside(directory, basename(path));
    const there = await lstat(target).catch(ignoreMissing);
    if (there !== undefined && !there.isFile())
      throw new Error(`${path} is not a regular file; move it away, it is not written through`);
    const temporary = inside(directory, `.${basename(path)}.${randomBytes(6).toString('hex')}`);
    const file = await open(
      temporary,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    );
    try {
      await file.writeFile(text);
      await file.chown(owner.uid, owner.gid);
      await file.chmod(0o600);
      await file.sync();
      await rename(temporary, target);
    } catch (error) {
      await unlink(temporary).catch(ignoreMissing);
      throw error;
    } finally {
      await file.close();
    }
  } finally {
    await directory.close();
  }
}

/** A name in an open directory, which nobody can exchange for another one. */
const inside = (directory: FileHandle, name: string): string =>
  join('/proc/self/fd', String(directory.fd), name);

const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY;

async function openDirectory(path: string, owner: { uid: number; gid: number }): Promise<FileHandle> {
  let directory = await open('/', DIRECTORY);
  for (const name of path.split('/').filter((part) => part !== '')) {
    const parent = directory;
    try {
      directory = await step(parent, name, path, owner);
    } finally {
      await parent.close();
    }
  }
  return directory;
}

async function step(
  parent: FileHandle,
  name: string,
  path: string,
  owner: { uid: number; gid: number },
): Promise<FileHandle> {
  const place = inside(parent, name);
  const there = await lstat(place).catch(ignoreMissing);
  if (there?.isSymbolicLink() === true) {
    const roots =
      there.uid === 0 && (await parent.stat()).uid === 0 && ((await parent.stat()).mode & 0o022) === 0;
    if (!roots)
      throw new Error(`${name} of ${path} is a symbolic link; files with secrets are not written through it`);
    return open(place, DIRECTORY);
  }
  if (there !== undefined) return open(place, DIRECTORY | constants.O_NOFOLLOW);
  await mkdir(place, { mode: 0o700 });
  const made = await open(place, DIRECTORY | constants.O_NOFOLLOW);
  await made.chown(owner.uid, owner.gid);
  return made;
}

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw error;
}
