import { array, assert, double, integer, property } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median, percentile } from './statistics.ts';

describe('median', () => {
  it('is the middle value, whatever the order', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([10, 2, 4, 100])).toBe(7);
    expect(median([3])).toBe(3);
  });

  it('refuses to say anything about nothing', () => {
    expect(() => median([])).toThrow('nothing was measured');
  });
});

describe('percentile', () => {
  it('takes the nearest rank', () => {
    const values = [15, 20, 35, 40, 50];
    expect([5, 30, 40, 50, 100].map((percent) => percentile(values, percent))).toEqual([15, 20, 20, 35, 50]);
    expect(percentile([7], 99)).toBe(7);
  });

  it('is not exceeded by at least that share of the values', () => {
    const values = array(double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 });
    assert(
      property(values, integer({ min: 1, max: 100 }), (samples, percent) => {
        const value = percentile(samples, percent);
        expect(samples).toContain(value);
        const within = samples.filter((sample) => sample <= value).length;
        expect(within * 100).toBeGreaterThanOrEqual(percent * samples.length);
      }),
    );
  });

  it('refuses what is no percentage', () => {
    expect(() => percentile([1], 0)).toThrow(RangeError);
    expect(() => percentile([1], 101)).toThrow(RangeError);
  });
});
