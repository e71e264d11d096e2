/** Names and values, as properties, metadata and extra specs are. */
export type Pairs = readonly (readonly [string, string])[];

/** Reads 'name: value' (or 'name=value') a line; @returns with the first line that is none as `wrong`. */
export function parsePairs(text: string): { readonly pairs: Pairs; readonly wrong: string | undefined } {
  const pairs: (readonly [string, string])[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    // A name may have colons in it ('hw:cpu_policy'): what parts it from its value has a space behind it, or is '='.
    const found = /^\s*(\S.*?)\s*(?::\s+|=\s*)(\S.*?)\s*$/.exec(line);
    if (found?.[1] === undefined || found[2] === undefined) return { pairs, wrong: line.trim() };
    pairs.push([found[1], found[2]]);
  }
  return { pairs, wrong: undefined };
}

/** As {@link parsePairs} reads them. */
export const writePairs = (pairs: Pairs): string =>
  pairs.map(([name, value]) => `${name}: ${value}`).join('\n');

/** What is to be set and what to be removed so that one becomes the other. */
export function differenceOf(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): { readonly set: Readonly<Record<string, string>>; readonly removed: readonly string[] } {
  return {
    set: Object.fromEntries(Object.entries(after).filter(([name, value]) => before[name] !== value)),
    removed: Object.keys(before).filter((name) => !(name in after)),
  };
}
