import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Endpoint, Service } from '../helper/http/index.ts';
import { COMPUTE } from './authorisation/compute.ts';
import { DESKCLOUD } from './authorisation/deskcloud.ts';
import { CLASSES, type Class, type Expectations } from './authorisation/expectation.ts';
import { IDENTITY } from './authorisation/identity.ts';
import { IMAGE } from './authorisation/image.ts';
import { NETWORK } from './authorisation/network.ts';
import { PLACEMENT } from './authorisation/placement.ts';
import { VOLUME } from './authorisation/volume.ts';
import { Things } from './authorisation/things.ts';
import { errorProblem } from './fuzz/judge.ts';
import { Wire } from './fuzz/wire.ts';
import { furnish, populate, type World } from './fuzz/world.ts';
import { loadServices } from '../scripts/api-docs/tables.ts';
import { TestInstance } from './support/instance.ts';

const EXPECTED: Readonly<Record<string, Expectations>> = {
  identity: IDENTITY,
  image: IMAGE,
  network: NETWORK,
  compute: COMPUTE,
  volume: VOLUME,
  placement: PLACEMENT,
  deskcloud: DESKCLOUD,
};

const isGone = (id: string): boolean => id.startsWith('removed:');

function classOf(service: string, id: string): Class | undefined {
  if (isGone(id)) return 'gone';
  const classes = Object.entries(EXPECTED[service] ?? {}) as [Class, readonly string[]][];
  return classes.find(([, ids]) => ids.includes(id))?.[0];
}

/** Every route of every service, asked by everyone who may not; a route without an entry fails (S19). */
describe('authorisation', () => {
  const instance = new TestInstance('auth', 'simulated', { rateLimits: { project: false, login: false } });
  let world: World;
  let wire: Wire;
  let things: Things;

  beforeAll(async () => {
    await instance.start();
    const admin = await furnish(instance);
    wire = new Wire((await instance.client.status()).endpoint, 1);
    world = await populate(instance, admin, await loadServices());
    things = new Things(world, wire);
    await things.furnish(instance.client);
  });
  afterAll(async () => {
    wire.close();
    await instance.remove();
  });

  const routes = (): readonly { service: Service; endpoint: Endpoint; expected: Class | undefined }[] =>
    world.services.flatMap((service) =>
      service.endpoints.map((endpoint) => ({
        service,
        endpoint,
        expected: classOf(service.name, endpoint.id),
      })),
    );

  test('each route is expected once, and each expectation has its route', () => {
    const there = world.services.map(({ name, endpoints }) => [
      name,
      endpoints
        .map(({ id }) => id)
        .filter((id) => !isGone(id))
        .sort(),
    ]);
    const expected = world.services.map(({ name }) => [
      name,
      Object.values(EXPECTED[name] ?? {})
        .flat()
        .sort(),
    ]);
    // A new route goes into test/authorisation/<service>.ts, and what it needs to be there into things.ts.
    expect(Object.fromEntries(expected)).toEqual(Object.fromEntries(there));
  });

  /** The status, and what is wrong with the error's form. */
  async function ask(service: Service, endpoint: Endpoint, token: string | undefined) {
    const answer = await wire.send(things.request(service, endpoint, token));
    const problem =
      answer.status < 400 || endpoint.method === 'HEAD'
        ? undefined
        : errorProblem({ kind: 'none', service }, answer.status, answer.json);
    return { status: answer.status, problem, text: answer.text };
  }

  test('without a token, or with one that is none: 401', async () => {
    const found: unknown[] = [];
    for (const { service, endpoint, expected } of routes()) {
      if (expected === 'open') continue;
      for (const token of [undefined, 'dct_none']) {
        const { status, problem } = await ask(service, endpoint, token);
        if (status !== 401 || problem !== undefined) found.push([service.name, endpoint.id, status, problem]);
      }
    }
    expect(found).toEqual([]);
  });

  test.each(['stranger', 'reader', 'member'] as const)('as a %s', async (caller) => {
    const found: unknown[] = [];
    const { token } = world.callers[caller];
    for (const { service, endpoint, expected } of routes()) {
      if (expected === undefined) continue;
      const wanted = CLASSES[expected][caller];
      const reads = endpoint.method === 'GET' || endpoint.method === 'HEAD';
      if (wanted === 'free' || (wanted === 'ok' && !reads)) continue;
      const { status, problem, text } = await ask(service, endpoint, token);
      const right = wanted === 'ok' ? status < 300 : status === wanted && problem === undefined;
      if (!right) found.push([service.name, endpoint.id, wanted, status, problem, text.slice(0, 200)]);
    }
    expect(found).toEqual([]);
  });

  test('what is hidden from others is really there', async () => {
    const { token } = world.callers.admin;
    const found: unknown[] = [];
    for (const { service, endpoint, expected } of routes()) {
      if (endpoint.method !== 'GET' || expected !== 'hidden') continue;
      const { status } = await ask(service, endpoint, token);
      if (status >= 300) found.push([endpoint.id, status]);
    }
    expect(found).toEqual([]);
  });
});
