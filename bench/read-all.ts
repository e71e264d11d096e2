import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Things } from '../test/authorisation/things.ts';
import { Wire, type WireRequest } from '../test/fuzz/wire.ts';
import { furnish, populate, type World } from '../test/fuzz/world.ts';
import type { TestInstance } from '../test/support/instance.ts';
import { loadServices } from '../scripts/api-docs/tables.ts';
import { percentile } from './statistics.ts';

/** What a read may take at the median on a machine that does nothing else: milliseconds by the answer's items. */
export const LIMITS = { show: 2, list: 10, page: 50 } as const;

/**
 * What is one thing and holds more than a page (the endpoints of a token's catalog, the resources of a quota set) takes
 * at most so many times what a server that does nothing takes to send the same answer at the same time.
 */
export const WHOLE_RATIO = 5;

const TIMES = 9;
const PAGE = 1000;

/** A read of one operation. */
export interface Read {
  /** 'network networks:list', and what its query asks for. */
  readonly name: string;
  readonly request: WireRequest;
}

/** Medians of one read, in milliseconds. */
export interface ReadTime {
  readonly items: number;
  readonly ms: number;
  /** What server and client took of the processor: it is the same whatever else the machine does. */
  readonly cpuMs: number;
  /** Of one thing that holds more than a page: what a server that does nothing took of it to send the same. */
  readonly wholeMs?: number;
  /** What the least that can be asked (a version document) took of the processor at the same time. */
  readonly floorMs: number;
}

/** A cloud in which there is one of everything, and how each of its reads is asked. */
export class ReadWorld {
  readonly #world: World;
  readonly #things: Things;

  private constructor(world: World, things: Things) {
    this.#world = world;
    this.#things = things;
  }

  static async create(instance: TestInstance): Promise<ReadWorld> {
    const admin = await furnish(instance);
    const wire = new Wire((await instance.client.status()).endpoint, 1);
    const world = await populate(instance, admin, await loadServices());
    const things = new Things(world, wire);
    await things.furnish(instance.client);
    const server = things.id('server') ?? '';
    await admin.post('compute', `/servers/${server}/action`, { 'os-stop': null });
    while (
      ((await admin.get('compute', `/servers/${server}`)) as { server: { status: string } }).server.status !==
      'SHUTOFF'
    )
      await new Promise((resolve) => setTimeout(resolve, 100));
    wire.close();
    return new ReadWorld(world, things);
  }

  /** Each GET of each service, as the administrator asks it; lists also a page of a thousand, by name, and as a member. */
  reads(): readonly Read[] {
    const { admin, member } = this.#world.callers;
    return this.#world.services.flatMap((service) =>
      service.endpoints
        .filter(({ method, ok, response }) => method === 'GET' && ok === 200 && typeof response === 'object')
        .flatMap((endpoint) => {
          const asked = this.#things.request(service, endpoint, admin.token);
          const name = `${service.name} ${endpoint.id}`;
          const read = (words: string, query: string, token = admin.token): Read => ({
            name: `${name}${words}`,
            request: {
              ...asked,
              path: asked.path + (asked.path.includes('?') ? '&' : '?') + query,
              headers: { ...asked.headers, 'x-auth-token': token },
            },
          });
          if (/\{\w+\}$/.test(endpoint.path)) return [{ name, request: asked }];
          return [
            read('', 'limit=100'),
            read(' limit=1000', `limit=${PAGE}`),
            read(' by name', 'name=a'),
            read(' as member', 'limit=100', member.token),
          ];
        }),
    );
  }
}

/**
 * Asks each read on one connection and takes the median; those that are refused are left out.
 * @param tell is told what share is done.
 */
export async function timeReads(
  origin: string,
  reads: readonly Read[],
  tell: (fraction: number, text: string) => void,
): Promise<ReadonlyMap<string, ReadTime>> {
  const wire = new Wire(origin, 1);
  const floor: WireRequest = { method: 'GET', path: '/identity/v3', headers: {} };
  const times = new Map<string, ReadTime>();
  for (const [index, { name, request }] of reads.entries()) {
    tell(index / reads.length, name);
    const first = await wire.send(request);
    if (first.status !== 200) continue;
    const [list, floors]: [Spent[], Spent[]] = [[], []];
    for (let n = 0; n < TIMES; n++) {
      floors.push(await spent(wire, floor));
      list.push(await spent(wire, request));
    }
    const whole = isWhole(first.json) ? await timeSending(first.json) : undefined;
    times.set(name, {
      items: itemsOf(first.json),
      ms: median(list, 'ms'),
      cpuMs: median(list, 'cpuMs'),
      floorMs: median(floors, 'cpuMs'),
      ...(whole === undefined ? {} : { wholeMs: whole }),
    });
  }
  wire.close();
  return times;
}

interface Spent {
  readonly ms: number;
  readonly cpuMs: number;
}

async function spent(wire: Wire, request: WireRequest): Promise<Spent> {
  const [started, before] = [performance.now(), process.cpuUsage()];
  await wire.send(request);
  const { user, system } = process.cpuUsage(before);
  return { ms: performance.now() - started, cpuMs: (user + system) / 1000 };
}

const median = (list: readonly Spent[], of: keyof Spent): number =>
  percentile(
    list.map((one) => one[of]),
    50,
  );

/** The list that a page holds; not its links to others. */
const listIn = (json: unknown): unknown[] | undefined =>
  Object.entries(json as object).find(
    ([key, value]) => Array.isArray(value) && !key.endsWith('links'),
  )?.[1] as unknown[] | undefined;

/** Of a list its length; of a thing that holds a page of others (the servers of a project's usage) theirs. */
const itemsOf = (json: unknown): number => {
  const list = listIn(json);
  if (list !== undefined) return list.length;
  const held = mostIn(json);
  return held > 100 ? held : 1;
};

/** The most that one list or record in it has. */
const mostIn = (json: unknown): number =>
  typeof json !== 'object' || json === null
    ? 0
    : Object.values(json).reduce<number>(
        (most, value) => Math.max(most, mostIn(value)),
        Object.keys(json).length,
      );

/** Whether it is one thing that cannot be asked for in pages and holds more than one. */
const isWhole = (json: unknown): boolean => listIn(json) === undefined && mostIn(json) > PAGE;

/** The median of what it takes to send a value as JSON, by a server that has it already. */
async function timeSending(json: unknown): Promise<number> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(json));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const wire = new Wire(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 1);
  const list: Spent[] = [];
  for (let n = 0; n < TIMES; n++) list.push(await spent(wire, { method: 'GET', path: '/', headers: {} }));
  wire.close();
  server.close();
  server.closeAllConnections();
  return median(list, 'cpuMs');
}

/** What a read of so many items may take. */
export const limitOf = ({ items, wholeMs }: ReadTime): number =>
  wholeMs !== undefined
    ? WHOLE_RATIO * wholeMs
    : items <= 1
      ? LIMITS.show
      : items <= 100
        ? LIMITS.list
        : (LIMITS.page * Math.max(items, PAGE)) / PAGE;

/** Beyond its limit, and not because the machine had something else to do. */
export const isOver = (time: ReadTime): boolean => Math.min(time.ms, time.cpuMs) > limitOf(time);
