/** What every {@link IscsiHost} does, the real one and the fake: run by iscsi.test.ts and iscsi.host.test.ts. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TraceEntry } from '../../contract/trace.ts';
import { Secret } from '../../secret.ts';
import { withRecorder } from '../record.ts';
import type { IscsiHost, IscsiTarget } from './interface.ts';

export interface IscsiWorld {
  readonly host: IscsiHost;
  /** A raw file of 1 MiB. */
  readonly file: (name: string) => string;
  readonly dispose: () => void;
}

export const account = (user: string, initiator: string | null = null) => ({
  user,
  password: new Secret(`planted-${user}`.padEnd(14, 'x').slice(0, 16)),
  initiator,
});

export const iqnOf = (name: string): string => `iqn.2010-10.org.openstack:volume-${name}`;

export function iscsiHostContract(label: string, make: () => IscsiWorld): void {
  describe(`${label} keeps the contract of iSCSI hosts`, () => {
    let world: IscsiWorld;
    let target: IscsiTarget;
    const guest = 'iqn.2010-10.org.openstack:guest-1';

    beforeAll(() => {
      world = make();
      target = { iqn: iqnOf(randomUUID()), path: world.file('a'), accounts: [account('first', guest)] };
    });
    afterAll(async () => {
      await world.host.removeAll();
      world.dispose();
    });

    test('makes targets, changes who may log in, removes them; each twice is the same', async () => {
      const { host } = world;
      expect(await host.list()).toEqual([]);
      expect(host.isRunning()).toBe(false);
      await host.remove(target.iqn);
      await host.ensure(target);
      await host.ensure(target);
      const { iqn, path } = target;
      const first = { iqn, path, users: ['first'], initiators: [guest], sessions: [] };
      expect(await host.list()).toEqual([first]);
      const other = { iqn: iqnOf(randomUUID()), path: world.file('b'), accounts: [account('other')] };
      await host.ensure(other);
      await host.ensure({ ...target, accounts: [...target.accounts, account('second')] });
      expect(await host.list()).toEqual([
        { ...first, users: ['first', 'second'], initiators: [host.portal.host, guest] },
        { ...first, iqn: other.iqn, path: other.path, users: ['other'], initiators: [host.portal.host] },
      ]);
      await host.ensure({ ...target, accounts: [account('second')] });
      expect((await host.list())[0]).toMatchObject({ users: ['second'], initiators: [host.portal.host] });
      await host.grow(target.iqn);
      await host.remove(target.iqn);
      await host.remove(target.iqn);
      expect((await host.list()).map((one) => one.iqn)).toEqual([other.iqn]);
      expect(host.isRunning()).toBe(true);
      await host.remove(other.iqn);
      expect(host.isRunning()).toBe(false);
    });

    test('records what it did without passwords (S21)', async () => {
      const entries: TraceEntry[] = [];
      await withRecorder(
        (entry) => entries.push(entry),
        () => world.host.ensure(target),
      );
      const text = JSON.stringify(entries);
      for (const word of ['target new', 'logicalunit new', 'account new', 'target bind'])
        expect(text).toContain(`tgt ${word}`);
      expect(text).not.toContain('planted');
      await world.host.removeAll();
      expect(await world.host.list()).toEqual([]);
    });
  });
}
