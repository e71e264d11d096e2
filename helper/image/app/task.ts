import type { Db } from '../../db/index.ts';
import { badRequest, notFound } from '../../errors/error.ts';
import type { AuthContext, Page } from '../../http/index.ts';
import { findTask, listTasks, tasksOfImage, type TaskRow, type TaskSortKey } from '../store/task.ts';
import { time } from './view.ts';

/** What imports did and do. */
export class Tasks {
  readonly #db: Db;

  constructor(options: { readonly db: Db }) {
    this.#db = options.db;
  }

  ofImage(imageId: string): readonly TaskRow[] {
    return tasksOfImage(this.#db, imageId);
  }

  /** @throws {CloudError} notFound, for foreign ones too. */
  get(auth: AuthContext, id: string): TaskRow {
    const task = findTask(this.#db, id);
    if (task === undefined || !(auth.roles.has('admin') || task.owner_id === auth.projectId)) {
      throw notFound(`No task found with ID ${id.slice(0, 80)}`);
    }
    return task;
  }

  list(
    auth: AuthContext,
    filter: {
      readonly status?: string | undefined;
      readonly type?: string | undefined;
      readonly sort_key?: TaskSortKey | undefined;
      readonly sort_dir?: 'asc' | 'desc' | undefined;
    },
    page: Page,
  ): { readonly tasks: readonly TaskRow[]; readonly next?: string } {
    const after = page.marker === undefined ? undefined : findTask(this.#db, page.marker);
    if (page.marker !== undefined && after === undefined)
      throw badRequest('Invalid marker: no task has this id.');
    const found = listTasks(
      this.#db,
      {
        status: filter.status ?? null,
        type: filter.type ?? null,
        owner: auth.roles.has('admin') ? null : (auth.projectId ?? ''),
      },
      {
        limit: page.limit + 1,
        after,
        key: filter.sort_key ?? 'created_at',
        ascending: filter.sort_dir === 'asc',
      },
    );
    const tasks = found.slice(0, page.limit);
    const last = tasks.at(-1);
    return found.length > page.limit && last !== undefined ? { tasks, next: last.id } : { tasks };
  }
}

const headOf = (task: TaskRow) => ({
  id: task.id,
  type: task.type,
  status: task.status,
  owner: task.owner_id,
  created_at: time(task.created_at),
  updated_at: time(task.updated_at),
  expires_at: task.expires_at === null ? null : time(task.expires_at),
});

const bodyOf = (task: TaskRow) => ({
  ...headOf(task),
  image_id: task.image_id,
  user_id: task.user_id,
  request_id: task.request_id,
  input: JSON.parse(task.input) as unknown,
  result: null,
  message: task.message,
});

/** A task as its image shows it. */
export const imageTaskView = (task: TaskRow) => ({ ...bodyOf(task), deleted: false, deleted_at: null });

const linksOf = (task: TaskRow) => ({ self: `/v2/tasks/${task.id}`, schema: '/v2/schemas/task' });

export const taskView = (task: TaskRow) => ({ ...bodyOf(task), ...linksOf(task) });

/** A task in a list. */
export const taskSummary = (task: TaskRow) => ({ ...headOf(task), ...linksOf(task) });
