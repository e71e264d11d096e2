import { randomUUID } from 'node:crypto';
import { badRequest, conflict, notFound } from '../../errors/error.ts';
import { mv, type Caller } from '../../http/index.ts';
import type { ComputeDeps } from '../deps.ts';
import { disksOf, nextTarget, diskBus } from '../sagas/domain-disks.ts';
import { isOn } from '../sagas/server-interface.ts';
import { serverAttachVolume, serverDetachVolume } from '../sagas/server-volume.ts';
import { diskOfVolume, volumeDisks } from '../sagas/volume-disks.ts';
import { imagePropertiesOfRow, type ServerRow } from '../store/server-row.ts';
import {
  insertServerVolume,
  setDeleteOnTermination,
  volumesOf,
  type ServerVolumeRow,
} from '../store/server-volume.ts';
import { beginAction, freshServer } from './begin-action.ts';
import { swapVolume } from './server-swap.ts';
import { requireLegal } from './server-state.ts';
import type { ServerTarget } from './server.ts';

export interface AttachmentRequest {
  readonly volumeId: string;
  /** From 2.49. */
  readonly tag?: string;
  /** From 2.79. */
  readonly delete_on_termination?: boolean;
}

/** What PUT may say; from 2.85 on more than another volume. */
export interface AttachmentChanges {
  readonly volumeId: string;
  readonly id?: string;
  readonly serverId?: string;
  readonly device?: string | null;
  readonly tag?: string | null;
  readonly delete_on_termination?: boolean;
}

/** As many disks as a bus with one letter for each has. */
const MOST_DISKS = 26;

/** Volumes of servers that are there: os-volume_attachments. */
export class ServerVolumes {
  readonly #deps: ComputeDeps;

  constructor(deps: ComputeDeps) {
    this.#deps = deps;
  }

  list({ row }: ServerTarget): readonly ServerVolumeRow[] {
    return volumesOf(this.#deps.db, row.id);
  }

  /** @throws {CloudError} notFound */
  get({ row }: ServerTarget, volumeId: string): ServerVolumeRow {
    const found = volumesOf(this.#deps.db, row.id).find((one) => one.volume_id === volumeId);
    if (found === undefined) throw notFound(`volume_id not found: ${volumeId.slice(0, 64)}`);
    return found;
  }

  /** Reserves the volume and queues the rest. @throws {CloudError} as nova. */
  attach(caller: Caller, target: ServerTarget, request: AttachmentRequest): ServerVolumeRow {
    const { db, volume } = this.#deps;
    let made: ServerVolumeRow | undefined;
    beginAction(this.#deps, caller, target.row.id, {
      action: 'attach_volume',
      task: null,
      saga: serverAttachVolume,
      input: (row, at) => {
        const there = volumesOf(db, row.id);
        if (there.some((one) => one.volume_id === request.volumeId))
          throw badRequest(
            `Invalid volume: volume '${request.volumeId}' is already attached to instance ${row.id}.`,
          );
        this.#checkShared(caller, row, request.volumeId);
        const properties = imagePropertiesOfRow(row);
        const disks = disksOf(this.#deps.config, row, volumeDisks(this.#deps, db, row.id));
        if (disks.length >= MOST_DISKS)
          throw badRequest(`A server has at most ${MOST_DISKS} disks; detach one first.`);
        const id = randomUUID();
        volume.reserve(caller.auth, { id, volumeId: request.volumeId, serverId: row.id });
        made = {
          attachment_id: id,
          server_id: row.id,
          volume_id: request.volumeId,
          bdm_uuid: randomUUID(),
          target: nextTarget(properties, disks),
          tag: request.tag ?? null,
          delete_on_termination: request.delete_on_termination === true ? 1 : 0,
          boot_index: null,
          disk_bus: null,
          device_type: 'disk',
          created_at: at,
        };
        insertServerVolume(db, made);
        return this.#input(row, made);
      },
    });
    if (made === undefined) throw new Error('nothing was attached');
    return made;
  }

  /** @throws {CloudError} notFound, badRequest, conflict. */
  detach(caller: Caller, target: ServerTarget, volumeId: string): void {
    const { volume } = this.#deps;
    const found = this.get(target, volumeId);
    if (found.boot_index === 0) throw badRequest('Cannot detach a root device volume');
    requireLegal('detach_volume', freshServer(this.#deps, target.row.id), caller.auth);
    if (target.row.rescue_image_id !== null)
      throw conflict(`Cannot 'detach_volume' instance ${target.row.id} while it is in vm_state rescued`);
    beginAction(this.#deps, caller, target.row.id, {
      action: 'detach_volume',
      task: null,
      saga: serverDetachVolume,
      input: (row) => {
        volume.beginDetach(found.attachment_id);
        return this.#input(row, found);
      },
    });
  }

  /**
   * Whether the volume goes with the server (2.85); the rest of it may be said and not changed.
   * @throws {CloudError} notFound, badRequest
   */
  update(target: ServerTarget, volumeId: string, changes: AttachmentChanges): void {
    const found = this.get(target, volumeId);
    const fixed = {
      id: found.volume_id,
      serverId: found.server_id,
      device: `/dev/${found.target}`,
      tag: found.tag,
    };
    for (const [name, value] of Object.entries(fixed))
      if (name in changes && changes[name as keyof typeof fixed] !== value)
        throw badRequest(`The ${name} property is not mutable`);
    const { delete_on_termination: goes } = changes;
    if (goes !== undefined) setDeleteOnTermination(this.#deps.db, found.attachment_id, goes);
  }

  /** {@link swapVolume} */
  swap(caller: Caller, target: ServerTarget, ids: { readonly old: string; readonly next: string }): void {
    swapVolume(this.#deps, caller, target, ids);
  }

  /** @throws {CloudError} notFound, badRequest for a multi-attach volume where nova takes none. */
  #checkShared({ auth, version }: Caller, row: ServerRow, volumeId: string): void {
    if (!this.#deps.volume.isMultiattach(auth, volumeId)) return;
    if (version < mv('2.60'))
      throw badRequest('Multiattach volumes are only supported starting with compute API version 2.60.');
    if (row.vm_state === 'shelved_offloaded')
      throw badRequest('Attaching multiattach volumes is not supported for shelved-offloaded instances.');
  }

  #input(row: ServerRow, volume: ServerVolumeRow) {
    return {
      serverId: row.id,
      volume,
      disk: diskOfVolume(this.#deps, volume, diskBus(imagePropertiesOfRow(row))),
      running: isOn(row),
    };
  }
}
