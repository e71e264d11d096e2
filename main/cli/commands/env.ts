import { HelperClient } from '../../helper-client.ts';
import { socketOf, type Instance } from '../../launch.ts';
import { say } from '../ask.ts';
import { openrcText } from '../../user-files.ts';

/** `source <(deskcloud env)`. */
export async function env(instance: Instance): Promise<void> {
  say(openrcText(await new HelperClient(socketOf(instance)).credentials()).trimEnd());
}
