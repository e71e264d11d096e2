import { readFile, rm } from 'node:fs/promises';
import type { DesktopCredentials } from '../helper/contract/status.ts';
import {
  CLOUD_NAME,
  DEMO_CLOUD_NAME,
  mergeCloudsYaml,
  namesCloud,
  removeFromCloudsYaml,
  renderOpenrc,
  writeUserFile,
  type CloudCredentials,
} from './credentials-files.ts';
import { Secret } from '../helper/secret.ts';
import { DEMO } from './demo/plan.ts';
import type { Instance } from './launch.ts';
import { person } from './person.ts';
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

/** A clouds.yaml with nothing but this cloud. */
export const cloudsYamlText = (given: DesktopCredentials): string =>
  mergeCloudsYaml(undefined, credentialsOf(given));

/** Puts the cloud into the person's clouds.yaml and openrc, both readable by nobody else. */
export async function writeUserFiles(instance: Instance, given: DesktopCredentials): Promise<void> {
  const paths = userPaths(instance);
  await writeUserFile(paths.openrc, openrcText(given), person());
  const text = await textOf(paths.cloudsYaml);
  const merged = mergeCloudsYaml(text, credentialsOf(given));
  await writeUserFile(
    paths.cloudsYaml,
    namesCloud(merged, DEMO_CLOUD_NAME) ? withDemo(merged, given) : merged,
    person(),
  );
}

/**
 * Adds the demo project to clouds.yaml as a cloud of its own. `--os-project-name` beside `--os-cloud` would not do:
 * openstacksdk before 2.0 lets the project in clouds.yaml win (story 2010784).
 */
export async function writeDemoCloud(instance: Instance, given: DesktopCredentials): Promise<void> {
  const { cloudsYaml } = userPaths(instance);
  await writeUserFile(cloudsYaml, withDemo(await textOf(cloudsYaml), given), person());
}

const withDemo = (text: string | undefined, given: DesktopCredentials): string =>
  mergeCloudsYaml(text, { ...credentialsOf(given), projectName: DEMO.project }, DEMO_CLOUD_NAME);

/** Takes the cloud out of them again; other clouds in clouds.yaml stay. */
export async function removeUserFiles(instance: Instance): Promise<void> {
  const paths = userPaths(instance);
  for (const path of [paths.openrc, paths.demoKey, `${paths.demoKey}.pub`, paths.knownHosts])
    await rm(path, { force: true });
  const text = await textOf(paths.cloudsYaml);
  if (text === undefined) return;
  const rest = removeFromCloudsYaml(text, [CLOUD_NAME, DEMO_CLOUD_NAME]);
  if (rest === undefined) await rm(paths.cloudsYaml, { force: true });
  else await writeUserFile(paths.cloudsYaml, rest, person());
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
