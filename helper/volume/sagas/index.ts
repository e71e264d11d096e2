import type { VolumeContext } from '../app/context.ts';
import { terminateVolume } from '../app/terminate.ts';
import { volumeGroupCopy } from './group-copy.ts';
import { volumeGroupSnapshotCreate, volumeGroupSnapshotDelete } from './group-snapshot.ts';
import { volumeGroupCreate, volumeGroupDelete } from './group.ts';
import { volumeManage, volumeSnapshotManage, volumeSnapshotUnmanage, volumeUnmanage } from './manage.ts';
import { backupCreate } from './backup-create.ts';
import { backupDelete } from './backup-delete.ts';
import { backupImport } from './backup-import.ts';
import { backupRestore } from './backup-restore.ts';
import type { VolumeServices } from './services.ts';
import { volumeSnapshotCreate, volumeSnapshotDelete } from './snapshot.ts';
import { volumeAbandon } from './volume-abandon.ts';
import { volumeCreate } from './volume-create.ts';
import { volumeDelete, volumeRemoveMoved } from './volume-delete.ts';
import { volumeExport, volumeUnexport } from './volume-export.ts';
import { volumeExtend } from './volume-extend.ts';
import { volumeReimage, volumeRevert } from './volume-overwrite.ts';
import { volumeReencrypt } from './volume-reencrypt.ts';
import { volumeRetype } from './volume-retype.ts';
import { volumeUpload } from './volume-upload.ts';

/** Makes this service's operations known to the engine. */
export function registerSagas(context: VolumeContext): void {
  const { sagas } = context;
  const services: VolumeServices = {
    disks: context.disks,
    drivers: context.drivers,
    exports: context.exports,
    image: context.image,
    compute: context.compute,
    pools: context.pools,
    config: context.config,
    terminate: (volumeId) => terminateVolume(context, volumeId),
    removeMoved: (volumeId, backend, format) => {
      sagas.enqueue(volumeRemoveMoved, { volumeId, backend, format });
    },
    backups: context.backups,
  };
  sagas.register(volumeCreate, services);
  sagas.register(volumeAbandon, services);
  sagas.register(volumeDelete, services);
  sagas.register(volumeRemoveMoved, services);
  sagas.register(volumeExport, services);
  sagas.register(volumeUnexport, services);
  sagas.register(volumeExtend, services);
  sagas.register(volumeRetype, services);
  sagas.register(volumeReencrypt, services);
  sagas.register(volumeRevert, services);
  sagas.register(volumeReimage, services);
  sagas.register(volumeUpload, services);
  sagas.register(volumeSnapshotCreate, services);
  sagas.register(volumeSnapshotDelete, services);
  sagas.register(volumeManage, services);
  sagas.register(volumeSnapshotManage, services);
  sagas.register(volumeUnmanage, services);
  sagas.register(volumeSnapshotUnmanage, services);
  sagas.register(volumeGroupCreate, services);
  sagas.register(volumeGroupDelete, services);
  sagas.register(volumeGroupCopy, services);
  sagas.register(volumeGroupSnapshotCreate, services);
  sagas.register(volumeGroupSnapshotDelete, services);
  sagas.register(backupCreate, services);
  sagas.register(backupDelete, services);
  sagas.register(backupRestore, services);
  sagas.register(backupImport, services);
}
