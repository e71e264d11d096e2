import type { DemoMessage } from '../../../main/contract/shell.ts';
import { problemOf, type Problem } from '../../cloud/errors.ts';
import { session } from '../../cloud/session.svelte.ts';
import { openStream } from '../../shell/shell.ts';

export type DemoDone = Extract<DemoMessage, { type: 'done' }>;

/** The making of the demo cloud. It is the window's, not the page's: it goes on while another page is looked at. */
class DemoRun {
  running = $state(false);
  fraction = $state(0);
  text = $state('');
  lines: readonly string[] = $state.raw([]);
  done: DemoDone | undefined = $state.raw(undefined);
  problem: Problem | undefined = $state.raw(undefined);

  start(): void {
    if (this.running) return;
    this.running = true;
    this.fraction = 0;
    this.text = '';
    this.lines = [];
    this.done = undefined;
    this.problem = undefined;
    openStream(
      'demo',
      {},
      {
        onMessage: (message) => this.#take(message),
        onEnd: (error) => {
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
    } else if (message.type === 'line') this.lines = [...this.lines, message.text];
    else {
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
