import { statement, type Db, type SqlValue } from '../../db/index.ts';
import type { Page } from '../../http/index.ts';

/** A constant condition with one `?`, and its value; left out when the value is undefined. */
export type Filter = readonly [condition: string, value: SqlValue | undefined];

/**
 * One page of rows in the order of their ids, which every table has an index for.
 * `select` is constant text that ends before WHERE; its first table's id column is `id`.
 */
export function listPage<Row>(db: Db, select: string, filters: readonly Filter[], page: Page): Row[] {
  const live = [...filters, ['id > ?', page.marker] as const].filter(([, value]) => value !== undefined);
  const where = live.length === 0 ? '' : ` WHERE ${live.map(([condition]) => condition).join(' AND ')}`;
  return statement<SqlValue[], Row>(db, `${select}${where} ORDER BY id LIMIT ?`).all(
    ...live.map(([, value]) => value as SqlValue),
    page.limit,
  );
}
