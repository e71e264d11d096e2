import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { existsSync, readdirSync } from 'node:fs';
import type * as fsPromises from 'node:fs/promises';
import { join } from 'node:path';
import { LinuxStateFiles } from '../host/files/linux.ts';
import { IMAGE_ID, VolumeWorld } from './test-world.ts';

/** The input or output that fails next, counted from 1; with `forEver` all after it, too. */
const fault = vi.hoisted(() => ({
  left: 0,
  forEver: false,
  failed: 0,
  strike(): void {
    this.left -= 1;
    if (this.left > 0 || (this.left < 0 && !this.forEver) || !this.isArmed) return;
    this.failed += 1;
    throw Object.assign(new Error('EIO: i/o error, test'), { code: 'EIO', errno: -5 });
  },
  isArmed: false,
}));

type Work = (this: unknown, ...words: unknown[]) => Promise<unknown>;

vi.mock('node:fs/promises', async (original) => {
  const real = await original<typeof fsPromises>();
  const faulty = (work: Work): Work =>
    async function faultyWork(...words) {
      fault.strike();
      return await work.apply(this, words);
    };
  const handle = await real.open('/dev/null');
  const methods = Object.getPrototypeOf(handle) as Record<string, Work>;
  await handle.close();
  for (const name of [
    'read',
    'write',
    'writev',
    'writeFile',
    'readFile',
    'sync',
    'datasync',
    'truncate',
    'stat',
  ])
    methods[name] = faulty(methods[name]!);
  const works = Object.entries(real).map(([name, work]) => [
    name,
    typeof work === 'function' ? faulty(work as Work) : work,
  ]);
  const mocked = Object.fromEntries(works) as typeof fsPromises;
  return { ...mocked, default: mocked };
});

describe('an input or output that fails, the n-th of an operation (R6)', () => {
  let world: VolumeWorld;
  let volumeId = '';
  let files: LinuxStateFiles;
  let before: readonly string[] = [];
  beforeAll(async () => {
    world = await new VolumeWorld().start();
    volumeId = await world.create({ imageRef: IMAGE_ID });
    files = new LinuxStateFiles(world.root);
    before = await stored();
  });
  afterAll(() => world.stop());

  /** Files of volumes and snapshots, and folders of backups. */
  const stored = async (): Promise<readonly string[]> => {
    // What could not even be removed has a hidden name, and goes at the next start.
    for (const { name } of world.backends) await files.removeLeftovers([name]);
    const folder = join(world.root, 'backups', 'volumebackups');
    return [...world.stored(), ...(existsSync(folder) ? readdirSync(folder) : [])].sort();
  };
  const LARGEST = 200;

  const asked = {
    volume: () => ({ size: 1, imageRef: IMAGE_ID }),
    snapshot: () => ({ volume_id: volumeId }),
    backup: () => ({ volume_id: volumeId }),
  };

  async function whyOf(id: string): Promise<string> {
    const messages = (await world.call('alice', 'GET', '/messages')).body['messages'] as unknown as {
      readonly resource_uuid: string;
      readonly user_message: string;
    }[];
    const told = messages.filter((one) => one.resource_uuid === id).map((one) => one.user_message);
    return told.join(' ');
  }

  const cases = (['volume', 'snapshot', 'backup'] as const).flatMap((kind) =>
    [false, true].map((forEver) => ({ kind, forEver })),
  );
  it.for(cases)(
    'leaves nothing of a $kind (for ever: $forEver)',
    { timeout: 60_000 },
    async ({ kind, forEver }) => {
      const ends: string[] = [];
      for (let nth = 1; nth <= LARGEST; nth += 1) {
        Object.assign(fault, { left: nth, forEver, failed: 0, isArmed: true });
        const answer = await world.call('alice', 'POST', `/${kind}s`, { [kind]: asked[kind]() });
        expect(answer.status).toBe(202);
        const id = String(answer.body[kind]?.['id']);
        await world.settle();
        fault.isArmed = false;
        // What could not even be unwound is tried again when the disk is well.
        world.sagas.retryStuck();
        await world.settle();
        const { body } = await world.call('alice', 'GET', `/${kind}s/${id}`);
        const status = String(body[kind]?.['status']);
        ends.push(status);
        const isThere = status === 'available';
        expect([nth, isThere ? status : `${status}: ${await whyOf(id)}`]).toEqual([
          nth,
          expect.stringMatching(/^available$|^error: .*(does not answer|dmesg)/),
        ]);
        expect([nth, isThere ? before : await stored()]).toEqual([nth, before]);
        expect(await world.show(volumeId)).toMatchObject({ status: 'available' });
        await world.call('alice', 'DELETE', `/${kind}s/${id}`);
        await world.settle();
        expect([nth, await stored()]).toEqual([nth, before]);
        if (fault.failed === 0) break;
      }
      expect(ends.at(-1)).toBe('available');
      expect(ends).toContain('error');
      expect(world.db.pragma('integrity_check', { simple: true })).toBe('ok');
    },
  );
});
