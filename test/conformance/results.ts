import { serviceOf } from './selection.ts';

/** How a test ended; 'failed' is also what could not be set up. */
export interface TestResult {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  /** Why it was skipped, or the last line of its failure. */
  readonly reason: string;
}

const LINE = /^\{\d+\} (.+?)(?: \[[\d.]+s\])? \.\.\. (ok|FAILED|SKIPPED(?:: (.*))?)$/;

/** '{0} setUpClass (tempest.api.x.TestX) [0.0s] ... FAILED' is of the class. */
const nameOf = (text: string): string =>
  (/^(?:setUpClass|tearDownClass) \((.+)\)$/.exec(text)?.[1] ?? text).replace(/\[.*\]$/, '');

/** Reads the lines that `tempest run` writes as it goes; each test is told of once, a failure after its traceback. */
export class ResultReader {
  readonly results: TestResult[] = [];
  readonly #onResult: (result: TestResult) => void;
  #failing: string | undefined;
  #reason = '';
  #inTraceback = false;

  constructor(onResult: (result: TestResult) => void) {
    this.#onResult = onResult;
  }

  line(text: string): void {
    const match = LINE.exec(text);
    if (match !== null) {
      this.end();
      const name = nameOf(match[1] ?? '');
      if (match[2] === 'FAILED') this.#failing = name;
      else if (match[2] === 'ok') this.#tell({ name, outcome: 'passed', reason: '' });
      else this.#tell({ name, outcome: 'skipped', reason: match[3] ?? '' });
      return;
    }
    if (this.#failing === undefined) return;
    // The first traceback is the failure's own; those of the clean-up come later.
    if (text.startsWith('Captured ')) this.#inTraceback = text === 'Captured traceback:';
    else if (text.startsWith('=====')) this.end();
    else if (this.#inTraceback && text.trim() !== '') this.#reason = text.trim();
  }

  /** There are no more lines. */
  end(): void {
    if (this.#failing !== undefined) {
      this.#tell({ name: this.#failing, outcome: 'failed', reason: this.#reason });
    }
    this.#failing = undefined;
    this.#reason = '';
    this.#inTraceback = false;
  }

  #tell(result: TestResult): void {
    this.results.push(result);
    this.#onResult(result);
  }
}

/** A line for each service with its counts, and one for all. */
export function countLines(results: readonly TestResult[]): string[] {
  const count = (some: readonly TestResult[], outcome: TestResult['outcome']): string =>
    String(some.filter((one) => one.outcome === outcome).length).padStart(5);
  const line = (title: string, some: readonly TestResult[]): string =>
    `${title.padEnd(10)} passed ${count(some, 'passed')}  failed ${count(some, 'failed')}  skipped ${count(some, 'skipped')}`;
  const services = Object.groupBy(results, (one) => serviceOf(one.name));
  const lines = Object.entries(services)
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([service, some]) => line(service, some ?? []));
  return lines.length === 1 ? lines : [...lines, line('all', results)];
}

/** What failed or was skipped, each with its reason. */
export const reasonLines = (results: readonly TestResult[], outcome: 'failed' | 'skipped'): string[] =>
  results.filter((one) => one.outcome === outcome).map(({ name, reason }) => `${name}\n    ${reason}`);
