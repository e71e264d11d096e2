import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { hashFile } from './hash.ts';

const directory = mkdtempSync(join(tmpdir(), 'deskcloud-hash-'));
afterAll(() => rmSync(directory, { recursive: true }));
const path = join(directory, 'file');
const { signal } = new AbortController();

test.each([
  ['here', Infinity],
  ['in a thread of its own', 0],
])('a file is hashed %s', async (_where, ownThreadFrom) => {
  const bytes = Buffer.alloc(3 * 1024 ** 2 + 17, 'deskcloud');
  for (const content of [bytes, Buffer.alloc(0)]) {
    writeFileSync(path, content);
    const digest = (algorithm: string): string => createHash(algorithm).update(content).digest('hex');
    const handle = await open(path);
    const hashed = await hashFile(handle, ['md5', 'sha256', 'sha512'], { signal, ownThreadFrom });
    expect(hashed).toEqual({
      size: content.length,
      md5: digest('md5'),
      sha256: digest('sha256'),
      sha512: digest('sha512'),
    });
    await expect(handle.stat()).rejects.toThrow('closed');
  }
});

test('a large file says how far it is, and is left off when nobody wants it any more', async () => {
  writeFileSync(path, '');
  // A hole takes no room.
  await truncate(path, 64 * 1024 ** 3);
  const abort = new AbortController();
  const handle = await open(path);
  const hashing = hashFile(handle, ['sha256'], {
    signal: abort.signal,
    onProgress: () => abort.abort(new Error('enough')),
  });
  await expect(hashing).rejects.toThrow('enough');
  await expect(handle.stat()).rejects.toThrow('closed');
});
