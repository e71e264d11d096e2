import { basename } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files of tests that take minutes, the longest first: one that starts last would run on while the others rest. */
const LONG = [
  'crash',
  'volume-crash',
  'network-crash',
  'debian-guest',
  'lvm',
  'backup-crash',
  'volumes',
  'behind-the-back',
  'demo',
  'rescue-shelve',
  'window',
].map((name) => `${name}.e2e.test.ts`);

/** On a fresh checkout vitest knows no times, and goes by the size of files. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = LONG.indexOf(basename(moduleId));
      return at === -1 ? LONG.length : at;
    };
    return (await super.sort(files)).sort((one, other) => place(one) - place(other));
  }
}
