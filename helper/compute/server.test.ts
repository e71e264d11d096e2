import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { getOperation, listOperations } from '../saga/index.ts';
import { IMAGE_ID } from './test-doubles.ts';
import { TestWorld } from './test-world.ts';

let world: TestWorld;

beforeEach(async () => {
  world = await TestWorld.create();
});
afterEach(() => world.dispose());

interface Shown {
  readonly server: Readonly<Record<string, unknown>>;
}
const show = async (id: string, token = 'member', version?: string): Promise<Shown['server']> =>
  ((await world.call(token, 'GET', `/v2.1/servers/${id}`, undefined, version)).body as Shown).server;

const EMPTY = {
  domains: [],
  ports: [],
  plugged: [],
  leases: [],
  claims: [],
  files: [],
  volumes: [],
  made: [],
  cards: [],
  secrets: [],
  exports: [],
};

describe('a server', () => {
  test('is made, runs and goes', async () => {
    const made = await world.call('member', 'POST', '/v2.1/servers', {
      server: { name: 'web 1', imageRef: IMAGE_ID, flavorRef: '1', key_name: 'key', metadata: { a: 'b' } },
    });
    expect(made.status).toBe(202);
    const { server } = made.body as { server: { id: string; adminPass: string } };
    expect(server.adminPass).toMatch(/^\w{12}$/);
    expect(made.headers.get('location')).toContain(`/compute/v2.1/servers/${server.id}`);
    expect(made.headers.get('x-compute-request-id')).toMatch(/^req-/);
    await world.quiet();

    const shown = await show(server.id);
    expect(shown).toMatchObject({
      status: 'ACTIVE',
      'OS-EXT-STS:power_state': 1,
      'OS-EXT-STS:task_state': null,
      'OS-EXT-AZ:availability_zone': 'nova',
      key_name: 'key',
      metadata: { a: 'b' },
      addresses: { private: [{ addr: '10.0.0.5', version: 4 }] },
      security_groups: [{ name: 'default' }],
    });
    expect(shown['OS-SRV-USG:launched_at']).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+$/);
    expect(shown['created']).toMatch(/Z$/);
    const spec = world.domains.specs.get(server.id);
    expect(spec?.name).toBe('instance-00000001');
    expect(spec?.disks.map(({ target }) => target)).toEqual(['vda']);
    expect(await world.inventory()).toMatchObject({
      domains: [`${server.id} running`],
      plugged: [server.id],
      files: ['run', 'state']
        .map((root) => `${root}/instances/${server.id}`)
        .concat(`state/instances/${server.id}/disk`),
    });

    expect((await world.call('member', 'DELETE', `/v2.1/servers/${server.id}`)).status).toBe(204);
    await world.quiet();
    expect((await world.call('member', 'GET', `/v2.1/servers/${server.id}`)).status).toBe(404);
    expect(await world.inventory()).toEqual(EMPTY);
    expect(world.revoked).toContain(server.id);
  });

  test('has its steps with their numbers in the record', async () => {
    const id = await world.create({ config_drive: true });
    await world.quiet();
    const [operation] = listOperations(world.db, { resource: { type: 'server', id }, limit: 1 });
    const steps = getOperation(world.db, operation?.id ?? '')?.steps ?? [];
    const numbers = new Set(
      steps.flatMap(({ number, outcome }) => {
        if (number === null || outcome === 'skipped') return [];
        const [first, last] = typeof number === 'number' ? [number, number] : number;
        return Array.from({ length: last - first + 1 }, (_, index) => first + index);
      }),
    );
    const all = Array.from({ length: 37 }, (_, index) => index + 1);
    expect([...numbers].sort((a, b) => a - b)).toEqual(all);
    expect(JSON.stringify(steps)).not.toContain('adminPass');
  });
});
