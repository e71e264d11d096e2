/**
 * `npm run conformance`: OpenStack's own interoperability tests (tempest, from the distribution's packages) against a
 * Deskcloud of its own with real guests, then those about passwords against a second one that has rules for them.
 * Leaves nothing behind. Ends with status 1 when a test fails, or a listed one does not run.
 *
 *   -- --service network     only these services' tests (identity, compute, image, network, volume), several with commas
 *   -- --match test_ports    only listed tests whose name matches
 *   -- --scenario            tempest.scenario instead: guests are logged in to, and send each other traffic
 *   -- --sdk                 openstacksdk and gophercloud instead: each makes a whole environment and removes it
 *   -- --regex tempest.api.compute.servers    any of tempest's tests instead, listed or not
 *   -- --compliance          only what asks for rules on passwords (with --regex: on a cloud that has some)
 *   -- --simulated           without real guests: quick, for work on the APIs
 *   -- --concurrency 2 --out DIR              how many at a time; where tempest's logs go (and stay)
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual, parseArgs } from 'node:util';
import { say } from '../main/cli/ask.ts';
import { ensureSetup } from '../main/cli/commands/check.ts';
import { startProgress, type Progress } from '../main/cli/progress.ts';
import { newInstance, prepare, type CloudOptions, type PreparedCloud } from '../test/conformance/cloud.ts';
import { installPackages } from '../test/conformance/packages.ts';
import { countLines, reasonLines, type TestResult } from '../test/conformance/results.ts';
import { missingSdkPackages, runGophercloud, runOpenstackSdk } from '../test/conformance/sdk.ts';
import { listedTests, SCENARIOS, SERVICES } from '../test/conformance/selection.ts';
import { ensureTempest, runTempest, type Wanted } from '../test/conformance/tempest.ts';
import { serveImage } from '../test/conformance/web.ts';
import { tempestConf } from '../test/conformance/tempest-conf.ts';
import { NOTHING, type TestInstance } from '../test/support/instance.ts';

interface Options {
  readonly services: readonly string[];
  readonly match: RegExp;
  /** In place of the list. */
  readonly regex: string | undefined;
  readonly scenario: boolean;
  readonly sdk: boolean;
  /** On the cloud with rules for passwords alone. */
  readonly compliance: boolean;
  readonly simulated: boolean;
  readonly concurrency: number;
  readonly out: string | undefined;
}

/** One cloud with what runs against it. */
interface Part {
  readonly title: string;
  readonly wanted: Wanted;
  readonly compliance: boolean;
  readonly host: CloudOptions['host'];
}

function parseOptions(): Options {
  const { values } = parseArgs({
    options: {
      service: { type: 'string' },
      match: { type: 'string', default: '' },
      regex: { type: 'string' },
      scenario: { type: 'boolean', default: false },
      sdk: { type: 'boolean', default: false },
      compliance: { type: 'boolean', default: false },
      simulated: { type: 'boolean', default: false },
      concurrency: { type: 'string', default: '2' },
      out: { type: 'string' },
    },
  });
  const services = values.service?.split(',') ?? SERVICES;
  const unknown = services.find((one) => !(SERVICES as readonly string[]).includes(one));
  if (unknown !== undefined) throw new Error(`--service is one of ${SERVICES.join(', ')}, not '${unknown}'`);
  const concurrency = Number(values.concurrency);
  if (!Number.isInteger(concurrency) || concurrency < 1)
    throw new Error(`--concurrency is to be a number from 1, not '${values.concurrency}'`);
  return {
    ...values,
    services,
    match: new RegExp(values.match),
    concurrency,
    regex: values.regex,
    out: values.out,
  };
}

function partsOf(options: Options): readonly Part[] {
  const host: Part['host'] = options.simulated ? 'simulated' : 'linux';
  const usual = { title: 'cloud', compliance: options.compliance, host };
  if (options.regex !== undefined) return [{ ...usual, wanted: { regex: options.regex } }];
  if (options.scenario) {
    const names = SCENARIOS.filter((one) => options.match.test(one));
    return [{ ...usual, wanted: { regex: `^(${names.join('|').replaceAll('.', '\\.')})\\.` } }];
  }
  const listed = listedTests(options.services, options.match);
  const compliance = {
    title: 'cloud with rules for passwords',
    compliance: true,
    // Nothing of it is on the host.
    host: 'simulated',
    wanted: { names: listed.compliance },
  } as const;
  const parts = options.compliance
    ? [compliance]
    : [{ ...usual, wanted: { names: listed.usual } }, compliance];
  return parts.filter((part) => part.wanted.names.length > 0);
}

/** Ends everything before its time. */
const abort = new AbortController();

/** Runs `work` on a cloud that is there for it alone; the helper's log goes to the directory. */
async function onCloud<T>(
  part: Pick<Part, 'title' | 'compliance' | 'host'>,
  directory: string,
  work: (cloud: PreparedCloud, progress: Progress) => Promise<T>,
): Promise<T> {
  const { title, compliance, host } = part;
  const progress = startProgress();
  const onProgress = (text: string): void => progress.update(0, `${title}: ${text}`);
  const web = await serveImage();
  const cloudOptions = { name: 'conf', host, compliance, web: web.origin, onProgress };
  const instance = newInstance(cloudOptions);
  try {
    return await work(await prepare(instance, cloudOptions), progress);
  } finally {
    progress.done(`${title}: taking it away`);
    writeFileSync(join(directory, 'helper.log'), instance.log());
    await web.close();
    await takeAway(instance);
  }
}

async function runPart(part: Part, options: Options, directory: string): Promise<readonly TestResult[]> {
  const { wanted, title } = part;
  const total = 'names' in wanted ? wanted.names.length : undefined;
  return await onCloud(part, directory, async (cloud, progress) => {
    const credentials = await cloud.instance.client.credentials();
    let done = 0;
    return await runTempest({
      directory,
      conf: tempestConf({
        cloud,
        credentials,
        directory,
        guests: part.host === 'linux',
        listed: 'names' in wanted,
      }),
      wanted,
      concurrency: options.concurrency,
      signal: abort.signal,
      onResult: ({ name, outcome, reason }) => {
        done += 1;
        if (outcome !== 'passed') progress.line(`${outcome.toUpperCase()} ${name}: ${reason}`);
        progress.update(
          total === undefined ? 0 : Math.min(1, done / total),
          `${title}: tests, ${done} ended`,
        );
      },
    });
  });
}

/** Both SDKs, one after the other. @returns whether both came to their end. */
async function runSdks(options: Options, directory: string): Promise<boolean> {
  const host = options.simulated ? 'simulated' : 'linux';
  const runs = await onCloud(
    { title: 'cloud', compliance: false, host },
    directory,
    async (cloud, progress) => {
      progress.update(0, 'openstacksdk');
      const first = await runOpenstackSdk(cloud, host === 'linux');
      progress.update(0.5, 'gophercloud');
      return [first, await runGophercloud(cloud, directory)];
    },
  );
  for (const { name, ok, said } of runs) say(`${ok ? 'passed' : 'FAILED'} ${name}: ${said}`);
  return runs.every((one) => one.ok);
}

/** @throws {Error} that says what stays on the machine all the same. */
async function takeAway(instance: TestInstance): Promise<void> {
  const left = await instance.remove();
  if (!isDeepStrictEqual(left, NOTHING))
    throw new Error(`something was left behind: ${JSON.stringify(left)}`);
}

async function main(): Promise<void> {
  const options = parseOptions();
  if (process.getuid?.() !== 0)
    throw new Error('guests, devices and packages need root: sudo npm run conformance');
  const machine = { directory: undefined, simulated: options.simulated, port: undefined, config: undefined };
  await ensureSetup(machine, true);
  const missing = options.sdk ? missingSdkPackages() : [];
  if (missing.length > 0) installPackages(missing);
  if (!options.sdk) ensureTempest();
  const directory =
    options.out === undefined ? mkdtempSync(join(tmpdir(), 'deskcloud-conf-')) : resolve(options.out);
  mkdirSync(directory, { recursive: true });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => abort.abort());
  try {
    if (options.sdk) process.exitCode = (await runSdks(options, directory)) ? 0 : 1;
    else await runTests(options, directory);
  } finally {
    if (options.out === undefined) rmSync(directory, { recursive: true, force: true });
  }
}

/** tempest's tests, part by part, and what came of them. */
async function runTests(options: Options, directory: string): Promise<void> {
  const results: TestResult[] = [];
  const notRun: string[] = [];
  for (const [index, part] of partsOf(options).entries()) {
    if (abort.signal.aborted) break;
    const place = join(directory, String(index + 1));
    rmSync(place, { recursive: true, force: true });
    mkdirSync(place, { recursive: true });
    const some = await runPart(part, options, place);
    results.push(...some);
    if ('names' in part.wanted) {
      // What is skipped or fails as a class says so for all of its tests.
      const ran = (name: string): boolean =>
        some.some((one) => one.name === name || name.startsWith(`${one.name}.`));
      notRun.push(...part.wanted.names.filter((name) => !ran(name)));
    }
  }
  for (const outcome of ['skipped', 'failed'] as const) {
    const lines = reasonLines(results, outcome);
    if (lines.length > 0) say(`\n${outcome}:\n${lines.join('\n')}`);
  }
  if (notRun.length > 0) say(`\nnot run:\n${notRun.join('\n')}`);
  say(`\n${countLines(results).join('\n')}`);
  const failed = results.some((one) => one.outcome === 'failed');
  process.exitCode = failed || notRun.length > 0 || abort.signal.aborted ? 1 : 0;
}

await main().catch((error: unknown) => {
  process.stderr.write(`conformance: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
