import { expect, test, vi } from 'vitest';
import { silentLogger } from '../http/index.ts';
import { DHCP_SERVERS, RevivalLoop } from './revival.ts';

test('looks again after a failure, one look at a time, until it is stopped', async () => {
  let looks = 0;
  let open = 0;
  const revive = async (): Promise<readonly string[]> => {
    looks += 1;
    open += 1;
    expect(open).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    open -= 1;
    if (looks === 1) throw new Error('no dnsmasq');
    return looks === 2 ? ['network'] : [];
  };
  const warn = vi.fn<(fields: object) => void>();
  const logger = { ...silentLogger, warn };
  const loop = new RevivalLoop({ ...DHCP_SERVERS, revive, logger, intervalMs: 1 });
  await loop.look();
  expect(looks).toBe(1);
  loop.start();
  await vi.waitFor(() => expect(looks).toBeGreaterThan(2));
  await loop.stop();
  expect(warn.mock.calls.map(([fields]) => fields)).toEqual([{ networks: ['network'] }]);
  expect(open).toBe(0);
  const then = looks;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(looks).toBe(then);
});
