import { expect, test, vi } from 'vitest';
import { silentLogger } from '../http/index.ts';
import { DhcpLoop } from './dhcp.ts';

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
  const loop = new DhcpLoop({ revive, logger: silentLogger, intervalMs: 1 });
  loop.start();
  await vi.waitFor(() => expect(looks).toBeGreaterThan(2));
  await loop.stop();
  expect(open).toBe(0);
  const then = looks;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(looks).toBe(then);
});
