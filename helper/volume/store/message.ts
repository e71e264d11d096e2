import { statement, type Db } from '../../db/index.ts';
import { listRows, type Listed, type ListQuery } from './list.ts';

/** What went wrong behind an answer that was already given. */
export interface MessageRow {
  readonly id: string;
  readonly project_id: string;
  readonly request_id: string;
  readonly resource_type: string;
  readonly resource_uuid: string | null;
  readonly event_id: string;
  readonly message_level: string;
  readonly user_message: string;
  readonly created_at: number;
  readonly expires_at: number;
  readonly [attribute: string]: unknown;
}

/** Writes one, and removes those whose time is over. */
export function insertMessage(db: Db, row: MessageRow): void {
  statement<[number]>(db, 'DELETE FROM volume_message WHERE expires_at < ?').run(row.created_at);
  statement<[string, string, string, string, string | null, string, string, string, number, number]>(
    db,
    `INSERT INTO volume_message (id, project_id, request_id, resource_type, resource_uuid, event_id,
       message_level, user_message, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  ).run(
    row.id,
    row.project_id,
    row.request_id,
    row.resource_type,
    row.resource_uuid,
    row.event_id,
    row.message_level,
    row.user_message,
    row.created_at,
    row.expires_at,
  );
}

export const findMessage = (db: Db, id: string): MessageRow | undefined =>
  statement<[string], MessageRow>(db, 'SELECT * FROM volume_message WHERE id = ?').get(id);

export const deleteMessage = (db: Db, id: string): void => {
  statement<[string]>(db, 'DELETE FROM volume_message WHERE id = ?').run(id);
};

export const listMessages = (db: Db, query: ListQuery): Listed<MessageRow> =>
  listRows<MessageRow>(db, 'volume_message', query);
