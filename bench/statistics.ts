/** The middle of the values; of an even number of them the mean of the middle two. @throws {RangeError} without values. */
export function median(values: readonly number[]): number {
  const sorted = ascending(values);
  const middle = sorted.length >> 1;
  const upper = at(sorted, middle);
  return sorted.length % 2 === 1 ? upper : (at(sorted, middle - 1) + upper) / 2;
}

/**
 * The smallest value that at least `percent` of all values do not exceed (nearest rank).
 * @param percent more than 0, at most 100
 * @throws {RangeError} without values, or for another percentage.
 */
export function percentile(values: readonly number[], percent: number): number {
  if (!(percent > 0 && percent <= 100)) throw new RangeError(`${percent} is no percentage`);
  const sorted = ascending(values);
  return at(sorted, Math.ceil((percent / 100) * sorted.length) - 1);
}

function ascending(values: readonly number[]): number[] {
  if (values.length === 0) throw new RangeError('nothing was measured');
  return [...values].sort((a, b) => a - b);
}

function at(values: readonly number[], index: number): number {
  const value = values[index];
  if (value === undefined) throw new RangeError(`there is no value ${index}`);
  return value;
}
