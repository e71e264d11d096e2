import { rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SetupProgress } from '../../../helper/contract/setup.ts';
import { helperProgram, instanceArguments, privileged, runForLines, type Instance } from '../../launch.ts';
import { confirm, say } from '../ask.ts';
import { startProgress } from '../progress.ts';
import { removeUserFiles } from '../../user-files.ts';
import { userPaths } from '../../user-paths.ts';
import { up } from './run.ts';

/** Takes the whole cloud off the machine: helper, guests, devices, rules, state. Nothing running is fine. */
export async function teardown(instance: Instance): Promise<void> {
  const progress = startProgress();
  const argv = await privileged(instance, helperProgram('teardown', instanceArguments(instance)));
  await runForLines(argv, (line) => {
    const step = JSON.parse(line) as SetupProgress;
    progress.update(step.fraction, step.text);
  });
  await removeUserFiles(instance);
  progress.done('nothing of the cloud is left on this machine');
}

const LOSS = 'All servers, images, networks and other data in the cloud will be lost.';

/** An empty cloud in place of this one. */
export async function reset(instance: Instance, yes: boolean): Promise<void> {
  if (!yes && !(await confirm(`${LOSS} Go on?`))) return;
  await teardown(instance);
  await up(instance, yes);
}

/** The cloud, and what of it is in the person's own directories. What was installed with apt stays. */
export async function uninstall(instance: Instance, yes: boolean): Promise<void> {
  if (!yes && !(await confirm(`${LOSS} Deskcloud's files in your home directory go too. Go on?`))) return;
  await teardown(instance);
  const paths = userPaths(instance);
  await rm(dirname(paths.imageCache), { recursive: true, force: true });
  await rm(dirname(paths.openrc), { recursive: true, force: true });
  say(
    'Packages that were installed for Deskcloud are still there: remove them with apt if nothing else needs them.',
  );
}
