/**
 * The helper, which kills itself by SIGKILL at the n-th write to the operations' journal:
 * `node test/support/killing-helper.ts <before|after> <n> ...arguments of helper/main.ts`.
 */
import { parseArguments } from '../../helper/arguments.ts';
import { runHelper } from '../../helper/run.ts';
import type { JournalWrite } from '../../helper/saga/index.ts';

const [when = 'after', text = '0', ...words] = process.argv.slice(2);
let left = Number(text);

const journal = ({ phase }: JournalWrite): void => {
  if (phase !== when) return;
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
};
await runHelper(parseArguments(words), { journal, validateResponses: true });
