import { describe } from 'vitest';
import { closeDatabase, memoryDatabase } from '../../db/index.ts';
import { FakeDiskHost } from '../../host/disk/fake.ts';
import { LinuxStateFiles } from '../../host/files/linux.ts';
import { FakeIscsiHost } from '../../host/iscsi/fake.ts';
import { standardSagaTests } from '../../saga/standard-tests.ts';
import { Exports } from '../app/export.ts';
import { Drivers, FileDriver, type Backend } from '../driver/index.ts';
import { insertType } from '../store/type.ts';
import { insertVolume } from '../store/volume.ts';
import { volumeExport, volumeUnexport } from './volume-export.ts';

const VOLUME = 'a1b2c3d4-0000-4000-8000-000000000001';
const times = { created_at: 1, updated_at: 1 };
const backend: Backend = {
  name: 'a',
  directory: '/volumes',
  format: 'raw',
  export: 'iscsi',
  reservedPercentage: 0,
  maxOverSubscription: 20,
  goodness: 0,
};

/** A volume that a client may reach, or one that it could reach until now. */
async function world(wanted: boolean) {
  const db = memoryDatabase();
  const iscsi = new FakeIscsiHost();
  const directory = { files: new LinuxStateFiles('/'), path: ['volumes'] as const };
  const drivers = new Drivers([new FileDriver(backend, new FakeDiskHost(), directory)]);
  const exports = new Exports({ db, drivers, iscsi });
  insertType(db, { id: 't', name: 't', description: null, is_public: 1, qos_specs_id: null, ...times });
  insertVolume(db, {
    id: VOLUME,
    project_id: 'p',
    user_id: 'u',
    name: 'v',
    description: null,
    size: 1,
    status: 'available',
    previous_status: null,
    attach_status: 'detached',
    migration_status: null,
    availability_zone: 'nova',
    host: 'here@a#a',
    backend: 'a',
    format: 'raw',
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
    launched_at: null,
    ...times,
  });
  exports.grantClient(VOLUME, null, 'iqn.2020-01.a:b');
  if (!wanted) {
    await exports.settle(VOLUME);
    exports.forgetClient(VOLUME, null);
  }
  return {
    db,
    services: { exports },
    input: { volumeId: VOLUME },
    inventory: async () =>
      (await iscsi.list()).map(({ iqn, path, initiators }) => ({ iqn, path, initiators })),
    dispose: async () => closeDatabase(db),
  };
}

describe('exports', () => {
  // Their passwords are random.
  const ignore = ['volume_export'];
  standardSagaTests({ saga: volumeExport, forwardOnly: true, ignore, makeWorld: () => world(true) });
  standardSagaTests({ saga: volumeUnexport, forwardOnly: true, ignore, makeWorld: () => world(false) });
});
