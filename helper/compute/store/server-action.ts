import { statement, type Db } from '../../db/index.ts';

/** One thing that was done to a server, as os-instance-actions lists it. */
export interface ServerActionRow {
  readonly id: number;
  readonly server_id: string;
  readonly action: string;
  readonly request_id: string;
  readonly user_id: string;
  readonly project_id: string;
  readonly operation_id: string | null;
  readonly message: string | null;
  readonly started_at: number;
  readonly updated_at: number;
}

export interface NewServerAction {
  readonly serverId: string;
  readonly action: string;
  readonly requestId: string;
  readonly userId: string;
  readonly projectId: string;
  readonly operationId: string | null;
  readonly at: number;
}

export function insertServerAction(db: Db, action: NewServerAction): void {
  statement<[Readonly<Record<string, string | number | null>>]>(
    db,
    `INSERT INTO server_action (server_id, action, request_id, user_id, project_id, operation_id, started_at, updated_at)
     VALUES (@serverId, @action, @requestId, @userId, @projectId, @operationId, @at, @at)`,
  ).run({ ...action });
}

/** The operation of an action has ended; `message` says what went wrong ('Error'), or is null. */
export function finishServerAction(db: Db, operationId: string, message: string | null, at: number): void {
  statement<[string | null, number, string]>(
    db,
    'UPDATE server_action SET message = ?, updated_at = ? WHERE operation_id = ?',
  ).run(message, at, operationId);
}

export interface ActionPage {
  readonly limit: number;
  /** Request id after which the page begins. */
  readonly marker?: string | undefined;
  readonly changesSince?: number | undefined;
  readonly changesBefore?: number | undefined;
}

/** Newest first; undefined when there is no action of the marker's request id. */
export function listServerActions(
  db: Db,
  serverId: string,
  page: ActionPage,
): readonly ServerActionRow[] | undefined {
  let before = Number.MAX_SAFE_INTEGER;
  if (page.marker !== undefined) {
    const marker = findServerAction(db, serverId, page.marker);
    if (marker === undefined) return undefined;
    before = marker.id;
  }
  return statement<[string, number, number, number, number], ServerActionRow>(
    db,
    `SELECT * FROM server_action WHERE server_id = ? AND id < ? AND updated_at >= ? AND updated_at <= ?
     ORDER BY id DESC LIMIT ?`,
  ).all(serverId, before, page.changesSince ?? 0, page.changesBefore ?? Number.MAX_SAFE_INTEGER, page.limit);
}

export function findServerAction(db: Db, serverId: string, requestId: string): ServerActionRow | undefined {
  return statement<[string, string], ServerActionRow>(
    db,
    'SELECT * FROM server_action WHERE server_id = ? AND request_id = ? ORDER BY id DESC LIMIT 1',
  ).get(serverId, requestId);
}
