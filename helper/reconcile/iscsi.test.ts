import { expect, test, vi } from 'vitest';
import { silentLogger } from '../http/index.ts';
import { IscsiLoop } from './iscsi.ts';

test('looks once before anything starts, then again and again, also after a failure', async () => {
  let looks = 0;
  const loop = new IscsiLoop({
    reconcile: async () => {
      looks += 1;
      if (looks === 1) throw new Error('tgtd is not installed');
      return looks === 2 ? ['a volume'] : [];
    },
    logger: silentLogger,
    intervalMs: 1,
  });
  await loop.start();
  expect(looks).toBe(1);
  await vi.waitFor(() => expect(looks).toBeGreaterThan(2));
  await loop.stop();
  const seen = looks;
  await new Promise((resolve) => setImmediate(resolve));
  expect(looks).toBe(seen);
});
