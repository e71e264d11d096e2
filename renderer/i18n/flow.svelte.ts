import { currentLanguage } from './index.svelte.ts';
import { flow as en, type FlowWords } from './en/flow.ts';
import { flow as zh } from './zh/flow.ts';
import { eventNames, stepNames } from './zh/step-names.ts';

/** The words about steps, which only some pages need. Reactive. */
export const flow = (): FlowWords => (currentLanguage() === 'zh' ? zh : en);

/** What a step is for; undefined where nobody wrote it down. */
export function purposeOf(step: {
  readonly name: string;
  readonly number: number | readonly [number, number] | null;
}): string | undefined {
  const { steps, numbers } = flow();
  const first = typeof step.number === 'number' ? step.number : step.number?.[0];
  return steps[step.name] ?? (first === undefined ? undefined : numbers[first - 1]?.[1]);
}

/** What an operation is called. */
export const titleOf = (operation: { readonly name: string; readonly title: string }): string =>
  flow().titles[operation.name] ?? operation.title;

/** What a step is called; its own name, which is English, where nobody has translated it. */
export const stepName = (name: string): string =>
  currentLanguage() === 'zh' ? (stepNames[name] ?? eventNames[name] ?? name) : name;
