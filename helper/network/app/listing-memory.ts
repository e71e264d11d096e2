import { badRequest } from '../../errors/error.ts';
import type { RequestContext } from '../../http/index.ts';
import { CONTROL, limitOf, linksOf, pick, sortsOf } from './listing.ts';

type Item = Readonly<Record<string, unknown>>;

const comparable = (value: unknown): string | number => {
  if (typeof value === 'number') return value;
  return (typeof value === 'string' ? value : JSON.stringify(value ?? '')).toLowerCase();
};

/**
 * The list of what has no table, with the same filters, sorting, paging and `fields` as other lists.
 * @param id the attribute that markers name
 * @param own filters that the caller of this function has applied
 */
export function listItems(
  plural: string,
  items: readonly Item[],
  asked: Pick<RequestContext, 'query' | 'queryAll' | 'base' | 'path'>,
  id = 'id',
  own: readonly string[] = [],
): Record<string, unknown> {
  const names = Object.keys(asked.query as Record<string, unknown>).filter((name) => !CONTROL.has(name));
  const [sample] = items;
  const unknown = names.filter((name) => !own.includes(name) && sample !== undefined && !(name in sample));
  if (unknown.length > 0) {
    throw badRequest(
      `[${unknown.map((name) => `'${name.slice(0, 80)}'`).join(', ')}] is invalid attribute for filtering`,
    );
  }
  const filters = names.filter((name) => !own.includes(name));
  const found = items.filter((item) =>
    filters.every((name) =>
      asked
        .queryAll(name)
        .some(
          (value) =>
            comparable(item[name]) === comparable(typeof item[name] === 'number' ? Number(value) : value),
        ),
    ),
  );
  const sorts = sortsOf(asked, (key) => sample === undefined || key in sample);
  const sorted = found.toSorted((a, b) => {
    for (const { key, descending } of sorts) {
      const [x, y] = [comparable(a[key]), comparable(b[key])];
      if (x !== y) return x < y === descending ? 1 : -1;
    }
    return 0;
  });
  const limit = limitOf(asked);
  const marker = asked.queryAll('marker')[0] ?? '';
  const reverse = /^(true|1)$/i.test(asked.queryAll('page_reverse')[0] ?? '');
  const at = sorted.findIndex((item) => item[id] === marker);
  if (marker !== '' && at === -1)
    throw badRequest(`Marker ${marker.slice(0, 80)} could not be found.`, { type: 'InvalidMarker' });
  const rest = reverse ? sorted.slice(0, marker === '' ? undefined : at) : sorted.slice(at + 1);
  const page = limit === undefined ? rest : reverse ? rest.slice(-limit) : rest.slice(0, limit);
  const ids = page.map((item) => ({ id: String(item[id]) }));
  const links = limit === undefined ? [] : linksOf(asked, ids, { full: page.length >= limit, reverse });
  return {
    [plural]: page.map((item) => pick(item, asked)),
    ...(links.length > 0 ? { [`${plural}_links`]: links } : {}),
  };
}
