import type { OperationEvent, OperationSummary } from '../../helper/contract/operation.ts';
import type { Notice, ShellEvent } from '../contract/shell.ts';

/** Who waits longer looks elsewhere meanwhile, and is told of the end. */
const LONG_MS = 10_000;

/** Where events come from and notices go: the shell's keeper. */
export interface NoticeSource {
  readonly client: { operation(id: string): Promise<OperationSummary> };
  on(listener: (event: ShellEvent) => void): () => void;
  emit(event: ShellEvent): void;
}

/** Emits a notice for each operation that ended after a long time, failed, or is stuck. @returns how to stop. */
export function watchWork(source: NoticeSource): () => void {
  const tell = async (event: OperationEvent): Promise<void> => {
    const operation = await source.client.operation(event.operationId);
    const notice = noticeOf(event.type, operation);
    if (notice !== undefined) source.emit(notice);
  };
  return source.on((event) => {
    if (event.type !== 'finished' && event.type !== 'failed' && event.type !== 'stuck') return;
    // A helper that is gone tells of nothing.
    tell(event).catch(() => undefined);
  });
}

/** @returns undefined for what nobody needs to be told of. */
export function noticeOf(type: OperationEvent['type'], operation: OperationSummary): Notice | undefined {
  const { id, title, error, createdAt, finishedAt } = operation;
  const outcome = type === 'finished' || type === 'failed' || type === 'stuck' ? type : undefined;
  if (outcome === undefined) return undefined;
  if (outcome === 'finished' && (finishedAt ?? Date.now()) - createdAt < LONG_MS) return undefined;
  return {
    type: 'notice',
    outcome,
    title,
    reason: outcome === 'finished' ? null : (error?.message ?? null),
    route: `/operations/${id}`,
  };
}
