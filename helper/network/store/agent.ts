import { statement, type Db } from '../../db/index.ts';
import { table } from './table.ts';

/** What an administrator changed at an agent; no row where nothing was changed. */
export interface AgentRow {
  readonly id: string;
  readonly admin_state_up: number;
  readonly description: string | null;
}

export const agentRows = table<AgentRow>('network_agent');

export const setAgent = (db: Db, row: AgentRow): unknown =>
  statement<[string, number, string | null]>(
    db,
    `INSERT INTO network_agent (id, admin_state_up, description) VALUES (?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET admin_state_up = excluded.admin_state_up, description = excluded.description`,
  ).run(row.id, row.admin_state_up, row.description);

/** Networks and routers that the DHCP or L3 agent does not serve. */
export const isUnscheduled = (db: Db, id: string): boolean =>
  statement<[string], { resource_id: string }>(
    db,
    'SELECT resource_id FROM agent_unscheduled WHERE resource_id = ?',
  ).get(id) !== undefined;

export const unschedule = (db: Db, id: string): unknown =>
  statement<[string]>(db, 'INSERT OR IGNORE INTO agent_unscheduled (resource_id) VALUES (?)').run(id);

export const schedule = (db: Db, id: string): unknown =>
  statement<[string]>(db, 'DELETE FROM agent_unscheduled WHERE resource_id = ?').run(id);

export const allUnscheduled = (db: Db): string[] =>
  statement<[], { resource_id: string }>(db, 'SELECT resource_id FROM agent_unscheduled')
    .all()
    .map((row) => row.resource_id);
