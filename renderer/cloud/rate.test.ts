import { expect, test } from 'vitest';
import { Rate } from './rate.ts';

test('speed and remaining time are of the last seconds', () => {
  const rate = new Rate();
  rate.note(0, 0);
  expect(rate.perSecond).toBeUndefined();
  expect(rate.remainingMs(100)).toBeUndefined();
  for (let at = 1000; at <= 10_000; at += 1000) rate.note(at, at);
  expect(rate.perSecond).toBe(1000);
  // It stands still: the speed falls as the old points go.
  for (let at = 11_000; at <= 18_000; at += 1000) rate.note(at, 10_000);
  expect(rate.perSecond).toBe(0);
  expect(rate.remainingMs(20_000)).toBeUndefined();
  rate.note(19_000, 18_000);
  expect(rate.remainingMs(19_000)).toBeCloseTo(1000);
});
