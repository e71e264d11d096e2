import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CommandError, type Argv, type CommandRunner } from '../command/interface.ts';
import { LVM_CONTRACT } from './contract.ts';
import { FakeLvmHost } from './fake.ts';
import { removeAllVolumes } from './remove-all.ts';
import { LinuxLvmHost } from './linux.ts';

describe('the simulated LVM', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'deskcloud-lvm-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test.each(Object.entries(LVM_CONTRACT))('%s', async (_name, run) => {
    const world = { host: new FakeLvmHost(directory), group: 'group', pool: 'pool' };
    await expect(run(world)).resolves.toBeUndefined();
  });
});

test('all of an instance is removed, and what cannot be is said', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'deskcloud-lvm-'));
  const host = new FakeLvmHost(directory);
  await host.create({ group: 'a', name: 'volume-1', sizeBytes: 4096 });
  await host.create({ group: 'b', name: 'volume-2', sizeBytes: 4096 });
  expect(await removeAllVolumes(host, ['a', 'b', 'a'])).toEqual([]);
  expect([(await host.look('a')).volumes, (await host.look('b')).volumes]).toEqual([[], []]);
  host.problem = 'There is no such group.';
  expect(await removeAllVolumes(host, ['a'])).toEqual(['the volume group a: There is no such group.']);
  rmSync(directory, { recursive: true });
});

describe("LVM's programs", () => {
  /** A volume of ours and one of somebody else, as lvs shows them. */
  const volume = (name: string, tags: string) => ({
    lv_name: name,
    lv_size: '1073741824',
    lv_tags: tags,
    lv_attr: '-wi-a-----',
    lv_active: 'active',
    pool_lv: '',
    data_percent: '',
  });
  const lv = [
    volume('volume-1', 'deskcloud.owner=me'),
    volume('home', ''),
    volume('volume-2', 'deskcloud.owner=you'),
  ];
  const run: string[][] = [];
  const commands: CommandRunner = {
    run: (argv: Argv) => {
      run.push(argv.map(String));
      if (argv[0] === 'lvremove')
        throw new CommandError('lvremove failed', {
          argv: [],
          reason: 'exit',
          exitCode: 5,
          stderr: '  Logical volume g/volume-1 in use.',
        });
      const stdout = argv[0] === 'lvs' ? JSON.stringify({ report: [{ lv }] }) : '';
      return Promise.resolve({ stdout, stderr: '', exitCode: 0 });
    },
  };
  const host = new LinuxLvmHost({ owner: 'me', commands });

  test.each(['home', 'volume-2'])(
    '%s, which has not our tag, is neither changed nor removed',
    async (name) => {
      run.length = 0;
      for (const attempt of [
        host.remove('g', name),
        host.extend('g', name, 2 ** 31),
        host.zero('g', name, 0),
        host.rename('g', name, 'volume-9'),
        host.mark('g', name, 'unfinished'),
        host.takeBack('g', name),
        host.activate('g', name),
      ])
        await expect(attempt).rejects.toMatchObject({ reason: 'not-ours' });
      await expect(host.create({ group: 'g', name, sizeBytes: 512 })).rejects.toMatchObject({
        reason: 'failed',
      });
      expect(new Set(run.map(([program]) => program))).toEqual(new Set(['lvs']));
    },
  );

  test('what somebody has open stays, and the message says who may tell', async () => {
    await expect(host.remove('g', 'volume-1')).rejects.toMatchObject({
      reason: 'in-use',
      message: expect.stringContaining('dmsetup ls --tree') as string,
    });
  });
});
