/**
 * `npm run bench`: what Deskcloud costs beside a bare script, and how it scales; bench/README.md says how it measures.
 * `-- --json FILE` also writes the figures; `-- --samples N` takes more (or fewer) of what is alternated. Ends with
 * status 1 when a limit is missed.
 */
import { writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { figureLine, figuresAsJson, isMissed, type Figure } from '../bench/figures.ts';
import { Floor, modelOf } from '../bench/floor.ts';
import { measureGuestIo } from '../bench/guest-io.ts';
import { measureIdle } from '../bench/idle.ts';
import { BenchInstance } from '../bench/instance.ts';
import { measureOneByOne, measureTen } from '../bench/pace.ts';
import { measureEmptyStart, measureLargeCloud } from '../bench/scale.ts';
import { Ends, Servers } from '../bench/servers.ts';
import { measureVolumes } from '../bench/volumes.ts';
import { Workplace } from '../bench/workplace.ts';
import { say } from '../main/cli/ask.ts';
import { ensureSetup } from '../main/cli/commands/check.ts';
import { startProgress, type Progress } from '../main/cli/progress.ts';
import { makeDemo } from '../main/demo/index.ts';
import { DEMO } from '../main/demo/plan.ts';
import { OpenStackClient } from '../main/openstack-client.ts';
import { ensureTinyGuest } from '../resources/guest/build.ts';

const IDLE_SECONDS = 20;
const SETTLE_SECONDS = 10;

/** Where each part begins, as a share of the whole time. */
const AT = {
  demo: 0,
  idle: 0.1,
  single: 0.25,
  ten: 0.5,
  volumes: 0.65,
  io: 0.75,
  start: 0.85,
  large: 0.9,
} as const;

interface Options {
  readonly samples: number;
  readonly json: string | undefined;
}

async function bench(place: Workplace, options: Options, progress: Progress): Promise<readonly Figure[]> {
  const config = await place.writeConfig();
  const figures: Figure[] = [];
  const add = (...more: readonly Figure[]): void => {
    figures.push(...more);
    for (const figure of more) progress.line(figureLine(figure));
  };
  const part = (from: number, to: number) => (fraction: number, text: string) =>
    progress.update(from + (to - from) * fraction, text);

  progress.update(AT.demo, 'the demo cloud of the bench');
  const cloud = await BenchInstance.create(place, 'cloud', { config, simulated: false });
  await cloud.start();
  const demo = part(AT.demo, AT.idle);
  const files = { keyPath: `${place.directory}/key`, knownHostsPath: `${place.directory}/known_hosts` };
  const { serverId, floatingIp } = await makeDemo({
    helper: cloud.client,
    guestImage: () => ensureTinyGuest(),
    ...files,
    progress: { update: demo, line: () => undefined },
    waitForSsh: true,
  });
  progress.update(AT.idle, 'the helper settles');
  await new Promise((resolve) => setTimeout(resolve, SETTLE_SECONDS * 1000));
  const idle = part(AT.idle, AT.single);
  add(
    ...(await measureIdle(cloud.pid, IDLE_SECONDS, (fraction) =>
      idle(fraction, `watching the idle helper for ${IDLE_SECONDS} s`),
    )),
  );

  const client = await OpenStackClient.login(await cloud.client.credentials());
  const ends = new Ends(cloud.client);
  const servers = await Servers.create(client, ends, '10.99.0.0/24');
  const first = await servers.make('bench-model');
  const floor = await Floor.create(place, await modelOf(first));
  await servers.remove(first);
  add(...(await measureOneByOne(servers, floor, options.samples, part(AT.single, AT.ten))));
  const ten = await measureTen(
    servers,
    floor,
    Math.max(1, Math.floor(options.samples / 2)),
    part(AT.ten, AT.volumes),
  );
  add(ten);
  const volumes = {
    place,
    client,
    ends,
    serverId: await servers.make('bench-volumes'),
    imagePath: (await ensureTinyGuest()).path,
  };
  add(...(await measureVolumes(volumes, options.samples, part(AT.volumes, AT.io))));
  await servers.remove(volumes.serverId);
  const io = {
    ...volumes,
    client: await OpenStackClient.login({
      ...(await cloud.client.credentials()),
      projectName: DEMO.project,
    }),
    serverId,
    ssh: { ...files, address: floatingIp, user: 'root' },
  };
  add(...(await measureGuestIo(io, options.samples, part(AT.io, AT.start))));
  await ends.close();
  await cloud.stop();

  add(await measureEmptyStart(place, config, options.samples, part(AT.start, AT.large)));
  add(
    ...(await measureLargeCloud(place, config, options.samples, part(AT.large, 1), (text) =>
      progress.line(text),
    )),
  );
  return figures;
}

function parseOptions(): Options {
  const { values } = parseArgs({
    options: { json: { type: 'string' }, samples: { type: 'string', default: '7' } },
  });
  const samples = Number(values.samples);
  if (!Number.isInteger(samples) || samples < 1)
    throw new Error(`--samples is to be a number from 1, not '${values.samples}'`);
  return { samples, json: values.json };
}

async function main(): Promise<void> {
  const options = parseOptions();
  if (process.getuid?.() !== 0)
    throw new Error('the bench makes guests and devices, so it needs root: sudo npm run bench');
  const machine = { directory: undefined, simulated: false, port: undefined, config: undefined };
  await ensureSetup(machine, true);
  const place = await Workplace.create();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.stderr.write(`\n${signal}: taking everything away ...\n`);
      void place.end().then(
        () => process.exit(130),
        (error: unknown) => fail(error),
      );
    });
  }
  process.once('uncaughtException', (cause) => {
    void place.end().then(
      () => fail(cause),
      () => fail(cause),
    );
  });
  const progress = startProgress();
  let figures: readonly Figure[];
  try {
    figures = await bench(place, options, progress);
  } finally {
    progress.update(1, 'taking everything away');
    await place.end();
  }
  progress.done('measured');
  say('');
  for (const figure of figures) say(figureLine(figure));
  if (options.json !== undefined) await writeFile(options.json, figuresAsJson(figures));
  say(
    `\nLoad of the machine: ${loadavg()[1]?.toFixed(1)} (5 minutes), ${availableParallelism()} processors.`,
  );
  const missed = figures.filter(isMissed);
  say(missed.length === 0 ? '\nAll within their limits.' : `\n${missed.length} limits are missed.`);
  process.exitCode = missed.length === 0 ? 0 : 1;
}

function fail(error: unknown): never {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

await main().catch(fail);
