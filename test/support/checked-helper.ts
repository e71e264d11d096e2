/**
 * The helper, which fails each request whose answer is not as its endpoint declares it:
 * `node test/support/checked-helper.ts ...arguments of helper/main.ts`.
 */
import { parseArguments } from '../../helper/arguments.ts';
import { runHelper } from '../../helper/run.ts';

try {
  await runHelper(parseArguments(process.argv.slice(2)), { validateResponses: true });
} catch (error) {
  process.stderr.write(`deskcloud helper: ${(error as Error).message}\n`);
  process.exit(1);
}
