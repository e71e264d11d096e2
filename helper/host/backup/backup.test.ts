import { mkdtempSync, readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LinuxStateFiles } from '../files/linux.ts';
import { DirectoryBackupStore } from './directory.ts';
import { FakeBackupStore } from './fake.ts';
import type { BackupStore, ObjectKey } from './interface.ts';
import { S3BackupStore } from './s3.ts';
import { TestS3 } from './test-s3.ts';

interface Place {
  readonly store: BackupStore;
  readonly end: () => Promise<void>;
}

const places: Readonly<Record<string, () => Promise<Place>>> = {
  directory: () => {
    const root = mkdtempSync(join(tmpdir(), 't-backup-'));
    return Promise.resolve({
      store: new DirectoryBackupStore(new LinuxStateFiles(root), ['backups']),
      end: () => Promise.resolve(rmSync(root, { recursive: true, force: true })),
    });
  },
  fake: () => Promise.resolve({ store: new FakeBackupStore(), end: () => Promise.resolve() }),
  // Small pages, so that lists have several.
  s3: async () => {
    const server = await new TestS3({ pageSize: 3 }).start();
    return { store: new S3BackupStore(server.options()), end: () => server.stop() };
  },
};

const key = (name: string, folder = 'one'): ObjectKey => ['box', folder, name];

describe.each(Object.entries(places))('backup store: %s', (_name, make) => {
  let place: Place;
  beforeEach(async () => {
    place = await make();
  });
  afterEach(async () => {
    await place.end();
  });

  it('keeps objects, replaces them, and has none that was not put', async () => {
    const { store } = place;
    const data = Buffer.alloc(100_000, 'backup');
    await store.put(key('a'), data);
    expect((await store.get(key('a'), 200_000))?.equals(data)).toBe(true);
    await store.put(key('a'), Buffer.from('b'));
    expect((await store.get(key('a'), 10))?.toString()).toBe('b');
    expect(await store.get(key('b'), 10)).toBeUndefined();
    await store.put(key('empty'), Buffer.alloc(0));
    expect((await store.get(key('empty'), 10))?.length).toBe(0);
  });

  it('lists and removes a folder, and nothing beside it', async () => {
    const { store } = place;
    for (let n = 0; n < 8; n += 1) await store.put(key(`chunk-${n}`), Buffer.from([n]));
    await store.put(key('a', 'one-more'), Buffer.from('x'));
    expect(await store.list('box', 'one')).toEqual(Array.from({ length: 8 }, (_none, n) => `chunk-${n}`));
    expect(await store.removeFolder('box', 'one')).toBe(8);
    expect(await store.removeFolder('box', 'one')).toBe(0);
    expect(await store.list('box', 'one')).toEqual([]);
    expect(await store.list('box', 'one-more')).toEqual(['a']);
  });

  it('refuses names that lead elsewhere, and objects that are too long', async () => {
    const { store } = place;
    for (const name of ['..', '.hidden', 'a/b', '', '-x', 'a b'])
      await expect(store.put(key(name), Buffer.from('x'))).rejects.toMatchObject({
        name: 'BackupStoreError',
      });
    await expect(store.list('..', 'one')).rejects.toMatchObject({ name: 'BackupStoreError' });
    await store.put(key('long'), Buffer.alloc(11));
    await expect(store.get(key('long'), 10)).rejects.toMatchObject({ name: 'BackupStoreError' });
  });

  it('can be asked whether it is there, and ends when it is told to', async () => {
    await place.store.check();
    const given = AbortSignal.abort();
    await expect(place.store.put(key('a'), Buffer.from('x'), given)).rejects.toMatchObject({
      name: 'AbortError',
    });
    expect(await place.store.get(key('a'), 10)).toBeUndefined();
  });
});

describe('a directory of backups', () => {
  it('has files for its owner alone, and follows no link', async () => {
    const root = mkdtempSync(join(tmpdir(), 't-backup-'));
    try {
      const store = new DirectoryBackupStore(new LinuxStateFiles(root), ['backups']);
      await store.put(key('a'), Buffer.from('x'));
      expect(statSync(join(root, 'backups/box/one/a')).mode & 0o777).toBe(0o600);
      expect(statSync(join(root, 'backups/box')).mode & 0o777).toBe(0o700);
      symlinkSync(tmpdir(), join(root, 'backups/elsewhere'));
      await expect(store.put(['elsewhere', 'f', 'a'], Buffer.from('x'))).rejects.toMatchObject({
        name: 'UnsafePathError',
      });
      expect(readdirSync(join(root, 'backups/box/one'))).toEqual(['a']);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });

  it('says what to do when its mount is not there', async () => {
    const store = new DirectoryBackupStore(new LinuxStateFiles('/nonexistent'), ['backups']);
    await expect(store.check()).rejects.toThrow(/volume\.backup\.directory/);
  });
});

describe('an S3 bucket', () => {
  it.each([
    [{ bucket: 'other' }, [], /the bucket other at .*: there is no such bucket/, false],
    [{ accessKeyId: 'WRONG' }, [], /is the access key right/, false],
    [{}, [503], /refused \(503 SlowDown\)/, true],
    [{ endpoint: 'http://127.0.0.1:9' }, [], /cannot be reached/, true],
  ] as const)('says what is wrong: %j %j', async (changes, failures, message, retryable) => {
    const server = await new TestS3().start();
    try {
      server.failures.push(...failures);
      const store = new S3BackupStore(server.options(changes));
      const failed = store.put(key('a'), Buffer.from('x'));
      await expect(failed).rejects.toThrow(message);
      await expect(failed).rejects.toMatchObject({ retryable });
      await expect(failed).rejects.not.toThrow(/a secret/);
    } finally {
      await server.stop();
    }
  });

  it('has the bucket in the path', async () => {
    const server = await new TestS3().start();
    try {
      await new S3BackupStore(server.options()).put(key('a'), Buffer.from('x'));
      expect(server.asked).toEqual(['PUT /backups/box/one/a']);
    } finally {
      await server.stop();
    }
  });
});
