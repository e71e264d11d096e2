import type { OperationStep } from '../../../helper/contract/operation.ts';
import type { DemoMessage } from '../../../main/contract/shell.ts';
import { problemOf, type Problem } from '../../cloud/errors.ts';
import { session } from '../../cloud/session.svelte.ts';
import { onEvent } from '../../shell/events.ts';
import { openStream } from '../../shell/shell.ts';

export type DemoDone = Extract<DemoMessage, { type: 'done' }>;

/** A step of any operation while the demo cloud was made. */
export interface DemoStep extends Pick<
  OperationStep,
  'name' | 'number' | 'direction' | 'outcome' | 'durationMs'
> {
  readonly key: string;
  readonly operationId: string;
}

/** More steps than a demo cloud has. */
const MOST = 300;

/** The making of the demo cloud. It is the window's, not the page's: it goes on while another page is looked at. */
class DemoRun {
  running = $state(false);
  fraction = $state(0);
  text = $state('');
  /** The parts that were not there before. */
  made: readonly string[] = $state.raw([]);
  steps: readonly DemoStep[] = $state.raw([]);
  done: DemoDone | undefined = $state.raw(undefined);
  problem: Problem | undefined = $state.raw(undefined);
  #last = 0;

  start(): void {
    if (this.running) return;
    this.running = true;
    this.fraction = 0;
    this.text = '';
    this.made = [];
    this.steps = [];
    this.done = undefined;
    this.problem = undefined;
    const stop = onEvent((event) => {
      if (event.type !== 'step-finished') return;
      const { name, number, direction, outcome, durationMs } = event.step;
      this.#last += 1;
      const step = { name, number, direction, outcome, durationMs };
      this.steps = [
        ...this.steps.slice(-MOST),
        { ...step, key: `${this.#last}`, operationId: event.operationId },
      ];
    });
    openStream(
      'demo',
      {},
      {
        onMessage: (message) => this.#take(message),
        onEnd: (error) => {
          stop();
          this.running = false;
          if (error !== undefined) this.problem = problemOf(error);
        },
      },
    );
  }

  #take(message: DemoMessage): void {
    if (message.type === 'progress') {
      this.fraction = message.fraction;
      this.text = message.text;
    } else if (message.type === 'line') {
      // Lines of steps are for terminals; here the events tell more.
      const made = /^made (.*)$/.exec(message.text)?.[1];
      if (made !== undefined) this.made = [...this.made, made];
    } else {
      this.done = message;
      void this.#enter(message.projectId);
    }
  }

  /** Its project is the one to go on in. */
  async #enter(projectId: string): Promise<void> {
    await session.readProjects();
    const project = session.projects.find((one) => one.id === projectId);
    if (project !== undefined) session.choose(project);
  }
}

export const demoRun = new DemoRun();
