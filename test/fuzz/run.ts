import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { loadServices } from '../../scripts/api-docs/tables.ts';
import { TestInstance } from '../support/instance.ts';
import { clean, readRows, rowDifferences } from './clean.ts';
import { Judge } from './judge.ts';
import { learn } from './learn.ts';
import { Pool } from './pool.ts';
import { Random } from './random.ts';
import { differences, filesOf, settle, stuckOperations } from './remains.ts';
import { Requests, type Attempt } from './requests.ts';
import { Wire, type WireAnswer } from './wire.ts';
import { furnish, inventory, populate, type World } from './world.ts';

export interface FuzzOptions {
  readonly requests: number;
  readonly seed: number;
  readonly connections: number;
  readonly onProgress: (done: number, text: string) => void;
  /** Keep the helper's directory for a look. */
  readonly keep?: boolean;
}

const MIB = 1024 ** 2;

/** Requests from one look at the memory to the next. */
const LOOK_EVERY = 5_000;

/** Nothing that is counted stops the run. */
const SETTINGS = {
  rateLimits: { project: false, login: false },
  network: { vniRange: [1_000_000, 1_100_000] },
};

/** Operations that answer 401 to wrong passwords and the like, and nova's for a console of another type. */
const OWN_401 = /^(tokens:|ec2:login|users:password|os-console-auth-tokens:show)/;

/** Something that is not as it should be, with a request that shows it. */
export interface Finding {
  readonly problem: string;
  readonly operation: string;
  count: number;
  readonly request: string;
  readonly answer: string;
}

/** MiB, garbage collected, after so many requests. */
export interface Memory {
  readonly requests: number;
  readonly rss: number;
  /** What live JavaScript objects and their buffers take, without code. */
  readonly heap: number;
  /** What the process consists of, to tell what grows. */
  readonly parts: MemoryParts;
}

export interface MemoryParts {
  readonly [part: string]: number;
  /** Compiled, and what belongs to it. */
  readonly code: number;
  /** What V8 has of the system. */
  readonly heapTotal: number;
  /** Buffers that live outside of it. */
  readonly external: number;
}

export interface Count {
  readonly asked: number;
  readonly accepted: number;
}

export interface FuzzReport {
  readonly findings: readonly Finding[];
  /** How often each status was answered. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Operations that never succeeded, for whoever tunes the examples. */
  readonly neverSucceeded: readonly string[];
  /** How often each operation was asked, and how often it succeeded. */
  readonly counts: Readonly<Record<string, Count>>;
  /** On the way, the first before any request. */
  readonly memory: readonly Memory[];
  /** After everything was deleted. */
  readonly memoryAtEnd: Memory;
  /** What could not be deleted over the API. */
  readonly left: readonly string[];
  /** Rows that were not there before, or are there no longer. */
  readonly rows: readonly string[];
  readonly seconds: number;
}

/** Runs a helper on the simulated host, asks it everything, and looks at what is left. */
export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const started = performance.now();
  const instance = new TestInstance('fuzz', 'simulated', SETTINGS);
  const answerPath = join(instance.directory, 'memory.json');
  await instance.startMeasured(answerPath);
  const look = () => lookAt(instance.pid ?? 0, answerPath);
  const memoryAfter = async (requests: number): Promise<Memory> => ({ requests, ...(await look()).memory });
  const remains = async () => [...filesOf(instance.directory), ...(await look()).things];
  try {
    const admin = await furnish(instance);
    const { endpoint: origin } = await instance.client.status();
    const wire = new Wire(origin, options.connections);
    await settle(instance.client);
    const database = join(instance.directory, 'state', 'deskcloud.db');
    const services = await loadServices();
    // What is made when it is first looked at is there before, too: a project's default firewall group.
    await inventory({ services, admin }, wire);
    const before = { rows: readRows(database), remains: await remains() };
    const world = await populate(instance, admin, services);
    const pool = new Pool();
    await keepAll(world, wire, pool);
    const run = new Run(world, pool, wire, options);
    const memory = await run.all(memoryAfter);
    const left = await clean(world, pool, wire, instance.client, (text) =>
      options.onProgress(options.requests, text),
    );
    const stuck = await unpopulate(world);
    const going = await settle(instance.client);
    const memoryAtEnd = await memoryAfter(options.requests);
    wire.close();
    return {
      findings: run.findings,
      statuses: run.statuses,
      neverSucceeded: run.neverSucceeded,
      counts: run.counts,
      memory,
      memoryAtEnd,
      left: [
        ...left,
        ...stuck,
        ...going,
        ...(await stuckOperations(instance.client)),
        // A snapshot that was let go keeps its file, which is whoever's who let it go.
        ...differences(before.remains, await remains()).filter(
          (line) => !pool.ever('released_snapshot').some((id) => line.endsWith(`/snapshot-${id}`)),
        ),
      ],
      rows: rowDifferences(before.rows, readRows(database)),
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    if (options.keep === true) await instance.stop();
    else await instance.remove();
  }
}

/** What is there before may be named in requests, and stays. */
async function keepAll(world: World, wire: Wire, pool: Pool): Promise<void> {
  for (const { service, kind, id, body } of await inventory(world, wire)) {
    pool.keep(kind, id);
    // Services of all kinds have the same name for theirs.
    if (kind === 'service') pool.keep(`${service.name}_service`, id);
    if (kind === 'service' && typeof body['host'] === 'string')
      pool.keep(service.name === 'volume' ? 'volume_host' : 'host', body['host']);
    if (kind === 'image' && body['status'] === 'active') pool.keep('bootable_image', id);
    if (kind === 'flavor' && body['name'] === 'm1.nano') pool.keep('bootable_flavor', id);
    if (kind === 'network')
      pool.keep(body['router:external'] === true ? 'external_network' : 'bootable_network', id);
  }
  pool.keep('domain', 'default');
  for (const { userId, projectId } of Object.values(world.callers)) {
    pool.keep('user', userId);
    pool.keep('project', projectId);
  }
}

/** @returns what could not be deleted. */
async function unpopulate({ admin, callers }: World): Promise<readonly string[]> {
  const left: string[] = [];
  const quotas = [...new Set(Object.values(callers).map(({ projectId }) => projectId))];
  for (const { userId } of Object.values(callers)) await admin.delete('identity', `/users/${userId}`);
  for (const id of quotas) {
    await admin.delete('compute', `/os-quota-sets/${id}`);
    await admin.delete('network', `/quotas/${id}`);
    const { security_groups: groups } = (await admin.get('network', `/security-groups?project_id=${id}`)) as {
      security_groups: { id: string }[];
    };
    await admin.delete('identity', `/projects/${id}`);
    // A project's default group can be deleted by an administrator alone.
    for (const group of groups)
      await admin
        .delete('network', `/security-groups/${group.id}`)
        .catch((error: unknown) => left.push((error as Error).message));
  }
  return left;
}

class Run {
  readonly statuses: Record<string, number> = {};
  readonly #findings = new Map<string, Finding>();
  readonly counts: Record<string, Count> = {};
  readonly #world: World;
  readonly #pool: Pool;
  readonly #wire: Wire;
  readonly #options: FuzzOptions;
  readonly #judge: Judge;
  #done = 0;

  constructor(world: World, pool: Pool, wire: Wire, options: FuzzOptions) {
    this.#world = world;
    this.#pool = pool;
    this.#wire = wire;
    this.#options = options;
    this.#judge = new Judge(world.services);
  }

  get findings(): readonly Finding[] {
    return [...this.#findings.values()];
  }

  get neverSucceeded(): readonly string[] {
    return this.#world.services
      .flatMap(({ name, endpoints }) =>
        endpoints.filter(({ response }) => response !== 'failure').map(({ id }) => `${name} ${id}`),
      )
      .filter((operation) => (this.counts[operation]?.accepted ?? 0) === 0);
  }

  /** @returns the memory on the way. */
  async all(memoryAfter: (requests: number) => Promise<Memory>): Promise<readonly Memory[]> {
    const { requests, seed, connections } = this.#options;
    const looks = [await memoryAfter(0)];
    const worker = async (index: number): Promise<void> => {
      const source = new Requests(this.#world, this.#pool, new Random(seed * 1000 + index));
      while (this.#done < requests) {
        const n = ++this.#done;
        await this.#one(source.next());
        if (n % 100 === 0) this.#options.onProgress(n, `${this.#findings.size} findings`);
        if (n % LOOK_EVERY === 0) looks.push(await memoryAfter(n));
      }
    };
    await Promise.all(Array.from({ length: connections }, (_, index) => worker(index)));
    return looks;
  }

  async #one(attempt: Attempt): Promise<void> {
    const answer = await this.#wire.send(attempt.request);
    this.statuses[answer.status] = (this.statuses[answer.status] ?? 0) + 1;
    const problem = this.#refusal(attempt, answer) ?? this.#judge.problem(attempt, answer);
    if (problem !== undefined) this.#find(attempt, answer, problem);
    const operation = `${attempt.service.name} ${attempt.endpoint.id}`;
    const { asked, accepted } = this.counts[operation] ?? { asked: 0, accepted: 0 };
    const isAccepted = answer.status < 300;
    this.counts[operation] = { asked: asked + 1, accepted: accepted + (isAccepted ? 1 : 0) };
    if (isAccepted) learn(this.#pool, attempt, answer);
  }

  /** A run whose callers are refused shows nothing more: what took their tokens is to be found. */
  #refusal({ endpoint, request, caller }: Attempt, { status }: WireAnswer): string | undefined {
    if (status !== 401 || caller === 'nobody' || OWN_401.test(endpoint.id)) return undefined;
    const { token } = this.#world.callers[caller];
    return request.headers['x-auth-token'] === token ? `the token of the ${caller} is refused` : undefined;
  }

  #find({ service, endpoint, request, caller }: Attempt, answer: WireAnswer, problem: string): void {
    const operation = `${service.name} ${endpoint.id}`;
    const key = `${operation}: ${problem.replaceAll(/[0-9a-f-]{32,36}/g, 'ID')}`;
    const known = this.#findings.get(key);
    if (known !== undefined) {
      known.count += 1;
      return;
    }
    const { 'x-auth-token': _token, ...headers } = request.headers;
    this.#findings.set(key, {
      problem,
      operation,
      count: 1,
      request: `${caller}: ${request.method} ${request.path} ${JSON.stringify(headers)} ${String(request.body ?? '').slice(0, 2000)}`,
      answer: `${answer.status} ${String(answer.headers['x-openstack-request-id'])} ${answer.text.slice(0, 1000)}`,
    });
  }
}

/** What the helper says of itself. */
interface Look {
  readonly memory: Omit<Memory, 'requests'>;
  /** What is on its host. */
  readonly things: readonly string[];
}

async function lookAt(pid: number, answerPath: string): Promise<Look> {
  process.kill(pid, 'SIGUSR2');
  while (!existsSync(answerPath)) await new Promise((resolve) => setTimeout(resolve, 20));
  const said = JSON.parse(readFileSync(answerPath, 'utf8')) as {
    rss: number;
    objects: number;
    parts: MemoryParts;
    things: readonly string[];
  };
  rmSync(answerPath);
  const parts = Object.fromEntries(
    Object.entries(said.parts).map(([key, bytes]) => [key, bytes / MIB]),
  ) as MemoryParts;
  return { memory: { rss: said.rss / MIB, heap: said.objects / MIB, parts }, things: said.things };
}
