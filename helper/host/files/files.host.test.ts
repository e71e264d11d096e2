import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DiskFullError } from './interface.ts';
import { LinuxStateFiles } from './linux.ts';

const run = promisify(execFile);
let root = '';

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 't-files-full-'));
  await run('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', root]);
});
afterAll(async () => {
  await run('umount', [root]);
  await rm(root, { recursive: true });
});

test('a full disk is a DiskFullError, and nothing is left behind', async () => {
  const files = new LinuxStateFiles(root);
  await expect(files.write(['a'], Buffer.alloc(400_000))).rejects.toThrow(DiskFullError);
  await expect(files.create(['b'], Buffer.alloc(400_000))).rejects.toThrow(DiskFullError);
  const sink = await files.sink(['c'], { maxBytes: 1e9 });
  const pour = async (): Promise<void> => {
    for (let piece = 0; piece < 10; piece += 1) await sink.write(Buffer.alloc(65_536));
  };
  await expect(pour()).rejects.toThrow(`The disk that holds ${root} is full`);
  expect(await files.list([])).toEqual([]);
});

test('an owner is set', async () => {
  const files = new LinuxStateFiles(root);
  await files.write(['owned'], 'x', { owner: { uid: 12, gid: 34 }, mode: 0o640 });
  expect(await files.stat(['owned'])).toMatchObject({ uid: 12, gid: 34, mode: 0o640 });
});
