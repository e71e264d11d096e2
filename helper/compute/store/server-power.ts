import { statement, type Db } from '../../db/index.ts';
import type { ServerRow } from './server-row.ts';

/** Of a server, what its domain has a say in. */
export type PowerRow = Pick<ServerRow, 'id' | 'vm_state' | 'task_state' | 'power_state'>;

/** All servers of a host. */
export function powersOnHost(db: Db, host: string): readonly PowerRow[] {
  return statement<[string], PowerRow>(
    db,
    'SELECT id, vm_state, task_state, power_state FROM server WHERE host = ? AND deleted_at IS NULL',
  ).all(host);
}

/** The boot of the host in which power states were last compared. */
export function bootOf(db: Db, host: string): string | undefined {
  return statement<[string], { boot_id: string }>(db, 'SELECT boot_id FROM compute_boot WHERE host = ?').get(
    host,
  )?.boot_id;
}

export function setBoot(db: Db, host: string, bootId: string): void {
  statement<[string, string]>(
    db,
    'INSERT INTO compute_boot (host, boot_id) VALUES (?, ?) ON CONFLICT DO UPDATE SET boot_id = excluded.boot_id',
  ).run(host, bootId);
}
