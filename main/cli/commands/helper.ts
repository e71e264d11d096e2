import { helperProgram, instanceArguments, privileged, runHere, type Instance } from '../../launch.ts';
import { ensureSetup } from './check.ts';

/** The helper in the foreground, with its log on the terminal. */
export async function helper(instance: Instance): Promise<void> {
  await ensureSetup(instance, false);
  await runHere(await privileged(instance, helperProgram('main', instanceArguments(instance))));
}
