import { illegal, type ServerAction, type ServerCondition } from '../../contract/server-actions.ts';
import { conflict } from '../../errors/error.ts';
import { type AuthContext, isAdmin } from '../../http/index.ts';
import type { ServerRow } from '../store/server-row.ts';

export const conditionOf = (row: ServerRow): ServerCondition => ({
  vmState: row.vm_state,
  taskState: row.task_state,
  locked: row.locked_by !== null,
  launched: row.launched_at !== null,
});

/** Names of actions in upstream's messages, where they are not the table's own. */
const MESSAGE_NAMES: Partial<Record<ServerAction, string>> = {
  'reboot soft': 'reboot',
  'reboot hard': 'reboot',
};

/**
 * Refuses what the table of contract/server-actions.ts does not allow, in nova's words. Administrators may pass by a
 * lock.
 * @throws {CloudError} conflict
 */
export function requireLegal(action: ServerAction, row: ServerRow, auth: AuthContext): void {
  const condition = conditionOf(row);
  const locked = condition.locked && !isAdmin(auth);
  const problem = illegal(action, { ...condition, locked });
  if (problem === undefined) return;
  const name = MESSAGE_NAMES[action] ?? action;
  switch (problem.reason) {
    case 'locked':
      throw conflict(`Instance ${row.id} is locked`);
    case 'launched_at':
      throw conflict(`Instance ${row.id} is in an invalid state for '${name}'`);
    case 'vm_state':
    case 'task_state':
      throw conflict(
        `Cannot '${name}' instance ${row.id} while it is in ${problem.reason} ${String(problem.state)}`,
      );
  }
}
