import { statement, type Db } from '../../db/index.ts';

/** What a project has; sizes in bytes. */
export interface ImageUsage {
  readonly image_size_total: number;
  readonly image_stage_total: number;
  readonly image_count_total: number;
  readonly image_count_uploading: number;
}

export function usageOf(db: Db, projectId: string): ImageUsage {
  const text = `SELECT coalesce(sum(size), 0) AS image_size_total, coalesce(sum(staged_size), 0) AS image_stage_total,
      count(*) AS image_count_total,
      coalesce(sum(status IN ('saving', 'uploading', 'importing')), 0) AS image_count_uploading
    FROM image WHERE owner_id = ?`;
  // An aggregate without GROUP BY always has its one row.
  return statement<[string], ImageUsage>(db, text).get(projectId) as ImageUsage;
}
