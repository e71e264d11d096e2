import { badRequest, conflict, forbidden } from '../../errors/error.ts';
import type { Caller } from '../../http/index.ts';
import {
  attachmentsOf,
  deleteAttachment,
  findAttachment,
  insertAttachment,
  updateAttachment,
  type AttachmentRow,
} from '../store/attachment.ts';
import { volumeUnexport } from '../sagas/volume-export.ts';
import { findQos } from '../store/qos.ts';
import { findType } from '../store/type.ts';
import { findVolumeRow, updateVolume } from '../store/volume.ts';
import { volumeRules } from '../policy.ts';
import { notThere, sees, type VolumeContext } from './context.ts';
import type { HostSecret } from '../../host/secret/interface.ts';
import { keysOfAttachments } from '../store/key.ts';
import { keyOf } from './key.ts';
import type { AttachedDisk } from '../face.ts';
import type { Volumes } from './volume.ts';

/** Who may let a second server have a volume that a first one may have booted from. */
const MAY_SHARE = volumeRules['volume:multiattach_bootable_volume'] ?? (() => false);

/** What uses volumes: servers of this cloud, and what clients say of hosts of their own. SQL only. */
export class Attachments {
  readonly #context: VolumeContext;
  readonly #volumes: Volumes;

  constructor(context: VolumeContext, volumes: Volumes) {
    this.#context = context;
    this.#volumes = volumes;
  }

  /** An attachment that the caller may know of. @throws {CloudError} notFound */
  get(auth: Caller['auth'], id: string): AttachmentRow {
    const row = findAttachment(this.#context.db, id);
    if (row === undefined || !sees(auth, row.project_id)) throw notThere('Volume attachment', id);
    return row;
  }

  /**
   * Keeps a volume for one user, in the caller's transaction.
   * @throws {CloudError} notFound, badRequest when it is not free.
   */
  reserve(
    auth: Caller['auth'],
    wanted: {
      readonly id: string;
      readonly volumeId: string;
      readonly serverId: string | null;
      readonly mode?: string | null;
    },
  ): AttachmentRow {
    const { db, now, exports } = this.#context;
    const volume = this.#volumes.get(auth, wanted.volumeId);
    const shared = volume.multiattach === 1;
    const free = volume.status === 'available' || (shared && volume.status === 'in-use');
    if (!free || volume.target_backend !== null)
      throw badRequest(
        `Invalid volume: volume '${volume.id}' status must be ${shared ? "'available' or 'in-use'" : "'available'"}. Currently in '${volume.status}'`,
      );
    if (shared && volume.status === 'in-use' && volume.bootable === 1 && !MAY_SHARE(auth, { ...volume }))
      throw forbidden("Policy doesn't allow volume:multiattach_bootable_volume to be performed.");
    const at = now();
    const row: AttachmentRow = {
      id: wanted.id,
      volume_id: volume.id,
      project_id: volume.project_id,
      instance_uuid: wanted.serverId,
      attached_host: null,
      mountpoint: null,
      attach_status: 'reserved',
      attach_mode: volume.readonly === 1 || wanted.mode === 'ro' ? 'ro' : 'rw',
      connector: null,
      attached_at: null,
      created_at: at,
      updated_at: at,
    };
    insertAttachment(db, row);
    if (wanted.serverId !== null) exports.grantGuest(volume.id, wanted.id, wanted.serverId);
    updateVolume(db, volume.id, { status: 'reserved', updated_at: at });
    return row;
  }

  /** It is known where the volume goes. */
  connect(
    id: string,
    place: { readonly host: string | null; readonly mountpoint: string | null; readonly connector?: string },
  ): void {
    const { db, now } = this.#context;
    const row = findAttachment(db, id);
    if (row === undefined) throw notThere('Volume attachment', id);
    updateAttachment(db, id, {
      attached_host: place.host,
      mountpoint: place.mountpoint,
      connector: place.connector ?? row.connector,
      attach_status: 'attaching',
      updated_at: now(),
    });
    this.#settle(row.volume_id);
  }

  /** It is kept for its server, which is on no host. */
  disconnect(id: string): void {
    const { db, now, exports, sagas } = this.#context;
    const row = findAttachment(db, id);
    if (row === undefined) return;
    if (exports.leavesTarget(id)) {
      exports.pause(id);
      sagas.enqueue(volumeUnexport, { volumeId: row.volume_id });
    }
    updateAttachment(db, id, { attached_host: null, attach_status: 'reserved', updated_at: now() });
    updateVolume(db, row.volume_id, { status: 'reserved', attach_status: 'detached', updated_at: now() });
  }

  /** The volume is in use. */
  complete(id: string): void {
    const { db, now } = this.#context;
    const row = findAttachment(db, id);
    if (row === undefined) throw notThere('Volume attachment', id);
    updateAttachment(db, id, { attach_status: 'attached', attached_at: now(), updated_at: now() });
    this.#settle(row.volume_id);
  }

  /** @throws {CloudError} badRequest unless it is attached. */
  beginDetach(id: string): void {
    const { db, now } = this.#context;
    const row = findAttachment(db, id);
    const volume = row && findVolumeRow(db, row.volume_id);
    if (row === undefined || volume === undefined) throw notThere('Volume attachment', id);
    if (row.attach_status !== 'attached' || volume.status !== 'in-use' || volume.target_backend !== null)
      throw badRequest(
        `Invalid volume: Unable to detach volume. Volume status must be 'in-use' and attach_status must be 'attached' to detach. Currently: status: '${volume.status}', attach_status: '${row.attach_status}.'`,
      );
    updateAttachment(db, id, { attach_status: 'detaching', updated_at: now() });
    updateVolume(db, volume.id, { status: 'detaching', updated_at: now() });
  }

  /** What {@link beginDetach} began does not come about. */
  rollDetach(id: string): void {
    const { db, now } = this.#context;
    const row = findAttachment(db, id);
    if (row?.attach_status !== 'detaching') return;
    updateAttachment(db, id, { attach_status: 'attached', updated_at: now() });
    this.#settle(row.volume_id);
  }

  /** Gives the volume back; an attachment that is not there any more is fine. */
  release(id: string): void {
    const { db, exports, sagas } = this.#context;
    const row = findAttachment(db, id);
    if (row === undefined) return;
    const left = exports.leavesTarget(id);
    deleteAttachment(db, id);
    if (left) sagas.enqueue(volumeUnexport, { volumeId: row.volume_id });
    this.#settle(row.volume_id);
  }

  /** A volume's status is that of its attachments: what goes on with one of them shows before what is so with others. */
  #settle(volumeId: string): void {
    const { db, now } = this.#context;
    const there = attachmentsOf(db, [volumeId]).get(volumeId) ?? [];
    const has = (status: AttachmentRow['attach_status']): boolean =>
      there.some((one) => one.attach_status === status);
    const busy = (['reserved', 'attaching', 'detaching'] as const).find(has);
    updateVolume(db, volumeId, {
      status: there.length === 0 ? 'available' : (busy ?? 'in-use'),
      attach_status: has('attached') || has('detaching') ? 'attached' : 'detached',
      updated_at: now(),
    });
  }

  /**
   * What a client does by itself. Servers' attachments go through compute, or server and volume would not agree (S45).
   * @throws {CloudError} conflict for those.
   */
  refuseServers(row: AttachmentRow): void {
    const { db, compute } = this.#context;
    const serverId = compute().serverOf(db, row.id);
    if (serverId !== undefined)
      throw conflict(`Detach volume from instance ${serverId} using the Compute API`);
  }

  /** nova's QoS specs of a type; those with '_per_gb' are for each GiB of the volume. */
  #limits(typeId: string, sizeGib: number): Readonly<Record<string, number>> {
    const qosId = findType(this.#context.db, typeId)?.qos_specs_id;
    const qos = typeof qosId === 'string' ? findQos(this.#context.db, qosId) : undefined;
    if (qos === undefined || qos.consumer === 'back-end') return {};
    const limits: Record<string, number> = {};
    for (const [key, value] of Object.entries(qos.specs)) {
      if (!/^\d{1,15}$/.test(value)) continue;
      const perGib = key.endsWith('_per_gb');
      const name = perGib ? key.slice(0, -'_per_gb'.length) : key;
      limits[name] = Number(value) * (perGib ? sizeGib : 1);
    }
    return limits;
  }

  /** Where the disk of an attachment is. @throws {CloudError} notFound */
  disk(id: string): AttachedDisk {
    const { db } = this.#context;
    const row = findAttachment(db, id);
    const volume = row && findVolumeRow(db, row.volume_id);
    if (row === undefined || volume === undefined || volume.backend === null || volume.format === null)
      throw notThere('Volume attachment', id);
    return {
      volumeId: volume.id,
      source:
        this.#context.exports.source(id) ??
        this.#context.drivers.of(volume.backend).connection(volume.id, volume.format),
      format: volume.format,
      ...(volume.encryption_key_id === null ? {} : { encryption: { secretId: id } }),
      readOnly: row.attach_mode === 'ro',
      shareable: volume.multiattach === 1,
      limits: this.#limits(volume.volume_type_id, volume.size),
    };
  }

  /** What the hypervisor must hold before the disk is used. */
  secrets(id: string): readonly HostSecret[] {
    const { db } = this.#context;
    const row = findAttachment(db, id);
    const keyId = row && findVolumeRow(db, row.volume_id)?.encryption_key_id;
    return keyId == null ? [] : [{ id, use: 'volume', value: keyOf(db, keyId).passphrase }];
  }

  allSecrets(): readonly (HostSecret & { readonly settled: boolean })[] {
    return keysOfAttachments(this.#context.db).flatMap(({ attachment_id: id, attach_status: status }) =>
      this.secrets(id).map((secret) => ({ ...secret, settled: status === 'attached' })),
    );
  }
}
