import type { OperationError, OperationState } from '../../../helper/contract/operation.ts';
import { flow } from '../../i18n/flow.svelte.ts';

/** Other names of the same trouble. */
const SAME: Readonly<Record<string, string>> = {
  ENOSPC: 'DiskFullError',
  EDQUOT: 'DiskFullError',
  StepAbandonedError: 'StepTimeoutError',
  LibvirtDisconnectedError: 'LibvirtConnectError',
  LibvirtTimeoutError: 'LibvirtConnectError',
  CancelledError: 'Cancelled',
};

/** What a person can do about an operation that failed or is stuck. */
export function remedyOf(error: OperationError, state: OperationState): string {
  const { remedies } = flow();
  const { code, message } = error;
  const missing = code === 'CommandError' && /not installed|ENOENT|not found/.test(message);
  const known = remedies[(missing ? 'CommandMissing' : (SAME[code] ?? code)) as keyof typeof remedies];
  const after = state === 'stuck' ? remedies.stuck : remedies.other;
  return known === undefined ? after : state === 'stuck' ? `${known} ${after}` : known;
}
