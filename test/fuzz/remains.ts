import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { HelperClient } from '../../main/helper-client.ts';

/** An operation that goes on for longer than this hangs. */
const LIMIT_MS = 180_000;

/**
 * Waits until no operation goes on, so that what is there is there to stay.
 * @returns the operations that go on all the same.
 */
export async function settle(helper: HelperClient): Promise<readonly string[]> {
  const until = Date.now() + LIMIT_MS;
  const going: string[] = [];
  for (const state of ['queued', 'running', 'unwinding'])
    for (;;) {
      const [first] = await helper.operations({ state, limit: '1' });
      if (first === undefined) break;
      if (Date.now() > until) {
        going.push(`operation ${first.id}, ${first.title}, is ${state}`);
        break;
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  return going;
}

/** Operations whose undoing has failed, which hold what they were about. */
export async function stuckOperations(helper: HelperClient): Promise<readonly string[]> {
  const stuck = await helper.operations({ state: 'stuck', limit: '100' });
  return stuck.map(({ id, title, error }) => `operation ${id}, ${title}, is stuck: ${error?.message ?? ''}`);
}

/** The database, and containers of backups, which outlive these, here as upstream. */
const OF_ITS_OWN = /^state\/(?:deskcloud\.db|admin-password|backups\/[^/]+$)/;

/** Files that a helper has in its state and its run directory. */
export const filesOf = (directory: string): readonly string[] =>
  ['state', 'run'].flatMap((room) =>
    readdirSync(join(directory, room), { recursive: true, withFileTypes: true })
      .map((one) => join(one.parentPath, one.name).slice(directory.length + 1))
      .filter((path) => !OF_ITS_OWN.test(path)),
  );

/** What is there that was not, and what is not that was, of files and of the host's things. */
export const differences = (before: readonly string[], after: readonly string[]): readonly string[] => [
  ...after.filter((one) => !before.includes(one)).map((one) => `left on the host: ${one}`),
  ...before.filter((one) => !after.includes(one)).map((one) => `lost on the host: ${one}`),
];
