/**
 * LVM's back ends on LVM itself: in a guest of Debian's kernel, since many kernels (as this one of CI) have no
 * device-mapper. Its disks are full of what somebody left there. Then the power of that guest is cut while the journal is
 * written in it (R7).
 */
import { existsSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LinuxCommandRunner } from '../helper/host/command/linux.ts';
import { LVM_CONTRACT } from '../helper/host/lvm/contract.ts';
import { LVM_DRIVER_CONTRACT } from '../helper/volume/driver/lvm-contract.ts';
import { TEST_CACHE } from '../resources/guest/build.ts';
import { resolveKernel, unpackPackages } from '../resources/guest/packages.ts';
import { findKernel } from '../resources/guest/rootfs.ts';
import { JOURNAL_MARK, PLACES, type JournalLine, type Place } from './support/journal-guest.ts';
import { KernelGuest } from './support/kernel-guest.ts';
import { lvmGuestImage } from './support/lvm-guest-image.ts';
import { KILL_NAMES, MARK, type GuestResult } from './support/lvm-guest.ts';

const MIB = 2 ** 20;
const commands = new LinuxCommandRunner();
let directory = '';
let guest: KernelGuest | undefined;
let log = '';
/** What the guest said of its databases, by its starts; all but the last ended with a cut of its power. */
const starts: (readonly JournalLine[])[] = [];
let results: readonly GuestResult[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'deskcloud-lvm-guest-'));
  const at = (name: string): string => join(directory, name);
  const { image, modules } = await findKernel(await debianKernel());
  await writeFile(at('initramfs'), await lvmGuestImage(modules));
  const left = ['thin', 'thick'].map((name) => ({ path: at(name), cache: 'unsafe' }) as const);
  for (const { path } of left)
    await writeFile(path, Buffer.alloc(160 * MIB, 'left behind by another project. '));
  const journals = PLACES.map((name) => ({ path: at(name), cache: 'writeback' }) as const);
  for (const { path } of journals) await commands.run(['mke2fs', '-q', '-F', '-t', 'ext4', path, '64M']);
  guest = new KernelGuest({ kernel: image, initramfs: at('initramfs'), disks: [...left, ...journals] });
  const journal = (): JournalLine[] =>
    (guest?.lines(JOURNAL_MARK) ?? []).map((line) => JSON.parse(line) as JournalLine);
  for (const argument of ['', 'journal=more']) {
    guest.start(argument);
    const enough = randomInt(8, 24);
    await guest.until(() => journal().filter(({ told }) => told === 'done').length >= enough);
    await delay(randomInt(200));
    await guest.kill();
    log += guest.console;
    starts.push(journal());
  }
  guest.start('journal=last');
  await guest.ended();
  log += guest.console;
  starts.push(journal());
  results = log
    .split(/\r?\n/)
    .filter((line) => line.includes(MARK))
    // What the firmware does to the screen comes before the first.
    .map((line) => JSON.parse(line.slice(line.indexOf(MARK) + MARK.length)) as GuestResult);
});

/** Debian's kernel with its modules and their index, unpacked: from the tests' cache, or from Debian. */
async function debianKernel(): Promise<string> {
  const kernel = await resolveKernel(commands);
  const place = join(TEST_CACHE, 'kernel', `${kernel.name}_${kernel.version}`);
  if (existsSync(place)) return place;
  const tree = await unpackPackages(commands, [kernel], directory);
  await commands.run(['busybox', 'depmod', '-b', tree, (await findKernel(tree)).version]);
  await mkdir(dirname(place), { recursive: true });
  await cp(tree, `${place}.${process.pid}`, { recursive: true });
  await rename(`${place}.${process.pid}`, place);
  return place;
}

afterAll(async () => {
  await guest?.kill();
  await rm(directory, { recursive: true, force: true });
});

test.each([
  'a group that is not there is said to be missing',
  ...Object.keys(LVM_CONTRACT),
  ...Object.keys(LVM_DRIVER_CONTRACT),
  ...KILL_NAMES,
])('%s', (name) => {
  const found = results.find((one) => one.name === name);
  expect(found?.error, `the guest said: ${log.slice(-3000)}`).toBeUndefined();
  expect(found, `the guest said: ${log.slice(-3000)}`).toBeDefined();
});

/** What had been said to be accepted or done, and was not there after the power came back. */
function lost(place: Place): string[] {
  const said: (JournalLine & { readonly id: string })[] = [];
  const missing: string[] = [];
  for (const lines of starts) {
    const holding = lines.find((line) => line.told === 'found' && line.place === place);
    const states = holding !== undefined && 'holding' in holding ? holding.holding.operations : {};
    for (const { told, id } of said)
      if (told === 'done' ? states[id] !== 'succeeded' : states[id] === undefined)
        missing.push(`${told} ${id}`);
    for (const line of lines) if ('id' in line && line.place === place) said.push(line);
  }
  return missing;
}

test('a cut of the power loses nothing that was accepted or done, and what was under way is done (R7)', () => {
  const words = `the guest said: ${log.slice(-3000)}`;
  expect(starts).toHaveLength(3);
  for (const lines of starts) {
    const holdings = lines.flatMap((line) =>
      line.place === 'synced' && 'holding' in line ? [line.holding] : [],
    );
    expect({ words, is: holdings.map(({ integrity }) => integrity) }).toEqual({ words, is: ['ok', 'ok'] });
    const { operations = {}, things = {} } = holdings[1] ?? {};
    expect(Object.values(operations).filter((state) => state !== 'succeeded')).toEqual([]);
    expect(Object.values(things).filter((status) => status !== 'ACTIVE')).toEqual([]);
  }
  expect(lost('synced')).toEqual([]);
  // Else nothing would have been lost by anybody.
  expect(lost('careless')).not.toEqual([]);
});
