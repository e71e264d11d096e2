/**
 * The helper: all services of the cloud in one process. `node helper/main.ts [--config FILE] [--directory DIR]
 * [--host simulated] [--port N] [--daemon]`.
 */
import { parseArguments } from './arguments.ts';
import { runInBackground, tellParent } from './daemon.ts';
import { runHelper } from './run.ts';

try {
  const options = parseArguments(process.argv.slice(2));
  if (options.daemon) await runInBackground(process.argv.slice(2).filter((word) => word !== '--daemon'));
  else await runHelper(options);
} catch (error) {
  tellParent({ failed: (error as Error).message });
  process.stderr.write(`deskcloud helper: ${(error as Error).message}\n`);
  process.exit(1);
}
