import { overlaps, parseBlock, type AddressRange, type Block } from './address.ts';

/** Sets of addresses of one version, as blocks: what subnet pools reckon with. */

/** The same addresses as ranges in rising order that do not touch each other. */
export function merge(ranges: readonly AddressRange[]): AddressRange[] {
  const sorted = [...ranges].sort((a, b) => (a.first < b.first ? -1 : 1));
  const merged: AddressRange[] = [];
  for (const range of sorted) {
    const last = merged.at(-1);
    if (last === undefined || range.first > last.last + 1n) merged.push(range);
    else if (range.last > last.last) merged[merged.length - 1] = { first: last.first, last: range.last };
  }
  return merged;
}

/** What of the first is not in the second. */
export function subtract(ranges: readonly AddressRange[], taken: readonly AddressRange[]): AddressRange[] {
  const holes = merge(taken);
  const left: AddressRange[] = [];
  for (const range of merge(ranges)) {
    let { first } = range;
    for (const hole of holes) {
      if (hole.last < first || hole.first > range.last) continue;
      if (hole.first > first) left.push({ first, last: hole.first - 1n });
      first = hole.last + 1n;
    }
    if (first <= range.last) left.push({ first, last: range.last });
  }
  return left;
}

export const intersect = (a: readonly AddressRange[], b: readonly AddressRange[]): boolean =>
  a.some((one) => b.some((other) => overlaps(one, other)));

/** True when every address of the first is in the second. */
export const within = (a: readonly AddressRange[], b: readonly AddressRange[]): boolean =>
  subtract(a, b).length === 0;

/** The fewest blocks that have exactly these addresses, in rising order. */
export function toBlocks(version: 4 | 6, ranges: readonly AddressRange[]): Block[] {
  const width = version === 4 ? 32 : 128;
  const blocks: Block[] = [];
  for (const range of merge(ranges)) {
    let { first } = range;
    while (first <= range.last) {
      let prefix = width;
      let size = 1n;
      while (prefix > 0 && first % (size * 2n) === 0n && first + size * 2n - 1n <= range.last) {
        size *= 2n;
        prefix -= 1;
      }
      blocks.push({ version, prefix, first, last: first + size - 1n });
      first += size;
    }
  }
  return blocks;
}

/** Blocks of rows, whose notation was checked when they were written. */
export const blocksOf = (cidrs: readonly string[]): Block[] =>
  cidrs.flatMap((cidr) => parseBlock(cidr) ?? []);
