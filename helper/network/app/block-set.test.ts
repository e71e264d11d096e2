import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { intersect, merge, subtract, toBlocks, within } from './block-set.ts';

const range = fc
  .tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 0, max: 20 }))
  .map(([first, length]) => ({ first: BigInt(first), last: BigInt(first + length) }));
const members = (ranges: readonly { first: bigint; last: bigint }[]): Set<number> =>
  new Set(
    ranges.flatMap(({ first, last }) =>
      Array.from({ length: Number(last - first) + 1 }, (_, i) => Number(first) + i),
    ),
  );

test('sets of blocks are sets of their addresses', () => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 6 }), fc.array(range, { maxLength: 6 }), (a, b) => {
      const [inA, inB] = [members(a), members(b)];
      expect(members(merge(a))).toEqual(inA);
      expect(members(subtract(a, b))).toEqual(new Set([...inA].filter((one) => !inB.has(one))));
      expect(intersect(a, b)).toBe([...inA].some((one) => inB.has(one)));
      expect(within(a, b)).toBe([...inA].every((one) => inB.has(one)));
      const blocks = toBlocks(4, a);
      expect(members(blocks)).toEqual(inA);
      for (const { prefix, first, last } of blocks) {
        expect(last - first + 1n).toBe(1n << BigInt(32 - prefix));
        expect(first % (last - first + 1n)).toBe(0n);
      }
    }),
    { numRuns: 300 },
  );
});
