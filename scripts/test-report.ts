import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

/** A test that failed, or a file that could not begin or end. */
export interface Failure {
  /** Relative to the project. */
  readonly file: string;
  /** Its titles; empty for a file's own failure. */
  readonly name: string;
  /** The first line of its message, without colours. */
  readonly why: string;
}

export interface TestReport {
  readonly passed: number;
  readonly skipped: number;
  readonly failures: readonly Failure[];
}

/** What is read of vitest's JSON report, which is jest's. */
interface Written {
  readonly numPassedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** Of one run of vitest; a run that wrote no report has failed. */
export function readReport(path: string, root: string): TestReport {
  if (!existsSync(path)) {
    return {
      passed: 0,
      skipped: 0,
      failures: [{ file: '', name: '', why: 'vitest ended without a report' }],
    };
  }
  const written = JSON.parse(readFileSync(path, 'utf8')) as Written;
  const failures = written.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(root, name);
    const failed = assertionResults
      .filter((one) => one.status === 'failed')
      .map((one) => ({ file, name: one.fullName, why: firstLine(one.failureMessages[0] ?? '') }));
    const ownFailure = status === 'failed' && failed.length === 0;
    return ownFailure ? [{ file, name: '', why: firstLine(message) }] : failed;
  });
  return { passed: written.numPassedTests, skipped: written.numPendingTests, failures };
}

/** A line for the end of everything, where the reader of a long log looks. */
export function failureLine({ file, name, why }: Failure): string {
  return `${[file, name].filter((word) => word !== '').join(' > ')}: ${why}`;
}

function firstLine(message: string): string {
  return (stripVTControlCharacters(message).split('\n')[0] ?? '').slice(0, 200);
}
