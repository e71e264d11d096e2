import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { closeDatabase, type Db, memoryDatabase } from '../../db/index.ts';
import { FakeDiskHost } from '../../host/disk/fake.ts';
import { silentLogger } from '../../http/index.ts';
import { Secret } from '../../secret.ts';
import { standardSagaTests, type SagaWorld } from '../../saga/standard-tests.ts';
import { GIB } from '../app/context.ts';
import { Exports } from '../app/export.ts';
import { FakeIscsiHost } from '../../host/iscsi/fake.ts';
import { Pools } from '../app/pools.ts';
import { FakeBackupStore } from '../../host/backup/fake.ts';
import { LinuxStateFiles } from '../../host/files/linux.ts';
import { Drivers, FileDriver, placedSnapshot, placedVolume, type Backend } from '../driver/index.ts';
import { DEFAULT_WEIGHTS } from '../scheduler/scheduler.ts';
import { insertSnapshot, type SnapshotRow } from '../store/snapshot.ts';
import { insertKey } from '../store/key.ts';
import { insertType } from '../store/type.ts';
import { insertVolume, updateVolume, type VolumeRow } from '../store/volume.ts';
import { IMAGE_ID, StandInImages, noGuests } from '../test-world.ts';
import { volumeSnapshotCreate, volumeSnapshotDelete } from './snapshot.ts';
import type { VolumeServices } from './services.ts';
import { volumeAbandon } from './volume-abandon.ts';
import { volumeCreate } from './volume-create.ts';
import { volumeDelete, volumeRemoveMoved } from './volume-delete.ts';
import { volumeExtend } from './volume-extend.ts';
import { volumeReimage, volumeRevert } from './volume-overwrite.ts';
import { volumeReencrypt } from './volume-reencrypt.ts';
import { volumeRetype } from './volume-retype.ts';
import { volumeUpload } from './volume-upload.ts';

const VOLUME = 'a1b2c3d4-0000-4000-8000-000000000001';
const SNAPSHOT = 'a1b2c3d4-0000-4000-8000-000000000002';
const IMAGE = 'a1b2c3d4-0000-4000-8000-000000000003';
const AT = placedVolume('a', VOLUME);
const SNAPSHOT_AT = placedSnapshot('a', SNAPSHOT);

const row = (status: string, placed: boolean): VolumeRow => ({
  id: VOLUME,
  project_id: 'p',
  user_id: 'u',
  name: 'v',
  description: null,
  size: 1,
  status,
  previous_status: null,
  attach_status: 'detached',
  migration_status: null,
  availability_zone: 'nova',
  host: placed ? 'here@a#a' : null,
  backend: placed ? 'a' : null,
  format: placed ? 'qcow2' : null,
  volume_type_id: 't1',
  snapshot_id: null,
  source_volid: null,
  bootable: 0,
  multiattach: 0,
  readonly: null,
  target_backend: null,
  encryption_key_id: null,
  group_id: null,
  consumes_quota: 1,
  created_at: 1,
  updated_at: 1,
  launched_at: null,
});

const snapshot: SnapshotRow = {
  id: SNAPSHOT,
  volume_id: VOLUME,
  project_id: 'p',
  user_id: 'u',
  name: null,
  description: null,
  status: 'creating',
  progress: '0%',
  volume_size: 1,
  volume_type_id: 't1',
  backend: 'a',
  format: 'qcow2',
  encryption_key_id: null,
  group_snapshot_id: null,
  consumes_quota: 1,
  created_at: 1,
  updated_at: 1,
};

interface Place {
  readonly db: Db;
  readonly services: VolumeServices;
  readonly drivers: Drivers;
}

/** A volume (with its disk unless it is yet to be made), two back ends, and an image service with one image. */
async function world<Input>(
  options: { readonly volume: string; readonly made: boolean; readonly snapshot?: string },
  inputOf: (place: Place) => Input,
): Promise<SagaWorld<Input, VolumeServices>> {
  const db = memoryDatabase();
  const root = mkdtempSync(join(tmpdir(), 'deskcloud-volume-saga-'));
  const disks = new FakeDiskHost();
  const images = new StandInImages(root);
  images.reserved.set(IMAGE, 'raw');
  const backends = (['qcow2', 'raw'] as const).map((format, index): Backend => {
    const name = index === 0 ? 'a' : 'b';
    mkdirSync(join(root, name));
    return {
      name,
      directory: join(root, name),
      format,
      export: 'local',
      reservedPercentage: 0,
      maxOverSubscription: 20,
      goodness: 0,
    };
  });
  const config = { hostName: 'here', zone: 'nova', backends, weights: DEFAULT_WEIGHTS };
  const files = new LinuxStateFiles(root);
  const drivers = new Drivers(
    backends.map((backend) => new FileDriver(backend, disks, { files, path: [backend.name] })),
  );
  const pools = new Pools({ db, drivers, now: () => 2, config, logger: silentLogger });
  const removals: string[] = [];
  const services: VolumeServices = {
    disks,
    drivers,
    exports: new Exports({ db, drivers, iscsi: new FakeIscsiHost() }),
    image: images.face,
    compute: () => noGuests,
    pools,
    config,
    backups: { store: new FakeBackupStore(), codec: 'zlib' },
    removeMoved: (_id, backend) => void removals.push(backend),
    terminate: (id) => void removals.push(id),
  };
  for (const id of ['t1', 't2'])
    insertType(db, {
      id,
      name: id,
      description: null,
      is_public: 1,
      qos_specs_id: null,
      created_at: 1,
      updated_at: 1,
    });
  insertVolume(db, row(options.volume, options.made));
  if (options.made) await drivers.of('a').createEmpty(AT, GIB);
  if (options.snapshot !== undefined) {
    insertSnapshot(db, { ...snapshot, status: options.snapshot });
    if (options.snapshot !== 'creating') await drivers.of('a').createEmpty(SNAPSHOT_AT, GIB);
  }
  return {
    db,
    services,
    input: inputOf({ db, services, drivers }),
    // What a dead process did not finish has a hidden name, and goes at the next start.
    inventory: async () =>
      ['a', 'b'].map((name) => [
        name,
        ...readdirSync(join(root, name)).filter((file) => !file.startsWith('.')),
      ]),
    dispose: async () => {
      closeDatabase(db);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

const IGNORE = [
  'volume.status',
  'volume.previous_status',
  'volume.updated_at',
  'volume.launched_at',
  'volume.size',
  'volume_count.gib',
  'volume.migration_status',
  'volume_snapshot.status',
  'volume_snapshot.progress',
  'volume_snapshot.updated_at',
  'volume_message',
];

const anywhere = { zone: null, extraSpecs: {}, sameBackends: null, differentBackends: null };

describe('volumes', () => {
  standardSagaTests({
    saga: volumeCreate,
    ignore: IGNORE,
    makeWorld: () =>
      world({ volume: 'creating', made: false }, () => ({
        volumeId: VOLUME,
        projectId: 'p',
        sizeGib: 1,
        ...anywhere,
        // Both have the room of this machine's disk, which changes while they are weighed.
        extraSpecs: { volume_backend_name: 'a' },
        source: { kind: 'image' as const, imageId: IMAGE_ID },
      })),
  });

  standardSagaTests({
    saga: volumeDelete,
    forwardOnly: true,
    ignore: IGNORE,
    makeWorld: () =>
      world({ volume: 'deleting', made: true, snapshot: 'deleting' }, () => ({
        volumeId: VOLUME,
        projectId: 'p',
        backend: 'a',
        snapshots: [{ id: SNAPSHOT, backend: 'a' }],
      })),
  });

  standardSagaTests({
    saga: volumeRemoveMoved,
    forwardOnly: true,
    ignore: IGNORE,
    makeWorld: () =>
      world({ volume: 'available', made: true }, () => ({
        volumeId: VOLUME,
        backend: 'a',
        format: 'qcow2' as const,
      })),
  });

  standardSagaTests({
    saga: volumeExtend,
    ignore: IGNORE,
    makeWorld: () =>
      world({ volume: 'extending', made: true }, ({ drivers }) => ({
        volumeId: VOLUME,
        projectId: 'p',
        disk: { ...AT, ...drivers.local(AT), guest: null },
        guests: [],
        oldGib: 1,
        newGib: 2,
        previousStatus: 'available',
      })),
  });

  standardSagaTests({
    saga: volumeRetype,
    ignore: IGNORE,
    makeWorld: () =>
      world({ volume: 'retyping', made: true }, ({ drivers }) => ({
        volumeId: VOLUME,
        projectId: 'p',
        sizeGib: 1,
        zone: null,
        extraSpecs: { volume_backend_name: 'b' },
        oldTypeId: 't1',
        newTypeId: 't2',
        backend: 'a',
        disk: drivers.local(AT),
        guest: null,
        multiattach: false,
        previousStatus: 'available',
        movement: { kind: 'may-move' as const },
        action: 'retype volume' as const,
      })),
  });

  standardSagaTests({
    saga: volumeReencrypt,
    ignore: [...IGNORE, 'volume_key'],
    makeWorld: () =>
      world({ volume: 'retyping', made: true }, ({ db, drivers }) => {
        const key = { id: 'k', passphrase: new Secret('open'), keyBits: 256 as const };
        insertKey(db, key, { projectId: 'p', userId: 'u', at: 1 });
        return {
          volumeId: VOLUME,
          projectId: 'p',
          sizeGib: 1,
          extraSpecs: { volume_backend_name: 'a' },
          oldTypeId: 't1',
          newTypeId: 't2',
          backend: 'a',
          disk: drivers.local(AT),
          newKeyId: 'k',
        };
      }),
  });

  standardSagaTests({
    saga: volumeRevert,
    ignore: IGNORE,
    makeWorld: () =>
      world({ volume: 'reverting', made: true, snapshot: 'restoring' }, ({ drivers }) => ({
        volumeId: VOLUME,
        projectId: 'p',
        snapshotId: SNAPSHOT,
        snapshot: drivers.local(SNAPSHOT_AT),
        disk: AT,
        sizeGib: 1,
      })),
  });

  standardSagaTests({
    saga: volumeReimage,
    ignore: IGNORE,
    makeWorld: () =>
      world({ volume: 'downloading', made: true }, () => ({
        volumeId: VOLUME,
        projectId: 'p',
        imageId: IMAGE_ID,
        disk: AT,
        sizeGib: 1,
        previousStatus: 'available',
      })),
  });

  standardSagaTests({
    saga: volumeUpload,
    ignore: IGNORE,
    makeWorld: () =>
      world({ volume: 'uploading', made: true }, ({ drivers }) => ({
        volumeId: VOLUME,
        projectId: 'p',
        imageId: IMAGE,
        disk: {
          ...drivers.local(AT),
          guest: { serverId: 's', target: 'vdb' },
        },
        sizeGib: 1,
        copyPath: drivers.of('a').scratch(AT, 'upload'),
        diskFormat: 'raw',
        previousStatus: 'in-use',
      })),
  });
});

describe('given up by compute', () => {
  standardSagaTests({
    saga: volumeAbandon,
    forwardOnly: true,
    makeWorld: () =>
      world({ volume: 'error', made: false }, ({ db, services }) => {
        const terminate = (id: string): void =>
          void updateVolume(db, id, { status: 'deleting', updated_at: 1 });
        Object.assign(services, { terminate });
        return { volumeId: VOLUME };
      }),
  });
});

describe('snapshots', () => {
  standardSagaTests({
    saga: volumeSnapshotCreate,
    ignore: IGNORE,
    makeWorld: () =>
      world({ volume: 'available', made: true, snapshot: 'creating' }, ({ drivers }) => ({
        snapshotId: SNAPSHOT,
        volumeId: VOLUME,
        projectId: 'p',
        source: { ...drivers.local(AT), guest: null },
        backend: 'a',
        sizeGib: 1,
      })),
  });

  standardSagaTests({
    saga: volumeSnapshotDelete,
    forwardOnly: true,
    ignore: IGNORE,
    makeWorld: () =>
      world({ volume: 'available', made: true, snapshot: 'deleting' }, () => ({
        snapshotId: SNAPSHOT,
        projectId: 'p',
        backend: 'a',
      })),
  });
});
