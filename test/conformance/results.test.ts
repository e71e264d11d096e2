import { describe, expect, test } from 'vitest';
import { countLines, reasonLines, ResultReader } from './results.ts';

const OUTPUT = `
{0} setUpClass (tempest.api.image.v2.test_a.A) ... SKIPPED: no such thing
{0} tempest.api.image.v2.test_b.B.test_one [0.123456s] ... ok
{1} tempest.api.image.v2.test_b.B.test_two[id-1,smoke] [1.5s] ... FAILED

Captured traceback:
~~~~~~~~~~~~~~~~~~~
    Traceback (most recent call last):

      File "x.py", line 1, in f
    tempest.lib.exceptions.NotFound: Object not found
Details: gone


Captured traceback-1:
~~~~~~~~~~~~~~~~~~~~~
    Other: the clean-up failed too

{0} setUpClass (tempest.api.network.test_c.C) [0.0s] ... FAILED

Captured traceback:
~~~~~~~~~~~~~~~~~~~
    ValueError: none
======
Totals
======
    Ran: 4
`;

describe('the reader of what tempest writes', () => {
  test('finds each test with its outcome and reason', () => {
    const told: string[] = [];
    const reader = new ResultReader((result) => told.push(result.name));
    for (const line of OUTPUT.split('\n')) reader.line(line);
    reader.end();
    expect(reader.results).toEqual([
      { name: 'tempest.api.image.v2.test_a.A', outcome: 'skipped', reason: 'no such thing' },
      { name: 'tempest.api.image.v2.test_b.B.test_one', outcome: 'passed', reason: '' },
      { name: 'tempest.api.image.v2.test_b.B.test_two', outcome: 'failed', reason: 'Details: gone' },
      { name: 'tempest.api.network.test_c.C', outcome: 'failed', reason: 'ValueError: none' },
    ]);
    expect(told).toHaveLength(4);
    expect(countLines(reader.results)).toEqual([
      'image      passed     1  failed     1  skipped     1',
      'network    passed     0  failed     1  skipped     0',
      'all        passed     1  failed     2  skipped     1',
    ]);
    expect(reasonLines(reader.results, 'skipped')).toEqual([
      'tempest.api.image.v2.test_a.A\n    no such thing',
    ]);
  });
});
