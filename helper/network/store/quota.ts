import { statement, type Db } from '../../db/index.ts';

export interface QuotaRow {
  readonly project_id: string;
  readonly resource: string;
  readonly hard_limit: number;
}

export const quotasOf = (db: Db, projectId: string): QuotaRow[] =>
  statement<[string], QuotaRow>(db, 'SELECT * FROM network_quota WHERE project_id = ?').all(projectId);

export const allQuotas = (db: Db): QuotaRow[] =>
  statement<[], QuotaRow>(db, 'SELECT * FROM network_quota ORDER BY project_id').all();

export const setQuota = (db: Db, row: QuotaRow): unknown =>
  statement<[string, string, number]>(
    db,
    'INSERT INTO network_quota (project_id, resource, hard_limit) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET hard_limit = excluded.hard_limit',
  ).run(row.project_id, row.resource, row.hard_limit);

export const deleteQuotas = (db: Db, projectId: string): boolean =>
  statement<[string]>(db, 'DELETE FROM network_quota WHERE project_id = ?').run(projectId).changes > 0;
