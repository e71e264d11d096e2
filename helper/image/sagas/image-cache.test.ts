import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { closeDatabase, memoryDatabase } from '../../db/index.ts';
import { LinuxStateFiles } from '../../host/files/linux.ts';
import { FakeDiskHost } from '../../host/disk/fake.ts';
import { silentLogger } from '../../http/index.ts';
import { SagaEngine } from '../../saga/index.ts';
import { standardSagaTests, type SagaWorld } from '../../saga/standard-tests.ts';
import { Bases } from '../app/base.ts';
import { Cache } from '../app/cache.ts';
import { Images } from '../app/image.ts';
import { Quotas, UNLIMITED } from '../app/quota.ts';
import { insertQueued } from '../store/cache.ts';
import { insertData } from '../store/data.ts';
import { insertImage } from '../store/image.ts';
import { imageCache, type CacheInput, type CacheServices } from './image-cache.ts';

const IMAGE = 'a1b2c3d4-0000-4000-8000-000000000001';
const SHA = 'ab'.repeat(32);

/** A disk host whose conversions are a file, from whatever it was. */
class AnyDisk extends FakeDiskHost {
  override async convert({ destination }: { destination: string }): Promise<void> {
    writeFileSync(destination, 'converted');
  }
}

/** An image as PUT /v2/cache leaves it: of a format that has to be converted. */
async function makeWorld(): Promise<SagaWorld<CacheInput, CacheServices>> {
  const db = memoryDatabase();
  const root = mkdtempSync(join(tmpdir(), 'deskcloud-cache-'));
  const files = new LinuxStateFiles(root);
  const now = () => 2;
  const attributes = { mode: 0o640 };
  const bases = new Bases({ db, files, disks: new AnyDisk(), logger: silentLogger, attributes, now });
  const quotas = new Quotas({ db, limits: UNLIMITED, maxImageBytes: 1 << 20 });
  const images = new Images({ db, now, quotas, onDeleted: () => undefined });
  const cache = new Cache({ db, now, sagas: new SagaEngine({ db, logger: silentLogger }), images, bases });
  await bases.sweep();
  insertData(db, { sha256: SHA, size: 3 });
  insertImage(db, {
    id: IMAGE,
    name: 'n',
    status: 'active',
    visibility: 'private',
    owner_id: 'p',
    project_id: 'p',
    disk_format: 'vdi',
    container_format: 'bare',
    min_disk: 0,
    min_ram: 0,
    protected: 0,
    os_hidden: 0,
    size: 3,
    virtual_size: 1024,
    md5: 'm',
    sha512: 's',
    sha256: SHA,
    unusable: null,
    staged_size: null,
    importing_to_stores: null,
    failed_import: null,
    created_at: 1,
    updated_at: 1,
    properties: {},
    tags: [],
  });
  insertQueued(db, IMAGE, 1);
  writeFileSync(join(root, 'images', 'data', SHA), 'vdi');
  return {
    db,
    // The content is none of this name: that it is checked has a test of its own.
    services: { ...cache.services, settle: async () => undefined, verify: async () => undefined },
    input: { imageId: IMAGE, sha256: SHA, queuedAt: 1 },
    inventory: async () => ['data', 'base'].flatMap((name) => readdirSync(join(root, 'images', name))),
    dispose: async () => {
      closeDatabase(db);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

describe('image cache', () => {
  standardSagaTests({ saga: imageCache, makeWorld, ignore: ['image_cache'] });
});
