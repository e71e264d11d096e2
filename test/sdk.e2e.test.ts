import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureExternalNetwork } from '../main/demo/ensure.ts';
import { DEMO } from '../main/demo/plan.ts';
import { simulatedGuest } from '../main/demo/simulated-guest.ts';
import { run } from './support/cli.ts';
import { NOTHING, TestInstance } from './support/instance.ts';
import { writeClouds } from './support/person.ts';

// With real guests: npm run conformance -- --sdk
describe('a whole environment', () => {
  const instance = new TestInstance('sdk', 'simulated');
  beforeAll(async () => {
    await instance.start();
    await writeClouds(instance);
    await ensureExternalNetwork(await instance.admin(), await instance.client.external());
  });
  afterAll(async () => expect(await instance.remove()).toEqual(NOTHING));

  test('is made and removed by openstacksdk, at the microversions that both know', async () => {
    const guest = await simulatedGuest(join(instance.directory, 'guest'));
    const script = join(import.meta.dirname, 'sdk', 'environment.py');
    const { code, stdout, stderr } = await run(
      ['/usr/bin/python3', script, guest.path, DEMO.externalNetwork],
      {
        env: {
          OS_CLIENT_CONFIG_FILE: join(instance.directory, 'user', 'clouds.yaml'),
          PATH: '/usr/bin:/bin',
          PYTHONWARNINGS: 'ignore',
        },
      },
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toEqual({
      microversions: [
        [2, 1],
        [2, 93],
      ],
      negotiated: {
        '2.1': [200, 'compute 2.1'],
        '2.52': [200, 'compute 2.52'],
        '2.93': [200, 'compute 2.93'],
        '2.999': [406],
      },
      image: 'active',
      server: ['ACTIVE', { 'made-by': 'openstacksdk' }, 'sdk-flavor'],
      fixed: expect.stringMatching(/^10\.99\.0\./) as string,
      addresses: ['fixed', 'floating'],
      interface: [true],
      left: { servers: [], networks: [], ports: [], routers: [], 'floating IPs': [], 'key pairs': [] },
      afterwards: 'refused',
    });
  });
});
