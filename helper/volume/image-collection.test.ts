import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { DirectoryBackupStore } from '../host/backup/directory.ts';
import { FakeDiskHost } from '../host/disk/fake.ts';
import type { CloneOptions } from '../host/disk/interface.ts';
import { LinuxStateFiles } from '../host/files/linux.ts';
import { FakeIscsiHost } from '../host/iscsi/fake.ts';
import { FakeLvmHost } from '../host/lvm/fake.ts';
import { silentLogger } from '../http/index.ts';
import { TestServer } from '../http/test-server.ts';
import { emptyVdi, ImageWorld } from '../image/test-world.ts';
import { createVolume, DEFAULT_WEIGHTS } from './index.ts';
import { callers, noGuests } from './test-world.ts';

/** The machine may be busy. */
const PATIENCE = { timeout: 20_000 };

/** Its clones wait until they are let go. */
class HeldDisks extends FakeDiskHost {
  readonly #free = Promise.withResolvers<undefined>();
  cloning = false;

  override async clone(options: CloneOptions): Promise<void> {
    this.cloning = true;
    await this.#free.promise;
    await super.clone(options);
  }

  free(): void {
    this.#free.resolve(undefined);
  }
}

test('a collection during the clone of an image to a volume keeps what is cloned (R24)', async () => {
  const images = new ImageWorld();
  const root = mkdtempSync(join(tmpdir(), 'deskcloud-collection-'));
  const files = new LinuxStateFiles(root);
  const disks = new HeldDisks();
  const backend = {
    name: 'file',
    directory: join(root, 'file'),
    format: 'qcow2',
    export: 'local',
    reservedPercentage: 0,
    maxOverSubscription: 20,
    goodness: 0,
  } as const;
  const volume = createVolume({
    db: images.db,
    sagas: images.sagas,
    disks,
    iscsi: new FakeIscsiHost(),
    lvm: new FakeLvmHost(join(root, 'lvm')),
    image: images.image.face,
    compute: () => noGuests,
    directories: [{ files, path: ['file'] }],
    projectExists: () => true,
    logger: silentLogger,
    now: () => Date.now(),
    backups: { store: new DirectoryBackupStore(files, ['backups']), codec: 'zlib', container: 'box' },
    config: { hostName: 'here', zone: 'nova', backends: [backend], weights: DEFAULT_WEIGHTS },
  });
  await volume.start();
  const server = new TestServer([volume.service], callers);
  await server.start();
  await images.start();
  const ask = async (
    method: string,
    path: string,
    body?: object,
  ): Promise<{ volume?: { id: string; status: string } }> => {
    const response = await fetch(`${server.origin}/volume/v3${path}`, {
      method,
      headers: { 'x-auth-token': 'alice', 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return (await response.json()) as { volume?: { id: string; status: string } };
  };
  const upload = async (mark: number): Promise<string> => {
    const id = await images.create('alice', { disk_format: 'vdi' });
    expect((await images.call('alice', 'PUT', `/images/${id}/file`, emptyVdi(mark))).status).toBe(204);
    return id;
  };
  const leases = () => images.db.prepare('SELECT user_id FROM image_lease').all();
  try {
    const cloned = await upload(1);
    const unused = await upload(2);
    await images.image.face.ensureBase(unused, new AbortController().signal, () => undefined);
    const { volume: made } = await ask('POST', '/volumes', { volume: { size: 1, imageRef: cloned } });
    await vi.waitFor(() => expect(disks.cloning).toBe(true), PATIENCE);
    expect(leases()).toEqual([{ user_id: made?.id }]);
    // An image is its content as it was uploaded, and a base.
    const before = images.stored();
    expect(before).toHaveLength(4);
    await images.call('admin', 'DELETE', '/cache');
    await vi.waitFor(() => expect(images.stored()).toHaveLength(3), PATIENCE);
    for (const id of [cloned, unused]) await images.call('alice', 'DELETE', `/images/${id}`);
    await vi.waitFor(() => expect(images.stored()).toHaveLength(2), PATIENCE);
    const [content = '', base] = images.stored();
    expect(base).toBe(`${content}.qcow2`);
    disks.free();
    await vi.waitFor(
      async () => expect((await ask('GET', `/volumes/${made?.id ?? ''}`)).volume?.status).toBe('available'),
      PATIENCE,
    );
    expect(leases()).toEqual([]);
    await vi.waitFor(() => expect(images.stored()).toEqual([]), PATIENCE);
  } finally {
    disks.free();
    await server.stop();
    await images.stop();
    rmSync(root, { recursive: true, force: true });
  }
});
