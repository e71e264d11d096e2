import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from 'vitest';
import { closeDatabase, memoryDatabase } from '../../db/index.ts';
import { FakeBackupStore } from '../../host/backup/fake.ts';
import { FakeDiskHost } from '../../host/disk/fake.ts';
import { silentLogger } from '../../http/index.ts';
import { standardSagaTests, type SagaWorld } from '../../saga/standard-tests.ts';
import { LinuxStateFiles } from '../../host/files/linux.ts';
import { FakeIscsiHost } from '../../host/iscsi/fake.ts';
import { Exports } from '../app/export.ts';
import { GIB } from '../app/context.ts';
import { Pools } from '../app/pools.ts';
import { Drivers, FileDriver, placedVolume, type Backend } from '../driver/index.ts';
import { DEFAULT_WEIGHTS } from '../scheduler/scheduler.ts';
import { insertGroup } from '../store/group.ts';
import { insertGroupSnapshot } from '../store/group-snapshot.ts';
import { insertGroupType } from '../store/group-type.ts';
import { insertSnapshot } from '../store/snapshot.ts';
import { insertType } from '../store/type.ts';
import { insertVolume } from '../store/volume.ts';
import { StandInImages, noGuests } from '../test-world.ts';
import { volumeGroupCopy } from './group-copy.ts';
import { volumeGroupSnapshotCreate, volumeGroupSnapshotDelete } from './group-snapshot.ts';
import { volumeGroupCreate, volumeGroupDelete } from './group.ts';
import { volumeManage, volumeSnapshotManage, volumeSnapshotUnmanage, volumeUnmanage } from './manage.ts';
import type { VolumeServices } from './services.ts';

const GROUP = 'a1b2c3d4-0000-4000-8000-00000000000a';
const SHOT = 'a1b2c3d4-0000-4000-8000-00000000000b';
const id = (n: number): string => `a1b2c3d4-0000-4000-8000-00000000000${n}`;

const times = { created_at: 1, updated_at: 1 };
const owned = { project_id: 'p', user_id: 'u', name: null, description: null, ...times };

/** A group with volumes 1 and 2 on disk (2 of a running guest), rows of 3 and 4 yet to be made, and its snapshot. */
async function world<Input>(
  options: { readonly placed?: boolean; readonly volumes?: boolean; readonly snapshot?: boolean },
  inputOf: (drivers: Drivers) => Input,
): Promise<SagaWorld<Input, VolumeServices>> {
  const db = memoryDatabase();
  const root = mkdtempSync(join(tmpdir(), 'deskcloud-group-saga-'));
  const directory = join(root, 'a');
  mkdirSync(directory);
  const disks = new FakeDiskHost();
  const backend: Backend = {
    name: 'a',
    directory,
    format: 'raw',
    export: 'local',
    reservedPercentage: 0,
    maxOverSubscription: 20,
    goodness: 0,
  };
  const config = { hostName: 'here', zone: 'nova', backends: [backend], weights: DEFAULT_WEIGHTS };
  const files = new LinuxStateFiles(root);
  const drivers = new Drivers([new FileDriver(backend, disks, { files, path: ['a'] })]);
  const services: VolumeServices = {
    disks,
    drivers,
    exports: new Exports({ db, drivers, iscsi: new FakeIscsiHost() }),
    image: new StandInImages(root).face,
    compute: () => ({
      ...noGuests,
      copyAttachedTogether: async (copies) => {
        for (const { destination } of copies)
          await disks.createEmpty({ path: destination, format: 'qcow2', sizeBytes: GIB });
        return copies.map(({ destination }) => destination);
      },
    }),
    pools: new Pools({ db, drivers, now: () => 2, config, logger: silentLogger }),
    config,
    backups: { store: new FakeBackupStore(), codec: 'none' },
    removeMoved: () => undefined,
    terminate: () => undefined,
  };
  insertType(db, { id: 't', name: 't', description: null, is_public: 1, qos_specs_id: null, ...times });
  insertGroupType(db, { id: 'gt', name: 'gt', description: null, is_public: 1, ...times });
  insertGroup(
    db,
    {
      id: GROUP,
      ...owned,
      status: 'creating',
      availability_zone: 'nova',
      group_type_id: 'gt',
      backend: options.placed === false ? null : 'a',
      group_snapshot_id: null,
      source_group_id: null,
    },
    ['t'],
  );
  const volume = (n: number, status: string, made: boolean): void =>
    insertVolume(db, {
      id: id(n),
      ...owned,
      size: 1,
      status,
      previous_status: null,
      attach_status: 'detached',
      migration_status: null,
      availability_zone: 'nova',
      host: made ? 'here@a#a' : null,
      backend: made ? 'a' : null,
      format: made ? 'raw' : null,
      volume_type_id: 't',
      snapshot_id: null,
      source_volid: null,
      bootable: 0,
      multiattach: 0,
      readonly: null,
      target_backend: null,
      encryption_key_id: null,
      group_id: GROUP,
      consumes_quota: 1,
      launched_at: null,
    });
  if (options.volumes !== false) {
    for (const n of [1, 2]) {
      volume(n, 'available', true);
      writeFileSync(drivers.local(placedVolume('a', id(n))).path, Buffer.alloc(512, n));
    }
    for (const n of [3, 4]) volume(n, 'creating', false);
  }
  if (options.snapshot === true) {
    const of = { group_id: GROUP, group_type_id: 'gt' };
    insertGroupSnapshot(db, { id: SHOT, ...owned, ...of, status: 'creating' });
    for (const n of [1, 2])
      insertSnapshot(db, {
        id: id(n),
        ...owned,
        volume_id: id(n),
        status: 'creating',
        progress: '0%',
        volume_size: 1,
        volume_type_id: 't',
        encryption_key_id: null,
        backend: 'a',
        format: 'raw',
        group_snapshot_id: SHOT,
        consumes_quota: 1,
      });
  }
  return {
    db,
    services,
    input: inputOf(drivers),
    // What a dead process did not finish has a hidden name, and goes at the next start.
    inventory: () => Promise.resolve(readdirSync(directory).filter((file) => !file.startsWith('.'))),
    dispose: () => {
      closeDatabase(db);
      rmSync(root, { recursive: true, force: true });
      return Promise.resolve();
    },
  };
}

const guests = [null, { serverId: 's', target: 'vdb' }];
const source = (drivers: Drivers, n: number) => ({
  ...drivers.local(placedVolume('a', id(n))),
  guest: guests[n - 1] ?? null,
});

const ignore = [
  'volume.status',
  'volume.updated_at',
  'volume.launched_at',
  'volume_group.status',
  'volume_group.updated_at',
  'volume_snapshot.status',
  'volume_snapshot.progress',
  'volume_snapshot.updated_at',
  'volume_group_snapshot.status',
  'volume_group_snapshot.updated_at',
  'volume_message',
];
const whose = { groupId: GROUP, projectId: 'p' };

describe('groups', () => {
  standardSagaTests({
    saga: volumeGroupCreate,
    ignore,
    makeWorld: () =>
      world({ placed: false }, () => ({ ...whose, zone: null, specs: [{ volume_backend_name: 'a' }, {}] })),
  });

  standardSagaTests({
    saga: volumeGroupDelete,
    forwardOnly: true,
    ignore,
    makeWorld: () => world({ volumes: false }, () => ({ ...whose, volumes: [id(1)] })),
  });

  standardSagaTests({
    saga: volumeGroupCopy,
    ignore,
    makeWorld: () =>
      world({}, (drivers) => ({
        ...whose,
        backend: 'a',
        disks: [1, 2].map((n) => ({
          volumeId: id(n + 2),
          sizeGib: 1,
          source: source(drivers, n),
          lock: `volume:${id(n)}`,
        })),
      })),
  });
});

describe('group snapshots', () => {
  standardSagaTests({
    saga: volumeGroupSnapshotCreate,
    ignore,
    makeWorld: () =>
      world({ snapshot: true }, (drivers) => ({
        ...whose,
        groupSnapshotId: SHOT,
        snapshots: [1, 2].map((n) => ({
          snapshotId: id(n),
          volumeId: id(n),
          source: source(drivers, n),
          backend: 'a',
          sizeGib: 1,
        })),
      })),
  });

  standardSagaTests({
    saga: volumeGroupSnapshotDelete,
    forwardOnly: true,
    ignore,
    makeWorld: async () => {
      const made = await world({ snapshot: true }, () => ({
        projectId: 'p',
        groupSnapshotId: SHOT,
        snapshots: [id(1), id(2)],
      }));
      made.db.exec('DELETE FROM volume_snapshot');
      return made;
    },
  });
});

describe('disks that were made elsewhere', () => {
  const named = (drivers: Drivers): string => `${drivers.of('a').backend.directory}/foreign`;
  const foreign = { projectId: 'p', backend: 'a', name: 'foreign', sizeGib: 1 };
  const put = (drivers: Drivers): void => writeFileSync(named(drivers), Buffer.alloc(GIB / 1024));

  standardSagaTests({
    saga: volumeManage,
    ignore,
    makeWorld: () =>
      world({}, (drivers) => {
        put(drivers);
        return { ...foreign, volumeId: id(3) };
      }),
  });

  standardSagaTests({
    saga: volumeSnapshotManage,
    ignore,
    makeWorld: () =>
      world({ snapshot: true }, (drivers) => {
        put(drivers);
        return { ...foreign, snapshotId: id(1), volumeId: id(1) };
      }),
  });

  standardSagaTests({
    saga: volumeUnmanage,
    forwardOnly: true,
    ignore,
    makeWorld: () => world({}, () => ({ volumeId: id(1) })),
  });

  standardSagaTests({
    saga: volumeSnapshotUnmanage,
    forwardOnly: true,
    ignore,
    makeWorld: () => world({ snapshot: true }, () => ({ snapshotId: id(1) })),
  });
});
