import { m } from '../i18n/index.svelte.ts';
import { problemOf, type Problem } from '../cloud/errors.ts';

export interface Toast {
  readonly id: number;
  readonly tone: 'info' | 'ok' | 'bad';
  readonly text: string;
  readonly problem?: Problem;
  readonly action?: { readonly label: string; readonly run: () => void };
}

const STAYS_MS = 6000;
let last = 0;
let shown: readonly Toast[] = $state.raw([]);

export const toasts = (): readonly Toast[] => shown;

export function dismiss(id: number): void {
  shown = shown.filter((one) => one.id !== id);
}

function add(toast: Omit<Toast, 'id'>, staysMs: number | undefined): number {
  last += 1;
  const id = last;
  shown = [...shown.slice(-4), { ...toast, id }];
  if (staysMs !== undefined) setTimeout(() => dismiss(id), staysMs);
  return id;
}

export function tell(text: string, tone: Toast['tone'] = 'ok'): void {
  add({ text, tone }, STAYS_MS);
}

/** Offers something until the person takes it or puts it away. */
export function offer(text: string, action: { label: string; run: () => void }): void {
  const id = add(
    {
      text,
      tone: 'info',
      action: {
        label: action.label,
        run: () => {
          dismiss(id);
          action.run();
        },
      },
    },
    undefined,
  );
}

/** Shows what went wrong until the person puts it away; a broken connection is told elsewhere. */
export function tellProblem(text: string, error: unknown): void {
  const problem = problemOf(error);
  if (!problem.passing) add({ text, tone: 'bad', problem }, undefined);
}

/** Runs an action and shows its failure. @returns whether it went well. */
export async function attempt(text: string, action: () => Promise<unknown>): Promise<boolean> {
  try {
    await action();
    return true;
  } catch (error) {
    tellProblem(text, error);
    return false;
  }
}

/**
 * Does something a few seconds later unless the person takes it back: for deletes that lose nothing else.
 * @param onUndo what was shown as done is as before.
 */
export function withUndo(
  text: string,
  { failed, action, onUndo }: { failed: string; action: () => Promise<unknown>; onUndo: () => void },
): void {
  const timer = setTimeout(() => {
    dismiss(id);
    void attempt(failed, action).then((well) => (well ? undefined : onUndo()));
  }, STAYS_MS);
  const id = add(
    {
      text,
      tone: 'info',
      action: {
        label: m().common.undo,
        run: () => {
          clearTimeout(timer);
          dismiss(id);
          onUndo();
        },
      },
    },
    undefined,
  );
}
