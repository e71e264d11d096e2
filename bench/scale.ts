import { Agent, request } from 'node:http';
import pino from 'pino';
import { closeDatabase, openDatabase } from '../helper/db/index.ts';
import { createIdentity } from '../helper/identity/index.ts';
import { makeDemo } from '../main/demo/index.ts';
import { simulatedGuest } from '../main/demo/simulated-guest.ts';
import { OpenStackClient } from '../main/openstack-client.ts';
import type { Figure } from './figures.ts';
import { fillWithOthers, fillWithServers } from './fill.ts';
import { BenchInstance } from './instance.ts';
import { readLines, timeReads } from './reads.ts';
import { Ends, Servers } from './servers.ts';
import { median, percentile } from './statistics.ts';
import type { Workplace } from './workplace.ts';

const SERVERS = 10_000;
const PAGE = 1000;
const GETS = 500;
const LISTS = 30;
const VALIDATIONS = 10_000;

export type Tell = (fraction: number, text: string) => void;

/** Start on a state that is empty each time, on this machine itself. */
export async function measureEmptyStart(
  place: Workplace,
  config: string,
  samples: number,
  tell: Tell,
): Promise<Figure> {
  const seconds: number[] = [];
  for (let round = 0; round < samples; round++) {
    tell(round / samples, `start on an empty state, ${round + 1} of ${samples}`);
    const empty = await BenchInstance.create(place, `empty-${round}`, { config, simulated: false });
    seconds.push(await empty.start());
    await empty.stop();
  }
  return {
    name: 'start_seconds_empty',
    value: median(seconds),
    detail: `median of ${samples}, host linux, from ${Math.min(...seconds).toFixed(2)} to ${Math.max(...seconds).toFixed(2)}`,
  };
}

/**
 * The helper with 10,000 servers in its database, on the simulated host: nothing here depends on what the host is, and
 * a desktop could not run them.
 */
export async function measureLargeCloud(
  place: Workplace,
  config: string,
  samples: number,
  tell: Tell,
  line: (text: string) => void,
): Promise<readonly Figure[]> {
  tell(0, `filling a database with ${SERVERS} servers`);
  const large = await BenchInstance.create(place, 'large', { config, simulated: true });
  await large.start();
  const credentials = await large.client.credentials();
  await makeDemo({
    helper: large.client,
    guestImage: () => simulatedGuest(place.directory),
    keyPath: `${place.directory}/simulated-key`,
    knownHostsPath: `${place.directory}/simulated-hosts`,
    progress: { update: () => undefined, line: () => undefined },
    waitForSsh: false,
  });
  const client = await OpenStackClient.login(credentials);
  const ends = new Ends(large.client);
  const servers = await Servers.create(client, ends, '10.128.0.0/16');
  const model = await servers.make('bench-model');
  await client.post('compute', `/servers/${model}/action`, { 'os-stop': null });
  await ends.of('server-stop', model);
  await ends.close();
  tell(0.1, 'reads with tables that are nearly empty');
  const emptyReads = await timeReads(client);
  await large.stop();
  const db = openDatabase({ path: large.databasePath });
  let ids: readonly string[];
  try {
    ids = fillWithServers(db, model, SERVERS);
    fillWithOthers(db, SERVERS);
  } finally {
    closeDatabase(db);
  }

  const seconds: number[] = [];
  for (let round = 0; round < samples; round++) {
    tell(0.4 + (0.3 * round) / samples, `start with ${SERVERS} servers, ${round + 1} of ${samples}`);
    if (round > 0) await large.stop();
    seconds.push(await large.start());
  }
  tell(0.65, `reads with ${SERVERS} rows in each table`);
  const fullReads = await timeReads(await OpenStackClient.login(await large.client.credentials()));
  line(`reads with ${SERVERS} rows in each table, and with those of the demo (p50):`);
  for (const text of readLines(emptyReads, fullReads)) line(text);
  const get = keepAlive(large.origin, client.token);
  tell(0.7, `GET of one server of ${SERVERS}`);
  const one = await times(GETS, (n) => get(`/servers/${ids[(n * 7919) % SERVERS] ?? ''}`));
  tell(0.8, `page of ${PAGE} servers in detail`);
  let marker = '';
  const lists = await times(LISTS, async () => {
    const { servers: page } = JSON.parse(await get(`/servers/detail?limit=${PAGE}${marker}`)) as {
      servers: { id: string }[];
    };
    if (page.length !== PAGE && marker === '') throw new Error(`the page has ${page.length} servers`);
    marker = page.length < PAGE ? '' : `&marker=${page.at(-1)?.id ?? ''}`;
  });
  await large.stop();
  tell(0.9, 'token validation');
  const validations = validationTimes(large.databasePath, client.token);
  const spread = (list: readonly number[]): string =>
    `p99 ${percentile(list, 99).toFixed(3)} ms of ${list.length}`;
  return [
    {
      name: 'start_seconds_10k',
      value: median(seconds),
      detail: `median of ${samples}, host simulated, from ${Math.min(...seconds).toFixed(2)} to ${Math.max(...seconds).toFixed(2)}`,
    },
    { name: 'get_server_p50_ms', value: percentile(one, 50), detail: spread(one) },
    { name: 'list_1000_detail_p50_ms', value: percentile(lists, 50), detail: spread(lists) },
    { name: 'token_validate_p50_ms', value: percentile(validations, 50), detail: spread(validations) },
  ];
}

/** Milliseconds of each of `count` pieces of work, after a tenth more to warm up. */
async function times(count: number, work: (n: number) => Promise<unknown>): Promise<readonly number[]> {
  const list: number[] = [];
  for (let n = -Math.ceil(count / 10); n < count; n++) {
    const started = performance.now();
    await work(Math.abs(n));
    if (n >= 0) list.push(performance.now() - started);
  }
  return list;
}

/** GET on one connection that stays, as clients' libraries do it; the whole answer. */
function keepAlive(origin: string, token: string): (path: string) => Promise<string> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const headers = { 'x-auth-token': token, 'openstack-api-version': 'compute 2.60' };
  return (path) =>
    new Promise((resolve, reject) => {
      const url = `${origin}/compute/v2.1${path}`;
      request(url, { agent, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () =>
          response.statusCode === 200
            ? resolve(text)
            : reject(new Error(`${url}: status ${response.statusCode}: ${text}`)),
        );
      })
        .on('error', reject)
        .end();
    });
}

/** The very function that the pipeline asks about each request's token, on this database. */
function validationTimes(databasePath: string, token: string): readonly number[] {
  const db = openDatabase({ path: databasePath });
  try {
    const { authenticate } = createIdentity({
      db,
      logger: pino({ level: 'silent' }),
      config: { region: 'RegionOne', tokenLifetimeSeconds: 3600 },
    });
    const list: number[] = [];
    for (let n = -VALIDATIONS / 10; n < VALIDATIONS; n++) {
      const started = performance.now();
      const caller = authenticate(token, { method: 'GET', path: '/compute/v2.1/servers' });
      const ms = performance.now() - started;
      if (caller === undefined) throw new Error('the token is not valid');
      if (n >= 0) list.push(ms);
    }
    return list;
  } finally {
    closeDatabase(db);
  }
}
