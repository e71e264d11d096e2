/**
 * The helper, which on SIGUSR2 collects its garbage and writes what memory it needs then:
 * `node test/fuzz/measured-helper.ts <file of the answer> ...arguments of helper/main.ts`.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parseArguments } from '../../helper/arguments.ts';
import { runHelper } from '../../helper/run.ts';

const [answerPath = '', ...words] = process.argv.slice(2);
setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as (options: object) => void;
/** 'last-resort' gives freed pages back, so that the process's size is what is really used. */
const collect = (): void => gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });

/** Bytes of live objects; not of code, which is compiled when it is first needed, a schema's check too. */
const objectsSize = (): number =>
  getHeapSpaceStatistics()
    .filter(({ space_name: name }) => !/code|trusted|read_only/.test(name))
    .reduce((sum, space) => sum + space.space_used_size, 0);

process.on('SIGUSR2', () => {
  collect();
  // What was waiting for its end is garbage only now.
  setTimeout(() => {
    collect();
    const { rss, external } = process.memoryUsage();
    writeFileSync(`${answerPath}.new`, JSON.stringify({ rss, objects: objectsSize() + external }));
    renameSync(`${answerPath}.new`, answerPath);
  }, 200);
});
await runHelper(parseArguments(words));
