import { statement, type Db } from '../../db/index.ts';

/** `table` is a constant of the code: one of the tables that have a column of tags. */
export const tagsOf = (db: Db, table: string, id: string): string[] =>
  JSON.parse(
    statement<[string], { tags: string }>(db, `SELECT tags FROM ${table} WHERE id = ?`).get(id)?.tags ?? '[]',
  ) as string[];

export const writeTags = (db: Db, table: string, id: string, tags: readonly string[], now: number): unknown =>
  statement<[string, number, string]>(
    db,
    `UPDATE ${table} SET tags = ?, revision = revision + 1, updated_at = ? WHERE id = ?`,
  ).run(JSON.stringify(tags), now, id);
