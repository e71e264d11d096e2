import type { OperationState } from '../../helper/contract/operation.ts';
import type { ServerStatus } from '../../helper/contract/server-actions.ts';

/** What a state means for who looks at it. */
export type Tone = 'ok' | 'busy' | 'warn' | 'bad' | 'idle';

const SERVER: Readonly<Record<ServerStatus, Tone>> = {
  ACTIVE: 'ok',
  BUILD: 'busy',
  DELETED: 'idle',
  ERROR: 'bad',
  HARD_REBOOT: 'busy',
  PASSWORD: 'busy',
  PAUSED: 'warn',
  REBOOT: 'busy',
  REBUILD: 'busy',
  RESCUE: 'warn',
  RESIZE: 'busy',
  REVERT_RESIZE: 'busy',
  SHELVED: 'idle',
  SHELVED_OFFLOADED: 'idle',
  SHUTOFF: 'idle',
  SOFT_DELETED: 'idle',
  SUSPENDED: 'warn',
  VERIFY_RESIZE: 'warn',
};

const OPERATION: Readonly<Record<OperationState, Tone>> = {
  queued: 'idle',
  running: 'busy',
  unwinding: 'warn',
  stuck: 'bad',
  succeeded: 'ok',
  failed: 'bad',
  cancelled: 'idle',
};

export const serverTone = (status: ServerStatus): Tone => SERVER[status];
export const operationTone = (state: OperationState): Tone => OPERATION[state];

/** Of what only knows ACTIVE, DOWN, BUILD, ERROR and their like (network, image). */
export function plainTone(status: string): Tone {
  const known = status.toUpperCase();
  if (['ACTIVE', 'UP', 'ENABLED', 'AVAILABLE'].includes(known)) return 'ok';
  if (['BUILD', 'SAVING', 'IMPORTING', 'UPLOADING', 'QUEUED', 'CREATING', 'PENDING'].includes(known))
    return 'busy';
  if (['ERROR', 'KILLED'].includes(known)) return 'bad';
  return 'idle';
}
