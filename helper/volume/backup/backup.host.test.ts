import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { FakeBackupStore } from '../../host/backup/fake.ts';
import { LinuxCommandRunner } from '../../host/command/linux.ts';
import { LinuxDiskHost } from '../../host/disk/linux.ts';
import { Secret } from '../../secret.ts';
import { readBackup } from './read.ts';
import { writeBackup } from './write.ts';

const run = promisify(execFile);
const MIB = 1024 ** 2;
const SIZE = 64 * MIB;

test('an encrypted disk is stored as ciphertext and comes back as another disk with another key', async () => {
  const directory = await mkdtemp(join(tmpdir(), 't-locked-'));
  const at = (file: string): string => join(directory, file);
  const host = new LinuxDiskHost(new LinuxCommandRunner());
  const store = new FakeBackupStore();
  const signal = new AbortController().signal;
  try {
    const plain = at('plain');
    await writeFile(plain, Buffer.alloc(SIZE, 'nobody may read this'));
    const [mine, other] = ['mine', 'another'].map((word) => ({
      passphrase: new Secret(word),
      keyBits: 256 as const,
    }));
    const disk = { sourceFormat: 'qcow2', destinationFormat: 'raw', sizeBytes: SIZE } as const;
    const source = at('disk');
    await host.clone({
      source: plain,
      sourceFormat: 'raw',
      destination: source,
      destinationFormat: 'qcow2',
      sizeBytes: SIZE,
      encryption: mine!,
    });
    // As sagas/backup-create.ts and backup-restore.ts do it.
    const copy = at('copy');
    await host.clone({ ...disk, source, destination: copy, sourceKey: mine!.passphrase, encryption: mine! });
    const reading = await host.openRaw({ path: copy, format: 'raw' });
    const volume = {
      id: 'v',
      name: null,
      description: null,
      volumeTypeId: 't',
      bootable: false,
      encryptionKeyId: 'k',
      metadata: {},
      imageMetadata: {},
    };
    const folder = { container: 'box', folder: 'one' };
    const common = { store, folder, signal, onProgress: () => undefined };
    await writeBackup({
      ...common,
      parent: null,
      source: reading,
      sizeGib: 1,
      codec: 'none',
      volume,
      createdAt: 1,
    });
    const length = reading.sizeBytes;
    await reading.close();
    for (const object of store.objects.values()) expect(object.includes('nobody may read')).toBe(false);
    const scratch = at('scratch');
    const target = await host.createRaw({ path: scratch, sizeBytes: length });
    expect((await readBackup({ ...common, target })).diskBytes).toBe(length);
    await target.finish();
    await target.close();
    await host.clone({
      source: scratch,
      sourceFormat: 'raw',
      sourceKey: mine!.passphrase,
      destination: at('restored'),
      destinationFormat: 'qcow2',
      sizeBytes: SIZE,
      encryption: other!,
    });
    await host.convert({
      source: at('restored'),
      sourceFormat: 'qcow2',
      sourceKey: other!.passphrase,
      destination: at('opened'),
      destinationFormat: 'raw',
    });
    await run('cmp', [plain, at('opened')]);
    expect(await readdir(directory)).toHaveLength(6);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
