import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { failureLine, readReport } from './test-report.ts';

const directory = mkdtempSync(join(tmpdir(), 'deskcloud-report-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('a report of tests', () => {
  test('names what failed, tests and files, with the first line of why', () => {
    const path = join(directory, 'e2e.json');
    const passed = { status: 'passed', fullName: 'boots', failureMessages: [] };
    const failed = {
      status: 'failed',
      fullName: 'a guest answers',
      failureMessages: ['Error: \u001b[31mnot within 60 s\u001b[39m\n    at guest.ts:3'],
    };
    writeFileSync(
      path,
      JSON.stringify({
        numPassedTests: 1,
        numPendingTests: 2,
        testResults: [
          { name: '/p/test/a.ts', status: 'failed', message: '', assertionResults: [passed, failed] },
          { name: '/p/test/b.ts', status: 'failed', message: 'no such module\nx', assertionResults: [] },
          { name: '/p/test/c.ts', status: 'passed', message: '', assertionResults: [passed] },
        ],
      }),
    );
    const report = readReport(path, '/p');
    expect(report).toMatchObject({ passed: 1, skipped: 2 });
    expect(report.failures.map(failureLine)).toEqual([
      'test/a.ts > a guest answers: Error: not within 60 s',
      'test/b.ts: no such module',
    ]);
  });

  test('that was not written is a failure', () => {
    const { failures } = readReport(join(directory, 'none.json'), '/p');
    expect(failures.map(failureLine)).toEqual([': vitest ended without a report']);
  });
});
