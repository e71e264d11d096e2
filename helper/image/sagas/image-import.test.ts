import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { closeDatabase, memoryDatabase } from '../../db/index.ts';
import { FakeDiskHost } from '../../host/disk/fake.ts';
import type { WebSource } from '../../host/download/guarded.ts';
import { LinuxStateFiles } from '../../host/files/linux.ts';
import { silentLogger } from '../../http/index.ts';
import { SagaEngine } from '../../saga/index.ts';
import { standardSagaTests, type SagaWorld } from '../../saga/standard-tests.ts';
import { Bases } from '../app/base.ts';
import { Images } from '../app/image.ts';
import { Imports } from '../app/import.ts';
import { Quotas, UNLIMITED } from '../app/quota.ts';
import { insertImage, type Image } from '../store/image.ts';
import { insertTask } from '../store/task.ts';
import { imageImport, type ImportInput, type ImportServices } from './image-import.ts';

const IMAGE = 'a1b2c3d4-0000-4000-8000-000000000001';
const TASK = 'a1b2c3d4-0000-4000-8000-000000000002';

const image: Image = {
  id: IMAGE,
  name: 'n',
  status: 'importing',
  visibility: 'private',
  owner_id: 'p',
  project_id: 'p',
  disk_format: 'raw',
  container_format: 'bare',
  min_disk: 0,
  min_ram: 0,
  protected: 0,
  os_hidden: 0,
  size: null,
  virtual_size: null,
  md5: null,
  sha512: null,
  sha256: null,
  unusable: null,
  staged_size: null,
  importing_to_stores: 'local',
  failed_import: '',
  created_at: 1,
  updated_at: 1,
  properties: {},
  tags: [],
};

async function* onePiece(): AsyncGenerator<Uint8Array> {
  yield Buffer.alloc(4096, 'x');
}

/** An image as POST /import leaves it, and an internet with one file. */
async function makeWorld(): Promise<SagaWorld<ImportInput, ImportServices>> {
  const db = memoryDatabase();
  const root = mkdtempSync(join(tmpdir(), 'deskcloud-import-'));
  const files = new LinuxStateFiles(root);
  const disks = new FakeDiskHost();
  const now = () => 2;
  const attributes = { mode: 0o640 };
  const web: WebSource = {
    check: () => undefined,
    open: async () => ({ total: 4096, body: onePiece(), close: () => undefined }),
  };
  const quotas = new Quotas({ db, limits: UNLIMITED, maxImageBytes: 1 << 20 });
  const bases = new Bases({ db, files, disks, logger: silentLogger, attributes, now });
  const images = new Images({ db, now, quotas, onDeleted: () => undefined });
  // Only what the saga calls is used; operations run in the engines of the tests.
  const sagas = new SagaEngine({ db, logger: silentLogger });
  const imports = new Imports({
    db,
    now,
    files,
    sagas,
    images,
    bases,
    quotas,
    web,
    attributes,
    convertTo: 'qcow2',
  });
  const services: ImportServices = {
    files,
    disks,
    web,
    attributes,
    judge: imports.judge,
    keep: imports.keep,
    collect: () => bases.collect(),
  };
  await bases.sweep();
  await imports.sweep();
  insertImage(db, image);
  insertTask(db, {
    id: TASK,
    type: 'api_image_import',
    image_id: IMAGE,
    owner_id: 'p',
    user_id: 'u',
    request_id: 'req',
    status: 'pending',
    input: '{}',
    message: '',
    created_at: 1,
    updated_at: 1,
    expires_at: null,
  });
  return {
    db,
    services,
    input: {
      imageId: IMAGE,
      taskId: TASK,
      method: 'web-download',
      uri: 'http://example.org/disk',
      store: 'local',
      maxBytes: 1 << 20,
      diskFormat: 'raw',
      convertTo: 'qcow2',
    },
    // Data that nobody needs any more is collected in the background.
    inventory: async () => readdirSync(join(root, 'images', 'staging')),
    dispose: async () => {
      closeDatabase(db);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

describe('image import', () => {
  standardSagaTests({
    saga: imageImport,
    makeWorld,
    ignore: [
      'image.status',
      'image.updated_at',
      'image.importing_to_stores',
      'image.failed_import',
      'image_task',
      'image_data',
    ],
  });
});
