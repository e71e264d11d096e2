import { mkdir, mkdtemp, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { LinuxStateFiles } from '../../host/files/linux.ts';
import type { StatePath } from '../../host/files/interface.ts';
import { ForeignFiles } from './foreign.ts';

test('a disk that goes while it is looked at is none, and the others are listed', async () => {
  const root = await mkdtemp(join(tmpdir(), 'deskcloud-foreign-'));
  try {
    await mkdir(join(root, 'volumes'));
    for (const name of ['gone', 'stays']) await writeFile(join(root, 'volumes', name), Buffer.alloc(1024));
    const files = new (class extends LinuxStateFiles {
      override async open(path: StatePath) {
        if (path.at(-1) === 'gone') await unlink(join(root, 'volumes', 'gone'));
        return super.open(path);
      }
    })(root);
    const disks = new ForeignFiles(
      {
        name: 'file',
        directory: root,
        format: 'raw',
        reservedPercentage: 0,
        maxOverSubscription: 1,
        goodness: 0,
      },
      { files, path: ['volumes'] },
    );
    expect(await disks.list()).toEqual([{ name: 'stays', sizeBytes: 1024 }]);
  } finally {
    await rm(root, { recursive: true });
  }
});
