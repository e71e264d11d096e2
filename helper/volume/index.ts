import { transaction, type Db } from '../db/index.ts';
import { volumeDialect } from '../errors/dialects.ts';
import type { DiskHost } from '../host/disk/interface.ts';
import type { AuthContext, Caller, Logger, Service } from '../http/index.ts';
import type { LvmHost } from '../host/lvm/interface.ts';
import type { IscsiHost } from '../host/iscsi/interface.ts';
import type { ImageFace } from '../image/index.ts';
import { currentOrigin } from '../origin.ts';
import type { SagaEngine } from '../saga/index.ts';
import { volumeAbsent } from './absent.ts';
import type { VolumeConfig, VolumeContext } from './app/context.ts';
import { Attachments } from './app/attachment.ts';
import { computeFace } from './app/compute-face.ts';
import { computeVolumes } from './app/compute-proxy.ts';
import { Connections } from './app/connection.ts';
import { Encryptions } from './app/encryption.ts';
import { GroupCopies } from './app/group-copy.ts';
import { GroupSnapshots } from './app/group-snapshot.ts';
import { GroupTypes } from './app/group-type.ts';
import { ConsistencyGroups } from './app/consistency-group.ts';
import { Groups } from './app/group.ts';
import { Managing } from './app/manage.ts';
import { BackupRecords } from './app/backup-record.ts';
import { BackupRestores } from './app/backup-restore.ts';
import type { BackupSettings } from './app/backup-service.ts';
import { Backups } from './app/backup.ts';
import { Exports } from './app/export.ts';
import { Metadata } from './app/metadata.ts';
import { Migrations } from './app/migration.ts';
import { Pools } from './app/pools.ts';
import { QosSpecs } from './app/qos.ts';
import { Quotas } from './app/quota.ts';
import { Services } from './app/service.ts';
import { Snapshots } from './app/snapshot.ts';
import { Swaps } from './app/swap.ts';
import { Transfers } from './app/transfer.ts';
import { Types } from './app/type.ts';
import { VolumeActions } from './app/volume-action.ts';
import { Overwrites } from './app/volume-overwrite.ts';
import { Volumes } from './app/volume.ts';
import { VolumeLists } from './app/volume-list.ts';
import { discovery, MICROVERSIONS } from './discovery.ts';
import { attachActionEndpoints } from './endpoints/attach-action.ts';
import { attachmentEndpoints } from './endpoints/attachment.ts';
import { groupSnapshotEndpoints } from './endpoints/group-snapshot.ts';
import { groupTypeEndpoints } from './endpoints/group-type.ts';
import { cgsnapshotEndpoints, consistencyGroupEndpoints } from './endpoints/consistency-group.ts';
import { groupEndpoints } from './endpoints/group.ts';
import { manageEndpoints } from './endpoints/manage.ts';
import { backupEndpoints } from './endpoints/backup.ts';
import { connectionEndpoints } from './endpoints/connection.ts';
import { messageEndpoints } from './endpoints/message.ts';
import { metadataEndpoints } from './endpoints/metadata.ts';
import { quotaEndpoints } from './endpoints/quota.ts';
import { serviceEndpoints } from './endpoints/service.ts';
import { snapshotEndpoints } from './endpoints/snapshot.ts';
import { transferEndpoints } from './endpoints/transfer.ts';
import { encryptionEndpoints, qosEndpoints } from './endpoints/type-extra.ts';
import { typeEndpoints } from './endpoints/type.ts';
import { volumeActionEndpoints } from './endpoints/volume-action.ts';
import { volumeEndpoints } from './endpoints/volume.ts';
import { Drivers, FileDriver, LvmDriver, MountedFileDriver, type Directory } from './driver/index.ts';
import type { ComputeSide, VolumeFace } from './face.ts';
import { volumeRules } from './policy.ts';
import { registerSagas } from './sagas/index.ts';

export type { BackupSettings } from './app/backup-service.ts';
export type { VolumeConfig } from './app/context.ts';
export type { Backend } from './driver/index.ts';
export type { AttachedDisk, ComputeSide, GuestDisk, VolumeFace } from './face.ts';
export { ExpressionError, readExpression } from './scheduler/expression.ts';
export { DEFAULT_WEIGHTS, type Weights } from './scheduler/scheduler.ts';

export interface VolumeDeps {
  readonly db: Db;
  readonly sagas: SagaEngine;
  readonly disks: DiskHost;
  readonly iscsi: IscsiHost;
  readonly lvm: LvmHost;
  readonly image: ImageFace;
  readonly compute: () => ComputeSide;
  /** The back ends' directories, in the order of `config.backends`. */
  readonly directories: readonly Directory[];
  readonly projectExists: (id: string) => boolean;
  readonly logger: Logger;
  readonly now: () => number;
  readonly config: VolumeConfig;
  readonly backups: BackupSettings;
}

export interface VolumeService {
  readonly service: Service;
  /** For compute. */
  readonly face: VolumeFace;
  /** Makes the back ends' directories and measures them. Run it before listening. */
  start(): Promise<void>;
  /** Makes exports that are gone again; answers of which volumes. */
  reconcileExports(): Promise<readonly string[]>;
}

/** A request that compute makes in a person's name, with the same rights as at the API. */
const callerFor = (auth: AuthContext): Caller => ({
  auth,
  requestId: currentOrigin()?.requestId ?? 'req-compute',
  version: MICROVERSIONS.max,
  origin: '',
  base: '',
  may: (rule, target) => volumeRules[rule]?.(auth, target ?? {}) === true,
});

/** The block storage service: its API, and the volumes behind it. */
export function createVolume(deps: VolumeDeps): VolumeService {
  const { db, sagas, disks, iscsi, image, compute, directories, logger, now, config, projectExists } = deps;
  const drivers = new Drivers(
    config.backends.map((backend, index) => {
      const directory = directories[index]!;
      if (backend.lvm === undefined) {
        const Driver = backend.mounted === true ? MountedFileDriver : FileDriver;
        return new Driver(backend, disks, directory);
      }
      const { volumeGroup: group, thinPool: pool } = backend.lvm;
      const place = { host: deps.lvm, group, ...(pool === undefined ? {} : { pool }), directory };
      return new LvmDriver(backend, disks, place);
    }),
  );
  const exports = new Exports({ db, drivers, iscsi });
  const pools = new Pools({ db, drivers, now, config, logger });
  const context: VolumeContext = {
    db,
    now,
    sagas,
    disks,
    drivers,
    exports,
    image,
    compute,
    pools,
    backups: deps.backups,
    config,
    logger,
    projectExists,
  };
  registerSagas(context);
  const quotas = new Quotas({ db, projectExists });
  const types = new Types(context);
  const volumes = new Volumes(context, quotas, types);
  const lists = new VolumeLists(context);
  const parts = { volumes, quotas, types };
  const snapshots = new Snapshots(context, parts);
  const overwrites = new Overwrites(context, volumes);
  const backups = new Backups(context, parts);
  const backupParts = {
    backups,
    restores: new BackupRestores(context, { volumes, backups }),
    records: new BackupRecords(context, { backups, quotas }),
  };
  const attachments = new Attachments(context, volumes);
  const swaps = new Swaps(context, { volumes, attachments });
  const groupTypes = new GroupTypes(context);
  const groups = new Groups(context, { ...parts, groupTypes });
  const groupSnapshots = new GroupSnapshots(context, { ...parts, groups });
  const groupCopies = new GroupCopies(context, { ...parts, groups, groupSnapshots });
  const connections = new Connections(context, volumes);
  const getVolume = volumes.get.bind(volumes);
  const getSnapshot = snapshots.get.bind(snapshots);
  const volumePolicies = {
    get: 'volume:get_volume_metadata',
    create: 'volume:create_volume_metadata',
    update: 'volume:update_volume_metadata',
    delete: 'volume:delete_volume_metadata',
  };
  const snapshotPolicies = {
    get: 'volume:get_snapshot_metadata',
    create: 'volume:update_snapshot_metadata',
    update: 'volume:update_snapshot_metadata',
    delete: 'volume:delete_snapshot_metadata',
  };
  transaction(db, () => types.ensureDefault());
  return {
    service: {
      name: 'volume',
      prefix: '/volume',
      root: '/v3',
      projectInPath: true,
      dialect: volumeDialect,
      absent: volumeAbsent,
      rules: volumeRules,
      microversions: MICROVERSIONS,
      requestIdHeaders: ['x-compute-request-id'],
      discovery,
      endpoints: [
        ...volumeEndpoints(volumes, lists),
        ...volumeActionEndpoints({
          volumes,
          actions: new VolumeActions(context, parts),
          overwrites,
          migrations: new Migrations(context, parts),
        }),
        ...metadataEndpoints(
          { collection: 'volumes', get: getVolume, policies: volumePolicies },
          new Metadata(context, 'volume', getVolume),
        ),
        ...snapshotEndpoints(snapshots),
        ...metadataEndpoints(
          { collection: 'snapshots', get: getSnapshot, policies: snapshotPolicies },
          new Metadata(context, 'volume_snapshot', getSnapshot),
        ),
        ...typeEndpoints(types),
        ...encryptionEndpoints(new Encryptions(context, types)),
        ...qosEndpoints(new QosSpecs(context, types)),
        ...quotaEndpoints(quotas),
        ...serviceEndpoints(new Services(context, types)),
        ...manageEndpoints(new Managing(context, { ...parts, snapshots }), { volumes, snapshots }),
        ...groupTypeEndpoints(groupTypes),
        ...groupEndpoints(groups, groupCopies),
        ...groupSnapshotEndpoints(groupSnapshots),
        ...consistencyGroupEndpoints(
          new ConsistencyGroups({ groups, copies: groupCopies, groupTypes }),
          groups,
        ),
        ...cgsnapshotEndpoints(groupSnapshots),
        ...transferEndpoints(new Transfers(context, parts)),
        ...backupEndpoints(backupParts),
        ...messageEndpoints(context),
        ...attachmentEndpoints(context, attachments, connections),
        ...connectionEndpoints(volumes, connections),
        ...attachActionEndpoints(context, volumes, attachments),
      ],
    },
    face: {
      proxy: computeVolumes({ volumes, lists, snapshots }),
      isMultiattach: (auth, id) => volumes.get(auth, id).multiattach === 1,
      ...computeFace(context, parts, { snapshots, overwrites, callerOf: callerFor }),
      reserve: (auth, wanted) => void attachments.reserve(auth, wanted),
      connect: (id, place) => attachments.connect(id, place),
      disconnect: (id) => attachments.disconnect(id),
      complete: (id) => attachments.complete(id),
      beginDetach: (id) => attachments.beginDetach(id),
      rollDetach: (id) => attachments.rollDetach(id),
      release: (id) => attachments.release(id),
      disk: (id) => attachments.disk(id),
      secrets: (id) => [...attachments.secrets(id), ...exports.secrets(id)],
      allSecrets: () => [...attachments.allSecrets(), ...exports.allSecrets()],
      isExported: (id) => exports.source(id) !== undefined,
      exportTo: (id) => exports.begin(id),
      endExport: (id) => exports.end(id),
      terminate: (id) => volumes.terminate(id),
      requireSwappable: (auth, ids) => swaps.require(auth, ids),
      beginSwap: (auth, wanted) => swaps.begin(auth, wanted),
      copy: (from, to, options) => swaps.copy(from, to, options),
      fit: (id, like) => swaps.fit(id, like),
      grow: (id) => swaps.grow(id),
    },
    reconcileExports: () => exports.reconcile(),
    start: async () => {
      for (const driver of drivers.all) await driver.start();
      await pools.refresh();
    },
  };
}
