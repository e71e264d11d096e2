import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listTree } from './rootfs.ts';

it('lists a tree without following links out of it', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'deskcloud-tree-'));
  try {
    await mkdir(join(directory, 'outside'));
    await writeFile(join(directory, 'outside/file'), '');
    await mkdir(join(directory, 'root/etc'), { recursive: true });
    await writeFile(join(directory, 'root/etc/file'), '');
    await symlink(join(directory, 'outside'), join(directory, 'root/run'));
    expect(await listTree(join(directory, 'root'))).toEqual([
      { path: 'etc', kind: 'directory' },
      { path: 'etc/file', kind: 'file' },
      { path: 'run', kind: 'link' },
    ]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
