/**
 * The helper, which on SIGUSR2 collects its garbage and writes what memory it needs then, and what is on its host:
 * `node test/fuzz/measured-helper.ts <file of the answer> ...arguments of helper/main.ts`.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parseArguments } from '../../helper/arguments.ts';
import type { Host } from '../../helper/host/index.ts';
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

/** Bytes of compiled code and what belongs to it. */
const codeSize = (): number =>
  getHeapSpaceStatistics()
    .filter(({ space_name: name }) => /code|trusted/.test(name))
    .reduce((sum, space) => sum + space.space_used_size, 0);

/** Resident bytes of the process: of malloc's first arena, of other memory of its own, of files. */
function resident(): Readonly<Record<'malloc' | 'anonymous' | 'files', number>> {
  const sums = { malloc: 0, anonymous: 0, files: 0 };
  let kind: keyof typeof sums = 'anonymous';
  for (const line of readFileSync('/proc/self/smaps', 'utf8').split('\n')) {
    const area = /^[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+ *(.*)$/.exec(line);
    if (area !== null)
      kind = area[1] === '[heap]' ? 'malloc' : area[1]?.startsWith('/') === true ? 'files' : 'anonymous';
    const rss = /^Rss: +(\d+) kB/.exec(line);
    if (rss !== null) sums[kind] += Number(rss[1]) * 1024;
  }
  return sums;
}

let host: Host | undefined;

/** Guests, targets, secrets and all that is of networks, each with its name. */
async function onHost(): Promise<readonly string[]> {
  if (host === undefined) return [];
  const { domains, iscsi, secrets, network } = host;
  return [
    ...(await domains.list()).map(({ name }) => `domain ${name}`),
    ...(await iscsi.list()).map(({ iqn }) => `target ${iqn}`),
    ...(await secrets.list()).map(({ id }) => `secret ${id}`),
    ...Object.entries(await network.inventory()).flatMap(([kind, list]: [string, readonly unknown[]]) =>
      list.map((one) => `${kind} ${typeof one === 'string' ? one : JSON.stringify(one)}`),
    ),
  ];
}

process.on('SIGUSR2', () => {
  collect();
  // What was waiting for its end is garbage only now.
  setTimeout(() => void answer(), 200);
});

async function answer(): Promise<void> {
  const things = await onHost();
  collect();
  const { rss, external, heapTotal } = process.memoryUsage();
  const parts = { code: codeSize(), heapTotal, external, ...resident() };
  const said = { rss, objects: objectsSize() + external, parts, things };
  writeFileSync(`${answerPath}.new`, JSON.stringify(said));
  renameSync(`${answerPath}.new`, answerPath);
}

await runHelper(parseArguments(words), { onHost: (one) => (host = one) });
