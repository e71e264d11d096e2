import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { closeDatabase, memoryDatabase } from '../../db/index.ts';
import { FakeBackupStore } from '../../host/backup/fake.ts';
import { FakeDiskHost } from '../../host/disk/fake.ts';
import { LinuxStateFiles } from '../../host/files/linux.ts';
import { silentLogger } from '../../http/index.ts';
import { standardSagaTests, type SagaWorld } from '../../saga/standard-tests.ts';
import { GIB } from '../app/context.ts';
import { Exports } from '../app/export.ts';
import { FakeIscsiHost } from '../../host/iscsi/fake.ts';
import { Pools } from '../app/pools.ts';
import { writeBackup } from '../backup/write.ts';
import { Drivers, FileDriver, placedVolume, type Backend } from '../driver/index.ts';
import { DEFAULT_WEIGHTS } from '../scheduler/scheduler.ts';
import { insertBackup, type BackupRow } from '../store/backup.ts';
import { insertType } from '../store/type.ts';
import { insertVolume, type VolumeRow } from '../store/volume.ts';
import { noGuests, StandInImages } from '../test-world.ts';
import { backupCreate } from './backup-create.ts';
import { backupDelete } from './backup-delete.ts';
import { backupImport } from './backup-import.ts';
import { backupRestore } from './backup-restore.ts';
import type { VolumeServices } from './services.ts';
import { volumeCreate } from './volume-create.ts';

const VOLUME = 'a1b2c3d4-0000-4000-8000-000000000001';
const BACKUP = 'a1b2c3d4-0000-4000-8000-000000000004';
const FULL = 'a1b2c3d4-0000-4000-8000-000000000005';
const AT = placedVolume('a', VOLUME);

const volumeRow = (status: string, placed: boolean): VolumeRow => ({
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
  volume_type_id: 't',
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

interface WorldOptions {
  readonly volume: string;
  readonly made?: boolean;
  /** Status of the backup. */
  readonly backup: string;
  /** It is incremental. */
  readonly parent?: boolean;
}

/** A volume, a raw disk with some content, a store of backups in a directory, and backups whose objects are there unless 'creating'. */
async function world<Input>(
  options: WorldOptions,
  inputOf: (place: { readonly content: string }) => Input,
): Promise<SagaWorld<Input, VolumeServices>> {
  const { made = true, parent = false } = options;
  const db = memoryDatabase();
  const root = mkdtempSync(join(tmpdir(), 'deskcloud-backup-saga-'));
  const disks = new FakeDiskHost();
  mkdirSync(join(root, 'a'));
  const backends: readonly Backend[] = [
    {
      name: 'a',
      directory: join(root, 'a'),
      format: 'qcow2',
      export: 'local',
      reservedPercentage: 0,
      maxOverSubscription: 20,
      goodness: 0,
    },
  ];
  const files = new LinuxStateFiles(root);
  const drivers = new Drivers([new FileDriver(backends[0]!, disks, { files, path: ['a'] })]);
  const config = { hostName: 'here', zone: 'nova', backends, weights: DEFAULT_WEIGHTS };
  const store = new FakeBackupStore();
  const services: VolumeServices = {
    disks,
    drivers,
    exports: new Exports({ db, drivers, iscsi: new FakeIscsiHost() }),
    image: new StandInImages(root).face,
    compute: () => noGuests,
    pools: new Pools({ db, drivers, now: () => 2, config, logger: silentLogger }),
    config,
    backups: { store, codec: 'none' },
    removeMoved: () => undefined,
    terminate: () => undefined,
  };
  insertType(db, {
    id: 't',
    name: 't',
    description: null,
    is_public: 1,
    qos_specs_id: null,
    created_at: 1,
    updated_at: 1,
  });
  insertVolume(db, volumeRow(options.volume, made));
  if (made) await drivers.of('a').createEmpty(AT, GIB);
  const content = join(root, 'content');
  const target = await disks.createRaw({ path: content, sizeBytes: 1024 * 1024 });
  await target.write(Buffer.alloc(100_000, 'content'), 4096);
  await target.close();
  const backup = (id: string, status: string, parentId: string | null): BackupRow => ({
    id,
    project_id: 'p',
    user_id: 'u',
    name: null,
    description: null,
    volume_id: VOLUME,
    snapshot_id: null,
    parent_id: parentId,
    restore_volume_id: status === 'restoring' ? VOLUME : null,
    size: 1,
    status,
    fail_reason: null,
    availability_zone: 'nova',
    container: 'box',
    service: store.driver,
    service_metadata: `folder-${id.at(-1) ?? ''}`,
    object_count: 0,
    data_timestamp: 1,
    encryption_key_id: null,
    created_at: 1,
    updated_at: 1,
  });
  const rows = [
    ...(parent ? [backup(FULL, 'available', null)] : []),
    backup(BACKUP, options.backup, parent ? FULL : null),
  ];
  for (const row of rows) {
    insertBackup(db, row);
    if (row.status !== 'creating') await stored(disks, store, row, content);
  }
  return {
    db,
    services,
    input: inputOf({ content }),
    // What a dead process did not finish has a hidden name, and goes at the next start.
    inventory: async () => [
      ['disks', ...readdirSync(join(root, 'a')).filter((file) => !file.startsWith('.'))],
      ['objects', ...store.objects.keys()],
    ],
    dispose: async () => {
      closeDatabase(db);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** What a backup of the content is made of, by folder: written once, and the same in every world. */
const written = new Map<string, ReadonlyMap<string, Buffer>>();

async function stored(
  disks: FakeDiskHost,
  store: FakeBackupStore,
  row: BackupRow,
  content: string,
): Promise<void> {
  const ready = written.get(row.service_metadata);
  if (ready === undefined) {
    const made = new FakeBackupStore();
    await write(disks, made, row, content);
    written.set(row.service_metadata, made.objects);
    await stored(disks, store, row, content);
  } else for (const [key, object] of ready) store.objects.set(key, object);
}

async function write(
  disks: FakeDiskHost,
  store: FakeBackupStore,
  row: BackupRow,
  content: string,
): Promise<void> {
  const source = await disks.openRaw({ path: content, format: 'raw' });
  await writeBackup({
    store,
    folder: { container: row.container, folder: row.service_metadata },
    parent: null,
    source,
    sizeGib: 1,
    codec: 'none',
    volume: {
      id: VOLUME,
      name: 'v',
      description: null,
      volumeTypeId: 't',
      bootable: false,
      encryptionKeyId: null,
      metadata: { from: 'backup' },
      imageMetadata: {},
    },
    createdAt: 1,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  await source.close();
}

const IGNORE = [
  'volume.status',
  'volume.previous_status',
  'volume.updated_at',
  'volume.launched_at',
  'volume_backup.status',
  'volume_backup.fail_reason',
  'volume_backup.object_count',
  'volume_backup.updated_at',
  'volume_metadata',
  'volume_metadata_count',
  'volume_message',
];

describe('backups', () => {
  standardSagaTests({
    saga: backupCreate,
    ignore: IGNORE,
    makeWorld: () =>
      world({ volume: 'backing-up', backup: 'creating', parent: true }, ({ content }) => ({
        backupId: BACKUP,
        projectId: 'p',
        volumeId: VOLUME,
        snapshotId: null,
        parentId: FULL,
        source: { ...AT, path: content, format: 'raw' as const, guest: { serverId: 's', target: 'vdb' } },
        sizeGib: 1,
        zone: null,
      })),
  });

  standardSagaTests({
    saga: backupRestore,
    ignore: IGNORE,
    makeWorld: () =>
      world({ volume: 'restoring-backup', backup: 'restoring' }, () => ({
        backupId: BACKUP,
        projectId: 'p',
        volumeId: VOLUME,
        disk: AT,
        sizeGib: 1,
      })),
  });

  standardSagaTests({
    saga: volumeCreate,
    ignore: IGNORE,
    makeWorld: () =>
      world({ volume: 'restoring-backup', made: false, backup: 'restoring' }, () => ({
        volumeId: VOLUME,
        projectId: 'p',
        sizeGib: 1,
        zone: null,
        extraSpecs: { volume_backend_name: 'a' },
        sameBackends: null,
        differentBackends: null,
        source: { kind: 'backup' as const, id: BACKUP },
      })),
  });

  standardSagaTests({
    saga: backupImport,
    ignore: IGNORE,
    makeWorld: () =>
      world({ volume: 'available', backup: 'available' }, () => ({ backupId: BACKUP, projectId: 'p' })),
  });

  standardSagaTests({
    saga: backupDelete,
    forwardOnly: true,
    ignore: IGNORE,
    makeWorld: () =>
      world({ volume: 'available', backup: 'deleting' }, () => ({ backupId: BACKUP, projectId: 'p' })),
  });
});
