import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { TrafficEvent } from '../contract/devices.ts';
import type { LinkCounters } from '../host/net/link/interface.ts';
import { LEASE_MS, TrafficFeed, traffic } from './traffic.ts';

const at = (device: string, packets: number): LinkCounters => ({
  device,
  rxBytes: packets * 100,
  rxPackets: packets,
  rxDropped: 0,
  txBytes: 0,
  txPackets: 0,
  txDropped: 0,
});

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

test('what passes is told a second, and nothing of what stands still', () => {
  const before = new Map([at('a', 10), at('b', 5)].map((one) => [one.device, one]));
  expect(traffic(before, [at('a', 30), at('b', 5), at('new', 9)], 2)).toEqual([
    {
      device: 'a',
      rxBytes: 1000,
      rxPackets: 10,
      txBytes: 0,
      txPackets: 0,
      totalBytes: 3000,
      totalPackets: 30,
    },
  ]);
});

test('the counters are read only while somebody looks, and that traffic stopped is told once', async () => {
  let packets = 0;
  const read = vi.fn<() => Promise<readonly LinkCounters[]>>(() => Promise.resolve([at('a', packets)]));
  const feed = new TrafficFeed(read);
  const heard: TrafficEvent[] = [];
  feed.on((event) => heard.push(event));
  await vi.advanceTimersByTimeAsync(5000);
  expect(read).not.toHaveBeenCalled();

  feed.watch();
  await vi.advanceTimersByTimeAsync(500);
  packets = 10;
  await vi.advanceTimersByTimeAsync(3500);
  expect(heard.map((one) => one.links.length)).toEqual([1, 0]);

  await vi.advanceTimersByTimeAsync(LEASE_MS);
  const calls = read.mock.calls.length;
  await vi.advanceTimersByTimeAsync(LEASE_MS);
  expect(read.mock.calls.length).toBe(calls);
});
