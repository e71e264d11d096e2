import { statement, type Db, type SqlValue } from '../../db/index.ts';

export type TaskStatus = 'pending' | 'processing' | 'success' | 'failure';

/** What an import did or does, as the tasks API shows it. */
export interface TaskRow {
  readonly id: string;
  readonly type: string;
  readonly image_id: string;
  readonly owner_id: string | null;
  readonly user_id: string | null;
  readonly request_id: string | null;
  readonly status: TaskStatus;
  /** JSON. */
  readonly input: string;
  readonly message: string;
  readonly created_at: number;
  readonly updated_at: number;
  readonly expires_at: number | null;
}

/** How long an ended task is kept: glance's task_time_to_live. */
const TIME_TO_LIVE_MS = 48 * 3600 * 1000;

/** Writes a new task, and forgets those whose time is over. */
export function insertTask(db: Db, task: TaskRow): void {
  statement<[number]>(db, 'DELETE FROM image_task WHERE expires_at < ?').run(task.created_at);
  const text = `INSERT INTO image_task
      (id, type, image_id, owner_id, user_id, request_id, status, input, message, created_at, updated_at, expires_at)
    VALUES (@id, @type, @image_id, @owner_id, @user_id, @request_id, @status, @input, @message, @created_at, @updated_at,
      @expires_at)`;
  statement<[Record<string, SqlValue>]>(db, text).run({ ...task });
}

export function setTaskStatus(db: Db, id: string, status: TaskStatus, message: string, now: number): void {
  const ended = status === 'success' || status === 'failure';
  const text = 'UPDATE image_task SET status = ?, message = ?, updated_at = ?, expires_at = ? WHERE id = ?';
  statement<[string, string, number, number | null, string]>(db, text).run(
    status,
    message,
    now,
    ended ? now + TIME_TO_LIVE_MS : null,
    id,
  );
}

export function findTask(db: Db, id: string): TaskRow | undefined {
  return statement<[string], TaskRow>(db, 'SELECT * FROM image_task WHERE id = ?').get(id);
}

export function tasksOfImage(db: Db, imageId: string): readonly TaskRow[] {
  const text = 'SELECT * FROM image_task WHERE image_id = ? ORDER BY created_at DESC, id DESC LIMIT 1000';
  return statement<[string], TaskRow>(db, text).all(imageId);
}

/** What tasks can be sorted by. */
export type TaskSortKey = 'created_at' | 'updated_at' | 'expires_at' | 'status' | 'type' | 'id';

/** A page of all tasks; those without an expiry come as if it were at the beginning of time. */
export function listTasks(
  db: Db,
  filter: { readonly status: string | null; readonly type: string | null; readonly owner: string | null },
  page: {
    readonly limit: number;
    readonly after: TaskRow | undefined;
    readonly key: TaskSortKey;
    readonly ascending: boolean;
  },
): readonly TaskRow[] {
  const { after, key, ascending } = page;
  const column = key === 'expires_at' ? 'coalesce(expires_at, 0)' : key;
  const [direction, beyond] = ascending ? ['ASC', '>'] : ['DESC', '<'];
  const text = `SELECT * FROM image_task
    WHERE (@status IS NULL OR status = @status) AND (@type IS NULL OR type = @type)
      AND (@owner IS NULL OR owner_id = @owner) AND (@id IS NULL OR (${column}, id) ${beyond} (@at, @id))
    ORDER BY ${column} ${direction}, id ${direction} LIMIT @limit`;
  return statement<[Record<string, SqlValue>], TaskRow>(db, text).all({
    ...filter,
    at: after === undefined ? null : (after[key] ?? 0),
    id: after?.id ?? null,
    limit: page.limit,
  });
}
