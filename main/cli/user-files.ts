import { readFile, rm } from 'node:fs/promises';
import type { DesktopCredentials } from '../../helper/contract/status.ts';
import {
  CLOUD_NAME,
  mergeCloudsYaml,
  removeFromCloudsYaml,
  renderOpenrc,
  writeUserFile,
  type CloudCredentials,
} from '../credentials-files.ts';
import { Secret } from '../../helper/secret.ts';
import type { Instance } from '../launch.ts';
import { userPaths } from './user-paths.ts';

const credentialsOf = (given: DesktopCredentials): CloudCredentials => ({
  authUrl: given.authUrl,
  userName: given.username,
  password: new Secret(given.password),
  projectName: given.projectName,
  region: given.regionName,
});

/** Text for `source`. */
export const openrcText = (given: DesktopCredentials): string => renderOpenrc(credentialsOf(given));

/** Puts the cloud into the person's clouds.yaml and openrc, both readable by nobody else. */
export async function writeUserFiles(instance: Instance, given: DesktopCredentials): Promise<void> {
  const paths = userPaths(instance);
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  await writeUserFile(paths.openrc, openrcText(given), owner);
  await writeUserFile(
    paths.cloudsYaml,
    mergeCloudsYaml(await textOf(paths.cloudsYaml), credentialsOf(given)),
    owner,
  );
}

/** Takes the cloud out of them again; other clouds in clouds.yaml stay. */
export async function removeUserFiles(instance: Instance): Promise<void> {
  const paths = userPaths(instance);
  for (const path of [paths.openrc, paths.demoKey, `${paths.demoKey}.pub`, paths.knownHosts])
    await rm(path, { force: true });
  const text = await textOf(paths.cloudsYaml);
  if (text === undefined) return;
  const rest = removeFromCloudsYaml(text, CLOUD_NAME);
  const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  if (rest === undefined) await rm(paths.cloudsYaml, { force: true });
  else await writeUserFile(paths.cloudsYaml, rest, owner);
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
