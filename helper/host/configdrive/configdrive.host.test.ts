import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildConfigDrive } from './index.ts';

const run = promisify(execFile);
let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 't-configdrive-'));
  await mkdir(join(directory, 'mnt'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

// Some kernels lack the file system; the one of the guest image has it.
const mountable = readFileSync('/proc/filesystems', 'utf8').includes('iso9660');

test.skipIf(!mountable).each(['', ',norock', ',nojoliet'])(
  'Linux mounts it (loop%s), as a guest would',
  async (option) => {
    const image = join(directory, 'image');
    const mounted = join(directory, 'mnt');
    const content = {
      'openstack/latest/meta_data.json': '{"a": 1}',
      'openstack/latest/network_data.json': 'n'.repeat(9000),
    };
    await buildConfigDrive({ path: image, files: content });
    expect((await run('blkid', ['-p', '-o', 'value', '-s', 'LABEL', image])).stdout.trim()).toBe('config-2');
    await run('mount', ['-t', 'iso9660', '-o', `loop,ro${option}`, image, mounted]);
    try {
      for (const [name, text] of Object.entries(content)) {
        expect(await readFile(join(mounted, name), 'utf8')).toBe(text);
      }
      expect(await readdir(join(mounted, 'openstack', 'latest'))).toHaveLength(2);
    } finally {
      await run('umount', [mounted]);
    }
  },
);
