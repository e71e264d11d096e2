import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TestWorld } from './test-world.ts';

const ACTIONS = {
  stop: { 'os-stop': null },
  start: { 'os-start': null },
  resize: { resize: { flavorRef: '2' } },
  confirm: { confirmResize: null },
  revert: { revertResize: null },
  shelve: { shelve: null },
  offload: { shelveOffload: null },
  unshelve: { unshelve: null },
  rescue: { rescue: {} },
  unrescue: { unrescue: null },
} as const;

/** One request, on one of the servers that there are, in a world with this fault; before it all others end, or not. */
const request = fc.record({
  what: fc.constantFrom('create', 'create', 'delete', ...(Object.keys(ACTIONS) as (keyof typeof ACTIONS)[])),
  which: fc.nat({ max: 4 }),
  fault: fc.constantFrom('none', 'none', 'none', 'no host', 'no address', 'no start'),
  quiet: fc.boolean(),
});

/** Nothing fails any more: waits until no operation is open, and has those tried again whose undo failed (R4). */
async function settled(world: TestWorld): Promise<void> {
  world.basics.noHost = false;
  world.network.exhausted = false;
  world.domains.beforeStart = () => Promise.resolve();
  for (;;) {
    const open = world.db
      .prepare<[], { id: string; state: string }>(
        'SELECT id, state FROM saga WHERE finished_at IS NULL ORDER BY seq LIMIT 1',
      )
      .get();
    if (open === undefined) return;
    if (open.state === 'stuck') world.sagas.retryStuck();
    await world.sagas.wait(open.id);
  }
}

test('whatever is asked for, and whatever fails: what is claimed and leased is what the servers have (R28)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 6, maxLength: 16 }), async (requests) => {
      const world = await TestWorld.create();
      try {
        const servers: string[] = [];
        for (const { what, which, fault, quiet } of requests) {
          if (quiet) await settled(world);
          world.basics.noHost = fault === 'no host';
          world.network.exhausted = fault === 'no address';
          world.domains.beforeStart = () =>
            fault === 'no start' ? Promise.reject(new Error('it does not start')) : Promise.resolve();
          const id = servers[which % Math.max(servers.length, 1)];
          if (what === 'create') servers.push(await world.create());
          else if (id !== undefined && what === 'delete')
            await world.call('member', 'DELETE', `/v2.1/servers/${id}`);
          else if (id !== undefined && what !== 'delete')
            await world.call('member', 'POST', `/v2.1/servers/${id}/action`, ACTIONS[what]);
        }
        await settled(world);
        const rows = world.db
          .prepare<[], { id: string; host: string | null; task_state: string | null }>(
            'SELECT id, host, task_state FROM server WHERE deleted_at IS NULL ORDER BY id',
          )
          .all();
        expect(rows.filter(({ task_state }) => task_state !== null)).toEqual([]);
        const placed = rows.filter(({ host }) => host !== null).map(({ id }) => id);
        const { claims, ports, domains } = (await world.inventory()) as Record<string, readonly string[]>;
        expect(claims).toEqual(placed);
        const known = new Set(rows.map(({ id }) => id));
        expect(ports?.filter((id) => !known.has(id))).toEqual([]);
        expect(domains?.filter((domain) => !placed.includes(domain.split(' ')[0] ?? ''))).toEqual([]);
        for (const id of known) await world.call('member', 'DELETE', `/v2.1/servers/${id}`);
        await settled(world);
        const nothing = { claims: [], ports: [], domains: [], leases: [], files: [], plugged: [] };
        expect(await world.inventory()).toMatchObject(nothing);
      } finally {
        await world.dispose();
      }
    }),
    // The same ones each time: a test that fails now and then says nothing of what was changed.
    { numRuns: 4, seed: 28 },
  );
});
