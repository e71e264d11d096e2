/** What every {@link DomainHost} does, the real one and the fake: run by domain.test.ts and domain.host.test.ts. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { TraceEntry } from '../../contract/trace.ts';
import { withRecorder } from '../record.ts';
import { DomainHostError, fileOf, type DomainDisk, type DomainHint, type DomainHost } from './interface.ts';
import type { TestGround } from './test-guest.ts';

export interface ContractSetup {
  readonly host: DomainHost;
  readonly ground: TestGround;
  /** Resolves when the started guest hears its power button. */
  booted(index: number): Promise<void>;
}

const WAIT = { timeout: 20_000, interval: 50 };

export function domainHostContract(label: string, setUp: () => Promise<ContractSetup>): void {
  describe(`${label} keeps the contract of domain hosts`, () => {
    let setup: ContractSetup;
    let host: DomainHost;
    let hints: DomainHint[];
    let unwatch: () => void;
    const spec = () => setup.ground.spec(1);
    const { uuid } = { uuid: '5c1fd0a1-0000-4000-8000-000000000001' };
    const clear = async (): Promise<void> => {
      for (const { uuid } of await host.list()) {
        await host.destroy(uuid);
        await host.undefine(uuid);
      }
    };
    const seen = (event: DomainHint['event']): Promise<void> =>
      vi.waitFor(() => expect(hints).toContainEqual({ uuid, event }), WAIT);

    beforeAll(async () => {
      setup = await setUp();
      host = setup.host;
      await clear();
    });
    beforeEach(() => {
      hints = [];
      unwatch = host.watch((hint) => hints.push(hint));
    });
    afterEach(async () => {
      unwatch();
      await clear();
    });
    afterAll(async () => {
      await host.close();
      await setup.ground.remove();
    });

    test('says what the hypervisor is', async () => {
      const info = await host.hypervisor();
      expect(info.vcpus).toBeGreaterThan(0);
      expect(info.memoryMib).toBeGreaterThan(256);
      expect(info.hostname).not.toBe('');
      expect(info.acceleratorReason).not.toBe('');
    });

    test('defines, starts, pauses, resumes, resets, destroys, undefines; each twice is the same', async () => {
      expect(await host.status(uuid)).toBeUndefined();
      const xml = await host.define(spec());
      expect(await host.define(spec())).toBe(xml);
      expect(await host.status(uuid)).toMatchObject({ uuid, powerState: 'shutdown' });
      await seen('defined');
      await host.start(uuid);
      await host.start(uuid);
      expect(await host.status(uuid)).toMatchObject({ powerState: 'running' });
      await seen('started');
      await host.suspend(uuid);
      await host.suspend(uuid);
      expect(await host.status(uuid)).toMatchObject({ powerState: 'paused' });
      await host.resume(uuid);
      await host.resume(uuid);
      expect(await host.status(uuid)).toMatchObject({ powerState: 'running' });
      await host.suspend(uuid);
      await host.start(uuid);
      expect(await host.status(uuid)).toMatchObject({ powerState: 'running' });
      await host.reset(uuid);
      await seen('rebooted');
      expect(await host.list()).toMatchObject([{ uuid, powerState: 'running' }]);
      await host.destroy(uuid);
      await host.destroy(uuid);
      await seen('stopped');
      expect(await host.status(uuid)).toMatchObject({ powerState: 'shutdown' });
      await host.undefine(uuid);
      await host.undefine(uuid);
      await host.destroy(uuid);
      await seen('undefined');
      expect(await host.status(uuid)).toBeUndefined();
      expect(await host.list()).toEqual([]);
    });

    test('a redefinition of a running domain leaves it running', async () => {
      await host.define(spec());
      await host.start(uuid);
      const xml = await host.define({ ...spec(), memoryMib: 48 });
      expect(xml).toContain('48');
      expect(await host.status(uuid)).toMatchObject({ powerState: 'running' });
    });

    test('shutdown presses the button, resolves when the guest has stopped, and at once when it runs not', async () => {
      await host.define(spec());
      expect(await host.shutdown(uuid, 1000)).toBe(true);
      await host.start(uuid);
      await setup.booted(1);
      expect(await host.shutdown(uuid, 20_000)).toBe(true);
      expect(await host.status(uuid)).toMatchObject({ powerState: 'shutdown' });
    });

    test('shutdown of a paused guest runs out of time; a signal ends the wait', async () => {
      await host.define(spec());
      await host.start(uuid);
      await setup.booted(1);
      await host.suspend(uuid);
      if ('ignoreShutdown' in host) (host as { ignoreShutdown(uuid: string): void }).ignoreShutdown(uuid);
      expect(await host.shutdown(uuid, 200)).toBe(false);
      const cancel = new AbortController();
      const waiting = host.shutdown(uuid, 60_000, cancel.signal);
      cancel.abort(new Error('cancelled'));
      await expect(waiting).rejects.toThrow('cancelled');
    });

    test('refuses by name: what is not there, what does not run, undefining what runs', async () => {
      const reason = (work: Promise<unknown>): Promise<unknown> =>
        work.then(
          () => undefined,
          (error: unknown) => (error instanceof DomainHostError ? error.reason : error),
        );
      expect(await reason(host.start(uuid))).toBe('notFound');
      expect(await reason(host.suspend(uuid))).toBe('notFound');
      expect(await reason(host.shutdown(uuid, 100))).toBe('notFound');
      await host.define(spec());
      expect(await reason(host.suspend(uuid))).toBe('invalidState');
      expect(await reason(host.reset(uuid))).toBe('invalidState');
      expect(await reason(host.screenshot(uuid))).toBe('invalidState');
      await host.start(uuid);
      expect(await reason(host.undefine(uuid))).toBe('invalidState');
    });

    test('two domains of one name: the second is refused with the first one named', async () => {
      await host.define(spec());
      const twin = { ...setup.ground.spec(2), name: spec().name };
      await expect(host.define(twin)).rejects.toThrow(/already exists with uuid 5c1f.*001/);
    });

    test('saves a guest and goes on from there; twice is the same', async () => {
      await host.define(spec());
      await host.start(uuid);
      await host.save(uuid);
      await host.save(uuid);
      expect(await host.status(uuid)).toMatchObject({ powerState: 'shutdown' });
      await host.start(uuid);
      expect(await host.status(uuid)).toMatchObject({ powerState: 'running' });
    });

    test('counts what a guest does, and sends it an interrupt', async () => {
      await host.define(spec());
      await host.start(uuid);
      const { cpuTimes, disks, memoryMib } = await host.statistics(uuid);
      expect([cpuTimes.length, disks.length, memoryMib]).toEqual([1, 1, 32]);
      await host.injectNmi(uuid);
    });

    test('copies the disk of a running guest, also over an older copy; the guest goes on', async () => {
      await host.define(spec());
      const destination = join(setup.ground.directory, 'copy.qcow2');
      await expect(host.copyDisk(uuid, 'vda', destination)).rejects.toThrow(DomainHostError);
      await host.start(uuid);
      await host.copyDisk(uuid, 'vda', destination);
      await host.copyDisk(uuid, 'vda', destination);
      // There is no agent that could quiesce it.
      await host.copyDisk(uuid, 'vda', destination, { quiesce: 'wanted' });
      expect((await readFile(destination)).subarray(0, 3).toString('latin1')).toBe('QFI');
      await expect(host.copyDisk(uuid, 'vda', destination, { quiesce: 'required' })).rejects.toThrow(
        'could not be quiesced',
      );
      expect(await host.status(uuid)).toMatchObject({ powerState: 'running' });
    });

    test('turns a running guest to another disk that has come to be the same, and back', async () => {
      const other: DomainDisk = {
        target: 'vda',
        bus: 'virtio',
        device: 'disk',
        format: 'raw',
        source: { kind: 'file', path: join(setup.ground.directory, 'other.raw') },
      };
      await writeFile(fileOf(other), Buffer.alloc(1 << 20, 'x'));
      const own = spec().disks[0];
      if (own === undefined) throw new Error('no disk');
      await host.define(spec());
      expect(await host.mirrorDisk(uuid, other)).toBe(false);
      await host.start(uuid);
      await expect(host.turnDisk(uuid, other)).rejects.toThrow('is not complete');
      for (const disk of [other, own]) {
        expect(await host.mirrorDisk(uuid, disk)).toBe(true);
        expect(await host.mirrorDisk(uuid, disk)).toBe(true);
        await host.turnDisk(uuid, disk);
        await host.turnDisk(uuid, disk);
      }
      const content = (path: string) => readFile(path).then((data) => data.subarray(0, 1 << 20));
      expect((await content(fileOf(other))).equals(await content(fileOf(own)))).toBe(true);
      // One that is not wanted any more is given up.
      expect(await host.mirrorDisk(uuid, other)).toBe(true);
      await host.turnDisk(uuid, own);
      await expect(host.turnDisk(uuid, other)).rejects.toThrow('is not complete');
      expect(await host.status(uuid)).toMatchObject({ powerState: 'running' });
    });

    test('copies disks of a running guest at one moment, also over older copies; the guest goes on', async () => {
      await host.define(spec());
      const destination = join(setup.ground.directory, 'together.qcow2');
      const second = join(setup.ground.directory, 'together-2.qcow2');
      const copies = [
        { target: 'vda', destination },
        { target: 'vdb', destination: second },
      ];
      await expect(host.copyDisks(uuid, copies)).rejects.toThrow(DomainHostError);
      await host.start(uuid);
      const more: DomainDisk = {
        target: 'vdb',
        bus: 'virtio',
        device: 'disk',
        format: 'raw',
        source: { kind: 'file', path: join(setup.ground.directory, 'more.raw') },
      };
      await writeFile(fileOf(more), Buffer.alloc(1 << 20, 'x'));
      await host.attachDisk(uuid, more);
      await host.copyDisks(uuid, copies);
      await host.copyDisks(uuid, copies);
      for (const path of [destination, second])
        expect((await readFile(path)).subarray(0, 3).toString('latin1')).toBe('QFI');
      await expect(host.copyDisks(uuid, [{ target: 'vdz', destination }])).rejects.toThrow(DomainHostError);
      expect(await host.status(uuid)).toMatchObject({ powerState: 'running' });
    });

    test('a disk of a guest that is gone is neither plugged nor in the way', async () => {
      const disk = { ...setup.ground.spec(2).disks[0]!, target: 'vdb' };
      await host.attachDisk(uuid, disk);
      await host.detachDisk(uuid, disk, 1000);
      expect(await host.status(uuid)).toBeUndefined();
    });

    test('takes a picture of the screen', async () => {
      await host.define(spec());
      await host.start(uuid);
      const { mimeType, data } = await host.screenshot(uuid);
      expect(mimeType).toBe('image/png');
      expect(data.subarray(1, 4).toString('latin1')).toBe('PNG');
    });

    test('records the XML and each call', async () => {
      const entries: TraceEntry[] = [];
      await withRecorder(
        (entry) => entries.push(entry),
        async () => {
          await host.define(spec());
          await host.start(uuid);
        },
      );
      expect(entries.filter(({ kind }) => kind === 'xml')).toHaveLength(1);
      expect(entries.filter(({ kind }) => kind === 'rpc').length).toBeGreaterThanOrEqual(2);
    });
  });
}
