import { randomUUID } from 'node:crypto';
import { CloudError, badRequest, conflict, forbidden } from '../../errors/error.ts';
import { type Caller, mv } from '../../http/index.ts';
import type { ImageInfo } from '../../image/face.ts';
import { Secret } from '../../secret.ts';
import type { Flavor } from '../basics.ts';
import type { ComputeDeps } from '../deps.ts';
import { rootTarget } from '../sagas/domain-disks.ts';
import { serverRebuild } from '../sagas/server-rebuild.ts';
import { serverResize, serverResizeConfirm, serverResizeRevert } from '../sagas/server-resize.ts';
import { serverSnapshot } from '../sagas/server-snapshot.ts';
import type { RebuildRequest } from '../schemas/server-change.ts';
import { authorOf, blockDevicesOf } from '../store/block-devices.ts';
import { insertMigration, setMigrationStatus } from '../store/migration.ts';
import { imageOfRow, setImage, setOld, setRebuilt } from '../store/server-change.ts';
import { POWER, flavorOfRow, resourcesOf, type FlavorPart, type ServerRow } from '../store/server-row.ts';
import { rootVolumeOf } from '../store/server-volume.ts';
import { settle, updateServer } from '../store/server.ts';
import { beginAction } from './begin-action.ts';
import { checkFlavor, checkFlavorOfVolume, checkImage } from './image-check.ts';
import { checkInjectedFiles } from './injected-files.ts';
import { asBadRequest, generatePassword } from './server-create.ts';
import type { ServerTarget } from './server.ts';
import { createVolumeImage, snapshotProperties } from './volume-image.ts';

const partOf = (flavor: Flavor): FlavorPart => ({
  id: flavor.id,
  name: flavor.name,
  vcpus: flavor.vcpus,
  ramMib: flavor.ramMib,
  diskGib: flavor.diskGib,
  ephemeralGib: flavor.ephemeralGib,
  swapMib: flavor.swapMib,
  extraSpecs: flavor.extraSpecs,
});

/** Rebuild, resize, and images of servers. */
export class ServerChanges {
  readonly #deps: ComputeDeps;

  constructor(deps: ComputeDeps) {
    this.#deps = deps;
  }

  /** @returns the new administrator's password. */
  rebuild(caller: Caller, target: ServerTarget, request: RebuildRequest): string {
    const { db, image: images, basics } = this.#deps;
    const image = asBadRequest(
      () => images.get(db, caller.auth, request.imageRef),
      `Cannot find image ${request.imageRef} for rebuild`,
    );
    checkImage(image);
    if (target.row.volume_backed === 1) this.#checkRootVolume(caller, target.row, image, request);
    else checkFlavor(flavorPartAsFlavor(target.row), image, caller);
    this.#checkMetadata(target.row.project_id, request.metadata ?? {});
    checkInjectedFiles(db, basics.quotas, target.row.project_id, request.personality ?? []);
    const password = request.adminPass ?? generatePassword();
    const keyName = request.key_name;
    const key =
      keyName === undefined || keyName === null
        ? null
        : asBadRequest(
            () => basics.keyPairs.get(db, target.row.user_id, keyName),
            'Invalid key_name provided.',
          );
    beginAction(this.#deps, caller, target.row.id, {
      action: 'rebuild',
      task: 'rebuilding',
      saga: serverRebuild,
      input: (row, at) => {
        const oldImage = imageOfRow(row);
        const onVolume = row.volume_backed === 1;
        setImage(db, row.id, {
          // That it has none says that it boots from a volume, also after a rebuild.
          id: onVolume ? row.image_id : image.id,
          properties: JSON.stringify(image.properties),
          rootDeviceName: onVolume
            ? row.root_device_name
            : `/dev/${rootTarget(image.properties, blockDevicesOf(row).root)}`,
        });
        setRebuilt(
          db,
          row.id,
          {
            name: request.name ?? row.name,
            description: request.description === undefined ? row.description : request.description,
            hostname: request.hostname ?? row.hostname,
            keyName: keyName === undefined ? row.key_name : (key?.name ?? null),
            keyType: keyName === undefined ? row.key_type : (key?.type ?? null),
            keyData: keyName === undefined ? row.key_data : (key?.publicKey ?? null),
            userData:
              request.user_data === undefined
                ? row.user_data
                : request.user_data === null
                  ? null
                  : new Secret(request.user_data),
            personality: JSON.stringify(request.personality ?? []),
            configDrive: row.config_drive === 1 || (request.personality ?? []).length > 0,
            adminPassword: new Secret(password),
            diskConfig: request['OS-DCF:diskConfig'] ?? row.disk_config,
            accessIpV4: request.accessIPv4 ?? row.access_ip_v4,
            accessIpV6: request.accessIPv6 ?? row.access_ip_v6,
            metadata: request.metadata === undefined ? row.metadata : JSON.stringify(request.metadata),
            trustedCerts:
              request.trusted_image_certificates === undefined
                ? row.trusted_certs
                : request.trusted_image_certificates === null
                  ? null
                  : JSON.stringify(request.trusted_image_certificates),
          },
          at,
        );
        return {
          serverId: row.id,
          imageId: image.id,
          reimage: onVolume && caller.version >= mv('2.93') ? authorOf(caller.auth) : null,
          oldImage,
          ran: row.power_state === POWER.running,
          stopped: row.vm_state === 'stopped',
        };
      },
    });
    return password;
  }

  /**
   * Before 2.93 the root volume keeps its content, and another image is refused.
   * @throws {CloudError} badRequest, conflict
   */
  #checkRootVolume(caller: Caller, row: ServerRow, image: ImageInfo, request: RebuildRequest): void {
    const { db, volume } = this.#deps;
    if ((request.trusted_image_certificates ?? []).length > 0)
      throw badRequest('Image certificate validation is not supported for volume-backed servers.');
    const root = rootVolumeOf(db, row.id);
    if (root === undefined)
      throw conflict(`Invalid volume: the root volume of instance ${row.id} is not attached to it any more.`);
    const { imageMetadata, sizeGib } = volume.find(caller.auth, root.volume_id);
    if (imageMetadata['image_id'] !== image.id && caller.version < mv('2.93'))
      throw badRequest(
        `Image ${image.id} is unacceptable: Unable to rebuild with a different image for a volume-backed server.`,
      );
    checkFlavorOfVolume(flavorPartAsFlavor(row), image, sizeGib);
  }

  #checkMetadata(projectId: string, metadata: Readonly<Record<string, string>>): void {
    const most = this.#deps.basics.quotas.limit(this.#deps.db, projectId, 'metadata_items');
    if (most >= 0 && Object.keys(metadata).length > most)
      throw forbidden(`Maximum number of metadata items exceeds ${most}`);
  }

  /** @param diskConfig 'AUTO' or 'MANUAL', where it is to change. */
  resize(caller: Caller, target: ServerTarget, flavorId: string, diskConfig?: string): void {
    const { db, basics } = this.#deps;
    const flavor = asBadRequest(
      () => basics.flavors.getFlavor(db, caller.auth, flavorId),
      `Flavor ${flavorId} could not be found.`,
    );
    if (flavor.disabled) throw badRequest(`Flavor ${flavorId} could not be found.`);
    const to = partOf(flavor);
    beginAction(this.#deps, caller, target.row.id, {
      action: 'resize',
      task: 'resize_prep',
      saga: serverResize,
      input: (row, at) => {
        this.#checkResize(row, to);
        if (diskConfig !== undefined) updateServer(db, row, { diskConfig }, at);
        return { serverId: row.id, flavor: to, vmState: row.vm_state };
      },
      queued: (row, operationId, at) =>
        insertMigration(
          db,
          {
            uuid: randomUUID(),
            server_id: row.id,
            operation_id: operationId,
            project_id: caller.auth.projectId ?? row.project_id,
            user_id: caller.auth.userId,
            host: row.host ?? this.#deps.config.hostName,
            node: row.node ?? this.#deps.config.hostName,
            old_flavor_id: row.flavor_id,
            new_flavor_id: to.id,
          },
          at,
        ),
    });
  }

  #checkResize(row: ServerRow, to: FlavorPart): void {
    const { db, basics } = this.#deps;
    if (to.id === row.flavor_id) throw badRequest('When resizing, instances must change flavor!');
    const onVolume = row.volume_backed === 1;
    if (!onVolume && to.diskGib === 0 && row.disk_gib !== 0)
      throw badRequest(
        'Server disk was unable to be resized because: Resize to zero disk flavor is not allowed.',
      );
    if ((!onVolume && to.diskGib < row.disk_gib) || to.ephemeralGib < row.ephemeral_gib)
      throw badRequest(
        `Cannot resize instance ${row.id} to a flavor with a smaller disk: a disk cannot be made smaller.`,
      );
    const demand = {
      instances: 0,
      cores: Math.max(0, to.vcpus - row.vcpus),
      ramMib: Math.max(0, to.ramMib - row.ram_mib),
    };
    basics.quotas.checkServers(db, row.project_id, demand, row.user_id);
  }

  /** There is no way back from here on: rows first, the old disks go in the background. */
  confirmResize(caller: Caller, target: ServerTarget): void {
    const { db, basics, config } = this.#deps;
    beginAction(this.#deps, caller, target.row.id, {
      action: 'confirmResize',
      task: null,
      saga: serverResizeConfirm,
      input: (row, at) => {
        const runs = row.power_state === POWER.running;
        settle(db, row.id, { vmState: runs ? 'active' : 'stopped', power: row.power_state, at });
        setOld(db, row.id, null);
        basics.claims.release(db, row.id);
        basics.claims.claim(db, row.id, row.host ?? config.hostName, resourcesOf(row));
        setMigrationStatus(db, row.id, 'confirmed', at);
        return { serverId: row.id };
      },
    });
  }

  revertResize(caller: Caller, target: ServerTarget): void {
    beginAction(this.#deps, caller, target.row.id, {
      action: 'revertResize',
      task: 'resize_reverting',
      saga: serverResizeRevert,
      input: (row) => ({ serverId: row.id, vmState: row.old_vm_state ?? 'active' }),
    });
  }

  /** @returns the id of the image, which is filled in the background. */
  createImage(
    caller: Caller,
    target: ServerTarget,
    request: {
      readonly name: string;
      readonly metadata?: Readonly<Record<string, string>>;
      readonly backup?: { readonly type: string; readonly rotation: number };
    },
  ): string {
    const imageId = randomUUID();
    this.#checkMetadata(target.row.project_id, request.metadata ?? {});
    if (target.row.volume_backed === 1) {
      if (request.backup !== undefined)
        throw badRequest('Backup is not supported for volume-backed instances.');
      return createVolumeImage(this.#deps, caller, target.row.id, request);
    }
    beginAction(this.#deps, caller, target.row.id, {
      action: request.backup === undefined ? 'createImage' : 'createBackup',
      task: request.backup === undefined ? 'image_snapshot_pending' : 'image_backup',
      saga: serverSnapshot,
      input: (row) => {
        this.reserveImage(caller, row, imageId, request.name, {
          ...(request.backup === undefined ? {} : { image_type: 'backup', backup_type: request.backup.type }),
          ...request.metadata,
        });
        return { serverId: row.id, imageId, backup: request.backup ?? null };
      },
    });
    return imageId;
  }

  /** An image in the making, with what a snapshot takes over from the server and its image. */
  reserveImage(
    caller: Caller,
    row: ServerRow,
    id: string,
    name: string,
    more: Readonly<Record<string, string>>,
  ): void {
    const { db, image } = this.#deps;
    const { minRam } = this.#sourceImage(caller, row);
    image.reserve(db, caller.auth, {
      id,
      name,
      minDisk: row.disk_gib,
      minRam,
      properties: { ...snapshotProperties(row), ...more },
    });
  }

  #sourceImage(caller: Caller, row: ServerRow): { readonly minRam: number } {
    try {
      return this.#deps.image.get(this.#deps.db, caller.auth, row.image_id ?? '');
    } catch (error) {
      // The image may be gone: the server does not need it any more.
      if (error instanceof CloudError) return { minRam: 0 };
      throw error;
    }
  }
}

const flavorPartAsFlavor = (row: ServerRow): Flavor => ({
  ...flavorOfRow(row),
  rxtxFactor: 1,
  isPublic: true,
  disabled: false,
  description: null,
});
