import { expect, test } from 'vitest';
import { memoryDatabase } from '../db/index.ts';
import { FakeSecretHost } from '../host/secret/fake.ts';
import type { HostSecret } from '../host/secret/interface.ts';
import { Secret } from '../secret.ts';
import { reconcileSecrets } from './sagas/volume-secrets.ts';
import { StandInVolumes } from './test-volumes.ts';

const secret = (id: string): HostSecret => ({ id, use: 'volume', value: new Secret(`of ${id}`) });

test('what a restart of libvirt lost is put back, and what is of no attachment goes', async () => {
  const secrets = new FakeSecretHost();
  const volume = new StandInVolumes(memoryDatabase());
  volume.held.set('attached', [secret('attached')]);
  volume.held.set('leaving', [secret('leaving')]);
  volume.allSecrets = () => [
    { ...secret('attached'), settled: true },
    { ...secret('leaving'), settled: false },
  ];
  await secrets.ensure(secret('forgotten'));
  await reconcileSecrets({ secrets, volume });
  // An operation puts back, or takes away, what is not settled.
  expect(await secrets.list()).toEqual([{ id: 'attached', use: 'volume' }]);
  expect(secrets.valueOf('attached')).toBe('of attached');
  await secrets.ensure(secret('leaving'));
  await reconcileSecrets({ secrets, volume });
  expect((await secrets.list()).map(({ id }) => id)).toEqual(['attached', 'leaving']);
});
