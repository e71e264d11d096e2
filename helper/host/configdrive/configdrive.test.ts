import { execFile } from 'node:child_process';
import { mkdtemp, open, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { assertSafe, inspectFile } from '../disk/inspect/index.ts';
import { buildConfigDrive, ConfigDriveError } from './index.ts';

const run = promisify(execFile);
let directory = '';
let path = '';

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 't-configdrive-'));
  path = join(directory, 'disk.config');
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const FILES = {
  'openstack/latest/meta_data.json': '{"uuid": "x"}',
  'openstack/latest/user_data': Buffer.from([0, 1, 2, 255]),
  'openstack/2012-08-10/meta_data.json': 'a'.repeat(5000),
  'openstack/content/0000': '',
  'ec2/latest/meta-data.json': '{}',
  'A_long.Name-with.dots and blanks.TXT': 'x',
  ünïcode: 'y',
};

test('two readers of ISO images see the files, and the label', async () => {
  await buildConfigDrive({ path, files: FILES });
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  for (const names of ['-R', '-J']) {
    const { stdout } = await run('isoinfo', [names, '-f', '-i', path]);
    const listed = stdout.split('\n').filter((line) => line !== '');
    const ascii = Object.keys(FILES).filter((file) => /^[ -~]*$/.test(file));
    expect(listed).toEqual(expect.arrayContaining(ascii.map((file) => `/${file}`)));
  }
  expect((await run('isoinfo', ['-d', '-i', path])).stdout).toContain('Volume id: config-2');
  const { stdout, stderr } = await run('xorriso', ['-indev', path, '-find', '/', '-type', 'f']);
  expect(stdout.match(/^'\//gm)).toHaveLength(Object.keys(FILES).length);
  expect(stderr).not.toMatch(/WARNING|FAILURE|SORRY/);
  const extracted = join(directory, 'out');
  await run('xorriso', ['-osirrox', 'on', '-indev', path, '-extract', '/', extracted]);
  for (const [name, content] of Object.entries(FILES)) {
    expect(await readFile(join(extracted, name))).toEqual(Buffer.from(content));
  }
});

test('the image is an ISO for our own inspection, and is replaced in one step', async () => {
  await writeFile(path, 'old');
  await buildConfigDrive({ path, files: {} });
  const handle = await open(path);
  const inspection = await inspectFile(handle);
  await handle.close();
  expect(() => assertSafe(inspection, 'iso')).not.toThrow();
  expect(inspection.details['volumeBytes']).toBe(inspection.virtualSize);
  expect(await readdir(directory)).toEqual(['disk.config']);
});

test('many files, over several sectors of a directory', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 300 }, (_, index) => [`dir/a-rather-long-file-name-number-${index}`, String(index)]),
  );
  await buildConfigDrive({ path, files });
  const { stdout } = await run('isoinfo', ['-R', '-f', '-i', path]);
  expect(stdout.trim().split('\n')).toHaveLength(301);
  const one = await run('isoinfo', ['-R', '-x', '/dir/a-rather-long-file-name-number-299', '-i', path]);
  expect(one.stdout).toBe('299');
});

test.each([
  '../x',
  '/etc/passwd',
  'a/../b',
  'a//b',
  'a/',
  '',
  '.',
  'a/./b',
  '-rf',
  'a\0b',
  'a\nb',
  'a:b',
  'a;1',
  'a\\b',
  'x'.repeat(65),
  'a/b/c/d/e/f/g/h',
])('refuses the file name %j, and writes nothing (S38)', async (name) => {
  await expect(buildConfigDrive({ path, files: { good: 'x', [name]: 'y' } })).rejects.toThrow(
    ConfigDriveError,
  );
  expect(await readdir(directory)).toEqual([]);
});

test('refuses a name that is a file and a directory, hostile labels and paths', async () => {
  await expect(buildConfigDrive({ path, files: { a: 'x', 'a/b': 'y' } })).rejects.toThrow(ConfigDriveError);
  await expect(buildConfigDrive({ path, files: { 'a/b': 'x', a: 'y' } })).rejects.toThrow(ConfigDriveError);
  await expect(buildConfigDrive({ path, files: {}, label: '-V x' })).rejects.toThrow(ConfigDriveError);
  await expect(buildConfigDrive({ path: 'relative', files: {} })).rejects.toThrow(
    'not a normal absolute path',
  );
});

test('any content comes back as it was', async () => {
  const name = fc.stringMatching(/^[a-z_][a-zA-Z0-9_.]{0,20}$/);
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(name, fc.uint8Array({ maxLength: 5000 }), { minKeys: 1, maxKeys: 5 }),
      async (files) => {
        await buildConfigDrive({ path, files });
        const [first = ''] = Object.keys(files);
        const { stdout } = await run('isoinfo', ['-R', '-x', `/${first}`, '-i', path], {
          encoding: 'buffer',
        });
        expect(stdout).toEqual(Buffer.from(files[first] ?? []));
      },
    ),
    { numRuns: 30 },
  );
});
