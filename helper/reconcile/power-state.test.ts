import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { serverPower } from '../compute/index.ts';
import { TestWorld } from '../compute/test-world.ts';
import { silentLogger } from '../http/index.ts';
import { PowerStateLoop } from './power-state.ts';

let world: TestWorld;
let loop: PowerStateLoop;

const newLoop = (bootId = 'boot-1'): PowerStateLoop =>
  new PowerStateLoop({
    domains: world.domains,
    servers: serverPower({ ...world.deps, config: { hostName: 'desk', bootId } }),
    logger: silentLogger,
  });

beforeEach(async () => {
  world = await TestWorld.create();
  loop = newLoop();
});
afterEach(async () => {
  await loop.stop();
  await world.dispose();
});

const started = async (): Promise<void> => {
  loop.start();
  await loop.settled();
};
const stateOf = async (id: string): Promise<string> => {
  const answer = await world.call('member', 'GET', `/v2.1/servers/${id}`);
  const { server } = answer.body as { server: Record<string, unknown> };
  return `${String(server['status'])} ${String(server['OS-EXT-STS:power_state'])}`;
};
const active = async (): Promise<string> => {
  const id = await world.create();
  await world.quiet();
  return id;
};
const settled = async (): Promise<void> => {
  await loop.settled();
  await world.quiet();
  await loop.settled();
};

describe('power states', () => {
  test('follow what happens behind us (R13)', async () => {
    const id = await active();
    await started();
    for (const [state, event, expected] of [
      ['shutdown', 'stopped', 'SHUTOFF 4'],
      ['running', 'started', 'ACTIVE 1'],
      ['paused', 'suspended', 'PAUSED 3'],
      ['running', 'resumed', 'ACTIVE 1'],
      ['crashed', 'crashed', 'SHUTOFF 6'],
    ] as const) {
      world.domains.change(id, state, event);
      await settled();
      expect(await stateOf(id)).toBe(expected);
    }
  });

  test('are compared at start and after a reconnection', async () => {
    const id = await active();
    world.domains.states.set(id, 'shutdown');
    await started();
    expect(await stateOf(id)).toBe('SHUTOFF 4');
    world.domains.states.set(id, 'running');
    world.domains.hint({ uuid: id, event: 'resync' });
    await settled();
    expect(await stateOf(id)).toBe('ACTIVE 1');
  });

  test('are left alone while an operation is open, and looked at when it has ended', async () => {
    await started();
    const gate = Promise.withResolvers<void>();
    world.domains.beforeStart = () => gate.promise;
    const id = await world.create();
    world.domains.hint({ uuid: id, event: 'stopped' });
    await loop.settled();
    expect(await stateOf(id)).toBe('BUILD 0');
    world.sagas.events.on((event) => {
      // It dies after its start and before anybody looks.
      if (event.type === 'step-finished' && event.step.name === 'start domain')
        world.domains.change(id, 'shutdown', 'stopped');
    });
    gate.resolve();
    await settled();
    expect(await stateOf(id)).toBe('SHUTOFF 4');
  });

  test('a domain of ours without a server goes (R14)', async () => {
    await started();
    world.domains.states.set('orphan', 'running');
    world.domains.hint({ uuid: 'orphan', event: 'started' });
    await settled();
    expect(world.domains.states.has('orphan')).toBe(false);
    world.domains.states.set('orphan', 'running');
    world.domains.hint({ uuid: 'x', event: 'resync' });
    await settled();
    expect(world.domains.states.has('orphan')).toBe(false);
  });

  test('after the host’s reboot what ran runs again (R31)', async () => {
    const [ran, stopped] = [await active(), await active()];
    await world.call('member', 'POST', `/v2.1/servers/${stopped}/action`, { 'os-stop': null });
    await world.quiet();
    await started();
    await loop.stop();
    for (const id of [ran, stopped]) world.domains.states.set(id, 'shutdown');
    world.network.plugged.clear();
    loop = newLoop('boot-2');
    await started();
    await settled();
    expect(await stateOf(ran)).toBe('ACTIVE 1');
    expect(await stateOf(stopped)).toBe('SHUTOFF 4');
    expect([...world.network.plugged]).toEqual([ran]);
    expect(world.domains.states.get(ran)).toBe('running');
    // A guest that stops later in the same boot stays stopped.
    world.domains.change(ran, 'shutdown', 'stopped');
    await settled();
    expect(await stateOf(ran)).toBe('SHUTOFF 4');
  });

  test('a running server whose definition has vanished is made again', async () => {
    const id = await active();
    await started();
    await world.domains.undefine(id);
    world.domains.hint({ uuid: id, event: 'undefined' });
    await settled();
    expect(await stateOf(id)).toBe('ACTIVE 1');
    expect(world.domains.states.get(id)).toBe('running');
  });

  test('an unreachable hypervisor is waited for', async () => {
    const id = await active();
    const list = world.domains.list.bind(world.domains);
    world.domains.list = () => Promise.reject(new Error('libvirt is not there'));
    await started();
    world.domains.list = list;
    world.domains.states.set(id, 'shutdown');
    world.domains.hint({ uuid: '', event: 'resync' });
    await settled();
    expect(await stateOf(id)).toBe('SHUTOFF 4');
  });
});
