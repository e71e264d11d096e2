import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DiskFullError, SizeLimitError, UnsafeNameError, UnsafePathError } from './interface.ts';
import { LinuxStateFiles } from './linux.ts';

let outside = '';
let root = '';
let files: LinuxStateFiles;

beforeEach(async () => {
  outside = await mkdtemp(join(tmpdir(), 't-files-'));
  root = join(outside, 'state');
  await mkdir(root);
  await writeFile(join(outside, 'canary'), 'alive');
  files = new LinuxStateFiles(root);
});
afterEach(async () => {
  await rm(outside, { recursive: true, force: true });
});

const canary = (): Promise<string> => readFile(join(outside, 'canary'), 'utf8');

test('writes with a mode, replaces, reads, lists, renames and removes', async () => {
  await files.ensureDirectory(['instances', 'one'], { mode: 0o711 });
  await files.ensureDirectory(['instances', 'one']);
  await files.write(['instances', 'one', 'a'], 'first');
  await files.write(['instances', 'one', 'a'], 'second', { mode: 0o640 });
  expect((await files.read(['instances', 'one', 'a'], 100)).toString()).toBe('second');
  expect(await files.stat(['instances', 'one', 'a'])).toMatchObject({ kind: 'file', size: 6, mode: 0o640 });
  expect(await files.stat(['instances', 'one'])).toMatchObject({ kind: 'directory', mode: 0o711 });
  await files.rename(['instances', 'one', 'a'], ['instances', 'b']);
  expect(await files.list(['instances'])).toEqual(['b', 'one']);
  await files.setAttributes(['instances', 'b'], { mode: 0o600 });
  expect(await files.stat(['instances', 'b'])).toMatchObject({ mode: 0o600 });
  await files.remove(['instances', 'b']);
  await files.remove(['instances', 'b']);
  await files.removeTree(['instances']);
  await files.removeTree(['instances']);
  expect(await files.list([])).toEqual([]);
  expect(await files.list(['not', 'there'])).toEqual([]);
  expect(await files.stat(['not', 'there'])).toBeUndefined();
});

test('create refuses what is there, read refuses what is long', async () => {
  await files.create(['a'], 'x');
  await expect(files.create(['a'], 'y')).rejects.toMatchObject({ code: 'EEXIST' });
  expect(await files.stat(['a'])).toMatchObject({ mode: 0o600 });
  await expect(files.read(['a'], 0)).rejects.toThrow(SizeLimitError);
  expect(await files.freeBytes()).toBeGreaterThan(0);
});

test('names that are not plain names are refused by every operation (S10)', async () => {
  for (const name of ['..', '.', '', 'a/b', '/etc', 'a\0b', '-rf', 'a\nb', 'x'.repeat(256)]) {
    expect(() => files.absolute([name])).toThrow(UnsafeNameError);
    for (const path of [[name], ['deep', name], [name, 'deep']] as const) {
      await expect(files.write([...path], 'x')).rejects.toThrow(UnsafeNameError);
      await expect(files.read([...path], 1)).rejects.toThrow(UnsafeNameError);
      await expect(files.removeTree([...path])).rejects.toThrow(UnsafeNameError);
      await expect(files.sink([...path], { maxBytes: 1 })).rejects.toThrow(UnsafeNameError);
    }
  }
});

test('any name either works below the root or is refused', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 12 }), async (name) => {
      const written = await files.write([name], 'x').then(
        () => true,
        (error: unknown) => {
          expect(error).toBeInstanceOf(UnsafeNameError);
          return false;
        },
      );
      expect(await readdir(outside)).toEqual(['canary', 'state']);
      expect(await files.list([])).toHaveLength(written ? 1 : 0);
      if (written) await files.remove([name]);
    }),
    { numRuns: 200 },
  );
});

describe('symbolic links', () => {
  test('are not followed at the end nor on the way (S37)', async () => {
    await symlink(outside, join(root, 'link'));
    await symlink(join(outside, 'canary'), join(root, 'file'));
    await expect(files.write(['link', 'canary'], 'dead')).rejects.toThrow(UnsafePathError);
    await expect(files.read(['link', 'canary'], 100)).rejects.toThrow(UnsafePathError);
    await expect(files.read(['file'], 100)).rejects.toThrow(UnsafePathError);
    await expect(files.setAttributes(['file'], { mode: 0o777 })).rejects.toThrow(UnsafePathError);
    await expect(files.ensureDirectory(['link', 'sub'])).rejects.toThrow(UnsafePathError);
    await expect(files.sink(['link', 'canary'], { maxBytes: 9 })).rejects.toThrow(UnsafePathError);
    await expect(files.create(['file'], 'dead')).rejects.toMatchObject({ code: 'EEXIST' });
    await files.write(['file'], 'replaced');
    await files.removeTree(['link']);
    expect(await canary()).toBe('alive');
    expect(await files.list([])).toEqual(['file']);
  });

  test('may be the root itself, which the administrator has moved', async () => {
    await symlink(root, join(outside, 'moved'));
    const moved = new LinuxStateFiles(join(outside, 'moved'));
    await moved.write(['a'], 'x');
    expect(await files.list([])).toEqual(['a']);
  });

  test('in a tree are removed, and what they point to stays', async () => {
    await files.ensureDirectory(['tree', 'deep']);
    await symlink(outside, join(root, 'tree', 'deep', 'link'));
    await files.removeTree(['tree']);
    expect(await canary()).toBe('alive');
  });

  test('swapped in and out 10^5 times while files are written and removed: nothing escapes (S50)', async () => {
    const target = join(outside, 'target');
    await mkdir(target);
    await writeFile(join(target, 'victim'), 'alive');
    await mkdir(join(root, 'dir'));
    // Exchanges a directory and a link to the outside as fast as it can, in a thread of its own.
    const swapper = new Worker(
      `const { renameSync, symlinkSync } = require('node:fs');
       const { workerData: { root, target, rounds }, parentPort } = require('node:worker_threads');
       symlinkSync(target, root + '/evil');
       for (let round = 0; round < rounds; round += 1) {
         try { renameSync(root + '/dir', root + '/kept'); } catch {}
         try { renameSync(root + '/evil', root + '/dir'); } catch {}
         try { renameSync(root + '/dir', root + '/evil'); } catch {}
         try { renameSync(root + '/kept', root + '/dir'); } catch {}
       }
       parentPort.postMessage('done');`,
      { eval: true, workerData: { root, target, rounds: 25_000 } },
    );
    const ended = once(swapper, 'message');
    const swaps = { running: true };
    swapper.once('message', () => {
      swaps.running = false;
    });
    let reached = 0;
    let refused = 0;
    const count = async (work: Promise<unknown>): Promise<void> => {
      await work.then(
        () => (reached += 1),
        () => (refused += 1),
      );
    };
    for (let turn = 0; swaps.running; turn += 1) {
      await count(files.write(['dir', 'victim'], 'dead'));
      await count(files.remove(['dir', 'victim']));
      await count(files.ensureDirectory(['dir', `sub${turn % 5}`]));
      if (turn % 10 === 0) await count(files.removeTree(['dir']).then(() => files.ensureDirectory(['dir'])));
    }
    await ended;
    await swapper.terminate();
    expect(await readFile(join(target, 'victim'), 'utf8')).toBe('alive');
    expect(await readdir(target)).toEqual(['victim']);
    expect(reached).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
  }, 60_000);
});

describe('a file that is being received', () => {
  test('appears when it is complete, with its hashes', async () => {
    const sink = await files.sink(['image'], { maxBytes: 1000 });
    await sink.write(Buffer.from('hello '));
    expect(await files.stat(['image'])).toBeUndefined();
    expect((await stat(sink.temporaryPath)).mode & 0o777).toBe(0o600);
    await sink.write(Buffer.from('world'));
    const result = await sink.finish();
    const hash = (name: string): string => createHash(name).update('hello world').digest('hex');
    expect(result).toEqual({ size: 11, md5: hash('md5'), sha256: hash('sha256'), sha512: hash('sha512') });
    expect(await files.list([])).toEqual(['image']);
    await sink.abort();
    expect((await files.read(['image'], 100)).toString()).toBe('hello world');
  });

  test('leaves nothing when it is aborted or too long', async () => {
    const aborted = await files.sink(['image'], { maxBytes: 1000 });
    await aborted.write(Buffer.alloc(10));
    await aborted.abort();
    await aborted.abort();
    const long = await files.sink(['image'], { maxBytes: 10 });
    await long.write(Buffer.alloc(10));
    await expect(long.write(Buffer.alloc(1))).rejects.toThrow(SizeLimitError);
    await expect(long.finish()).rejects.toThrow('closed already');
    expect(await files.list([])).toEqual([]);
  });

  test('that a crash interrupted is removed at the next start', async () => {
    await files.ensureDirectory(['images']);
    const sink = await files.sink(['images', 'one'], { maxBytes: 1000 });
    await files.write(['images', 'two'], 'kept');
    expect(await files.list(['images'])).toHaveLength(2);
    await files.removeLeftovers(['images']);
    expect(await files.list(['images'])).toEqual(['two']);
    await sink.abort();
  });

  test('is the same file when zeros are left out, and takes less room', async () => {
    const content = Buffer.alloc(3_000_000);
    content.write('begin', 0);
    content.write('middle', 1_500_001);
    const sink = await files.sink(['image'], { maxBytes: 1e9, sparse: true });
    for (let at = 0; at < content.length; at += 65_537) await sink.write(content.subarray(at, at + 65_537));
    const { size } = await sink.finish();
    expect(size).toBe(content.length);
    expect(content.equals(await files.read(['image'], 1e9))).toBe(true);
    expect((await files.stat(['image']))?.allocated).toBeLessThan(100_000);
  });
});

test('a full disk says which and what to do', () => {
  expect(new DiskFullError('/var/lib/deskcloud').message).toMatch(
    /\/var\/lib\/deskcloud is full.*delete images/,
  );
});
