import { takeDownCloud, uninstallCloud } from '../../uninstall.ts';
import type { Instance } from '../../launch.ts';
import { confirm, say } from '../ask.ts';
import { startProgress } from '../progress.ts';
import { up } from './run.ts';

const DONE = 'nothing of the cloud is left on this machine';

/** Takes the whole cloud off the machine: helper, guests, devices, rules, state. Nothing running is fine. */
export async function teardown(instance: Instance): Promise<void> {
  const progress = startProgress();
  await takeDownCloud(instance, (step) => progress.update(step.fraction, step.text));
  progress.done(DONE);
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
  const progress = startProgress();
  await uninstallCloud(instance, (step) => progress.update(step.fraction, step.text));
  progress.done(DONE);
  say(
    'Packages that were installed for Deskcloud are still there: remove them with apt if nothing else needs them.',
  );
}
