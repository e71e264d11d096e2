import { readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { SetupProgress } from '../helper/contract/setup.ts';
import type { RemovalPlan } from './contract/shell.ts';
import { helperProgram, instanceArguments, logOf, privileged, runForLines, type Instance } from './launch.ts';
import { removeUserFiles } from './user-files.ts';
import { userPaths } from './user-paths.ts';

/** An instance of its own directory shares the images in the person's cache with others: those stay. */
const cacheOf = (instance: Instance): string | undefined =>
  instance.directory === undefined ? dirname(userPaths(instance).imageCache) : undefined;

export async function removalPlan(instance: Instance): Promise<RemovalPlan> {
  const paths = userPaths(instance);
  const cache = cacheOf(instance);
  const wanted = [
    ['log', dirname(logOf(instance))],
    ['user', dirname(paths.openrc)],
    ...(cache === undefined ? [] : [['cache', cache]]),
  ] as ['log' | 'user' | 'cache', string][];
  return {
    directories: await Promise.all(
      wanted.map(async ([what, path]) => ({ what, path, bytes: await sizeOf(path).catch(() => null) })),
    ),
    cloudsYaml: paths.cloudsYaml,
  };
}

/** Bytes of all files below a directory; 0 where there is none. */
export async function sizeOf(directory: string): Promise<number> {
  let sum = 0;
  try {
    for (const entry of await readdir(directory, { withFileTypes: true, recursive: true }))
      if (entry.isFile()) sum += (await stat(join(entry.parentPath, entry.name))).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return sum;
}

/** Takes the cloud off the machine: helper, guests, devices, rules, state. Nothing running is fine. */
export async function takeDownCloud(
  instance: Instance,
  onProgress: (progress: SetupProgress) => void,
): Promise<void> {
  const argv = await privileged(instance, helperProgram('teardown', instanceArguments(instance)));
  await runForLines(argv, (line) => onProgress(JSON.parse(line) as SetupProgress));
  await removeUserFiles(instance);
}

/** As {@link takeDownCloud}, and what is of it in the person's own directories. What was installed with apt stays. */
export async function uninstallCloud(
  instance: Instance,
  onProgress: (progress: SetupProgress) => void,
): Promise<void> {
  await takeDownCloud(instance, onProgress);
  const cache = cacheOf(instance);
  if (cache !== undefined) await rm(cache, { recursive: true, force: true });
  await rm(dirname(userPaths(instance).openrc), { recursive: true, force: true });
}
