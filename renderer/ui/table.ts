import type { Snippet } from 'svelte';

/** A column of a table of T. */
export interface Column<T> {
  readonly id: string;
  readonly title: string;
  /** What it sorts by and what a search looks at; undefined sorts last. */
  readonly value: (row: T) => string | number | undefined;
  /** How it is shown; its value as text when left out. */
  readonly cell?: Snippet<[T]>;
  /** A width in pixels, or a share of what is left ('2fr'). */
  readonly width?: number | `${number}fr`;
  readonly align?: 'end';
  /** Not shown until the person chooses it. */
  readonly hidden?: boolean;
  /** Cannot be hidden: the name. */
  readonly fixed?: boolean;
}

export interface Sorting {
  readonly column: string;
  readonly descending: boolean;
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** Rows in which every word of the search is found in some column's value or in `more`. */
export function searched<T>(
  rows: readonly T[],
  search: string,
  columns: readonly Column<T>[],
  more: (row: T) => string,
): readonly T[] {
  const words = search
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return rows;
  return rows.filter((row) => {
    const text = `${columns.map((column) => column.value(row) ?? '').join('\n')}\n${more(row)}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** In natural order ('web-2' before 'web-10'); what has no value is last either way. */
export function sorted<T>(
  rows: readonly T[],
  { column, descending }: Sorting,
  columns: readonly Column<T>[],
): readonly T[] {
  const value = columns.find((one) => one.id === column)?.value;
  if (value === undefined) return rows;
  const sign = descending ? -1 : 1;
  return rows
    .map((row) => [value(row), row] as const)
    .sort(([a], [b]) => {
      if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
      const order =
        typeof a === 'number' && typeof b === 'number' ? a - b : collator.compare(String(a), String(b));
      return order * sign;
    })
    .map(([, row]) => row);
}
