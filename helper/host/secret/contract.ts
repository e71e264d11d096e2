/** What every {@link SecretHost} does, the real one and the fake: run by secret.test.ts and secret.host.test.ts. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { TraceEntry } from '../../contract/trace.ts';
import { Secret } from '../../secret.ts';
import { withRecorder } from '../record.ts';
import type { SecretHost } from './interface.ts';

export function secretHostContract(label: string, make: () => SecretHost): void {
  describe(`${label} keeps the contract of secret hosts`, () => {
    let host: SecretHost;
    const id = randomUUID();
    const chap = randomUUID();

    beforeAll(() => {
      host = make();
    });
    afterEach(async () => {
      for (const one of await host.list()) await host.remove(one.id);
    });
    afterAll(() => host.close());

    test('keeps secrets, changes their value, lists and removes them; each twice is the same', async () => {
      await host.ensure({ id, use: 'volume', value: new Secret('first') });
      await host.ensure({ id, use: 'volume', value: new Secret('second') });
      await host.ensure({ id: chap, use: 'iscsi', value: new Secret('third') });
      const byId = (a: { id: string }, b: { id: string }): number => a.id.localeCompare(b.id);
      expect([...(await host.list())].sort(byId)).toEqual(
        [
          { id, use: 'volume' },
          { id: chap, use: 'iscsi' },
        ].sort(byId),
      );
      await host.remove(id);
      await host.remove(id);
      expect(await host.list()).toEqual([{ id: chap, use: 'iscsi' }]);
    });

    test('records what it did without the value (S21)', async () => {
      const entries: TraceEntry[] = [];
      await withRecorder(
        (entry) => entries.push(entry),
        () => host.ensure({ id, use: 'volume', value: new Secret('planted-value') }),
      );
      expect(entries.length).toBeGreaterThanOrEqual(2);
      expect(JSON.stringify(entries)).not.toContain('planted');
      expect(JSON.stringify(entries)).not.toContain(Buffer.from('planted-value').toString('base64'));
    });
  });
}
