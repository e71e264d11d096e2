import { HelperClient } from '../../helper-client.ts';
import { ensureHelper, socketOf, typed, type Instance } from '../../launch.ts';
import type { HelperStatus } from '../../../helper/contract/status.ts';
import { say } from '../ask.ts';
import { startProgress } from '../progress.ts';
import { writeUserFiles } from '../../user-files.ts';
import { ensureSetup } from './check.ts';

/** Starts the cloud: set-up check, helper, the person's files. */
export async function up(instance: Instance, yes: boolean): Promise<void> {
  await ensureSetup(instance, yes);
  const { client, status: running, started } = await ensureHelper(instance);
  await writeUserFiles(instance, await client.credentials());
  say(
    started
      ? `Deskcloud is running at ${running.endpoint}.`
      : `Deskcloud was running already at ${running.endpoint}.`,
  );
  describe(running);
}

/** Stops it; what is in it stays, and `up` brings it back. */
export async function down(instance: Instance, keepGuests: boolean): Promise<void> {
  const client = new HelperClient(socketOf(instance));
  if ((await client.statusIfRunning()) === undefined) {
    say('Deskcloud is not running.');
    return;
  }
  const progress = startProgress();
  progress.update(0.2, keepGuests ? 'stopping the helper' : 'shutting down the guests');
  await client.stop(keepGuests ? 'keep' : 'shutdown');
  while ((await client.statusIfRunning()) !== undefined)
    await new Promise((resolve) => setTimeout(resolve, 100));
  progress.done(
    keepGuests ? 'the helper has ended; guests go on running' : 'the cloud has stopped; its state is kept',
  );
}

export async function status(instance: Instance, json: boolean): Promise<void> {
  const running = await new HelperClient(socketOf(instance)).status();
  if (json) say(JSON.stringify(running, null, 2));
  else describe(running);
}

function describe(status: HelperStatus): void {
  if (status.host === 'simulated') say('SIMULATED: no guest really runs and no device is made.');
  say(`  API         ${status.endpoint} (region ${status.region})`);
  if (status.hypervisor === null)
    say(`  hypervisor  not reachable: ${status.hypervisorProblem ?? 'no reason is known'}`);
  else
    say(
      `  hypervisor  ${status.hypervisor.version}, ${status.hypervisor.accelerator}: ${status.hypervisor.reason}`,
    );
  say(`  servers     ${status.servers}`);
  say(`  state       ${status.stateDirectory}`);
  say(`  helper      process ${status.pid}, since ${new Date(status.startedAt).toLocaleString()}`);
  if (status.stuckOperations > 0)
    say(`  ! ${status.stuckOperations} operations are stuck; see: ${typed(undefined, 'trace', '--help')}`);
}
