import type { ServerAction } from '../../../helper/contract/server-actions.ts';

/** What is asked of a person before a server is told to do it, and by which rule it is legal. */
export const DIALOGS = {
  rename: 'update',
  metadata: 'update metadata',
  snapshot: 'createImage',
  resize: 'resize',
  rebuild: 'rebuild',
  rescue: 'rescue',
  password: 'changePassword',
  lock: 'lock',
  crashDump: 'trigger_crash_dump',
  resetState: 'reset_state',
} as const satisfies Record<string, ServerAction>;

export type ServerDialog = keyof typeof DIALOGS;
