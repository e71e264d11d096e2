import { randomUUID } from 'node:crypto';
import { transaction, type Db } from '../../db/index.ts';
import { badRequest, forbidden, notFound, overQuota } from '../../errors/error.ts';
import { type Caller, mv, pageOf, type PolicyTarget, requirePolicy } from '../../http/index.ts';
import type { Quotas } from '../basics.ts';
import type { ServerGroupPage, ServerGroupRequest } from '../schemas/server-group.ts';
import {
  countMembers,
  countServerGroups,
  deleteServerGroup,
  findServerGroup,
  insertServerGroup,
  listServerGroups,
  membersOfGroups,
  type ServerGroupRow,
} from '../store/server-group.ts';

const MAX_PAGE = 1000;

export interface ServerGroupTarget extends PolicyTarget {
  readonly project_id: string;
  readonly row: ServerGroupRow;
}

export interface ServerGroupDeps {
  readonly db: Db;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly quotas: Quotas;
}

/** Groups of servers that shall be together, or shall not. */
export class ServerGroupApp {
  readonly #deps: ServerGroupDeps;

  constructor(deps: ServerGroupDeps) {
    this.#deps = deps;
  }

  /** @throws {CloudError} notFound */
  target(id: string): ServerGroupTarget {
    const row = findServerGroup(this.#deps.db, id);
    if (row === undefined) throw notFound(`Instance group ${id} could not be found.`);
    return { project_id: row.project_id, row };
  }

  show(caller: Caller, { row }: ServerGroupTarget): object {
    return { server_group: this.#bodies(caller, [row])[0] };
  }

  list(caller: Caller, query: ServerGroupPage): object {
    const all = query.all_projects !== undefined && caller.auth.roles.has('admin');
    if (all) requirePolicy(caller, 'os_compute_api:os-server-groups:index:all_projects');
    const { limit } = pageOf({ limit: query.limit }, { max: MAX_PAGE });
    const rows = listServerGroups(this.#deps.db, all ? null : (caller.auth.projectId ?? ''), {
      limit,
      offset: Number(query.offset ?? 0),
    });
    return { server_groups: this.#bodies(caller, rows) };
  }

  create(caller: Caller, request: ServerGroupRequest): object {
    const { db, clock, quotas } = this.#deps;
    const { projectId, userId } = caller.auth;
    if (projectId === undefined)
      throw forbidden('A server group belongs to a project: the token must have project scope.');
    const policy = request.policy ?? request.policies?.[0] ?? 'affinity';
    const most = request.rules?.max_server_per_host;
    if (most !== undefined && policy !== 'anti-affinity')
      throw badRequest('Only anti-affinity policy supports rules.');
    const row: ServerGroupRow = {
      id: randomUUID(),
      project_id: projectId,
      user_id: userId,
      name: request.name,
      policy,
      max_per_host: most === undefined ? null : Number(most),
    };
    transaction(db, () => {
      const limit = quotas.limit(db, projectId, 'server_groups');
      if (limit >= 0 && countServerGroups(db, projectId) >= limit)
        throw overQuota('Quota exceeded, too many server groups.');
      insertServerGroup(db, row, clock());
    });
    return { server_group: this.#bodies(caller, [row])[0] };
  }

  remove({ row }: ServerGroupTarget): void {
    const { db } = this.#deps;
    transaction(db, () => deleteServerGroup(db, row.id));
  }

  #bodies(caller: Caller, rows: readonly ServerGroupRow[]): readonly object[] {
    const members = membersOfGroups(
      this.#deps.db,
      rows.map(({ id }) => id),
    );
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      members: members.get(row.id) ?? [],
      ...(caller.version >= mv('2.13') ? { project_id: row.project_id, user_id: row.user_id } : {}),
      ...(caller.version >= mv('2.64')
        ? {
            policy: row.policy,
            rules: row.max_per_host === null ? {} : { max_server_per_host: row.max_per_host },
          }
        : { policies: [row.policy], metadata: {} }),
    }));
  }
}

/**
 * The group that a new server's hint names.
 * @throws {CloudError} badRequest where the caller's project has no such group.
 */
export function hintedGroup(db: Db, projectId: string, hint: unknown): ServerGroupRow | null {
  if (typeof hint !== 'string') return null;
  const row = findServerGroup(db, hint);
  if (row?.project_id !== projectId) throw badRequest(`Instance group ${hint} could not be found.`);
  return row;
}

/**
 * Call it in the transaction that inserts the members, before the insert.
 * @throws {CloudError} overQuota
 */
export function checkMembers(
  db: Db,
  quotas: Quotas,
  group: ServerGroupRow,
  userId: string,
  more: number,
): void {
  const limit = quotas.limit(db, group.project_id, 'server_group_members');
  if (limit >= 0 && countMembers(db, group.id, userId) + more > limit)
    throw overQuota('Quota exceeded, too many servers in group');
}
