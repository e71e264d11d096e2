import { randomBytes, randomUUID, scryptSync, timingSafeEqual } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { badRequest } from '../../errors/error.ts';
import { type Caller, mv } from '../../http/index.ts';
import { isTrue } from '../schemas/common.ts';
import { giveKey } from '../store/key.ts';
import type { Listed } from '../store/list.ts';
import { snapshotsOf } from '../store/snapshot.ts';
import {
  deleteTransfer,
  findTransfer,
  insertTransfer,
  listTransfers,
  moveToProject,
  type TransferRow,
} from '../store/transfer.ts';
import { updateVolume } from '../store/volume.ts';
import { notThere, projectOf, sees, type VolumeContext } from './context.ts';
import { listQuery } from './list-query.ts';
import type { Quotas } from './quota.ts';
import type { Types } from './type.ts';
import { TRANSFER_LIST } from './volume-filter.ts';
import type { Volumes } from './volume.ts';

/** As long as cinder's. */
const KEY_BYTES = 8;

export interface TransferRequest {
  readonly volume_id: string;
  readonly name?: string | null;
  readonly no_snapshots?: string | boolean;
}

/** Offers of volumes from one project to whoever is told the key. */
export class Transfers {
  readonly #context: VolumeContext;
  readonly #volumes: Volumes;
  readonly #quotas: Quotas;
  readonly #types: Types;

  constructor(context: VolumeContext, parts: { volumes: Volumes; quotas: Quotas; types: Types }) {
    this.#context = context;
    this.#volumes = parts.volumes;
    this.#quotas = parts.quotas;
    this.#types = parts.types;
  }

  get(auth: Caller['auth'], id: string): TransferRow {
    const transfer = findTransfer(this.#context.db, id);
    if (transfer === undefined || !sees(auth, transfer.source_project_id)) throw notThere('Transfer', id);
    return transfer;
  }

  list(caller: Caller, query: Readonly<Record<string, string>>): Listed<TransferRow> {
    return listTransfers(this.#context.db, listQuery(caller, query, TRANSFER_LIST, 'source_project_id'));
  }

  /** @returns the offer and its key, which is shown this once. */
  create(caller: Caller, request: TransferRequest): { transfer: TransferRow; key: string } {
    const { db, now } = this.#context;
    const key = randomBytes(KEY_BYTES).toString('hex');
    const salt = randomBytes(8).toString('hex');
    return transaction(db, () => {
      const volume = this.#volumes.get(caller.auth, request.volume_id);
      if (volume.status !== 'available') throw badRequest('Invalid volume: status must be available');
      if (volume.group_id !== null)
        throw badRequest(
          `Invalid volume: Volume ${volume.id} is in the group ${volume.group_id}; take it out first.`,
        );
      const withoutSnapshots = caller.version < mv('3.55') || isTrue(request.no_snapshots);
      if (volume.encryption_key_id !== null) {
        if (caller.version < mv('3.70'))
          throw badRequest('Invalid volume: transferring encrypted volume is not supported');
        // A snapshot has its volume's key.
        if (withoutSnapshots)
          throw badRequest(
            'Invalid volume: transferring an encrypted volume without its snapshots is not supported',
          );
      }
      const transfer: TransferRow = {
        id: randomUUID(),
        volume_id: volume.id,
        name: request.name ?? null,
        salt,
        key_hash: hash(key, salt),
        // Before 3.55 snapshots always stayed where they were.
        no_snapshots: withoutSnapshots ? 1 : 0,
        source_project_id: volume.project_id,
        destination_project_id: null,
        accepted: 0,
        created_at: now(),
      };
      insertTransfer(db, transfer);
      updateVolume(db, volume.id, { status: 'awaiting-transfer', updated_at: now() });
      return { transfer, key };
    });
  }

  /** Anybody with the key. @throws {CloudError} badRequest for a wrong one, overQuota. */
  accept(caller: Caller, id: string, key: string): TransferRow {
    const { db, now } = this.#context;
    const projectId = projectOf(caller.auth);
    return transaction(db, () => {
      const transfer = findTransfer(db, id);
      if (transfer === undefined) throw notThere('Transfer', id);
      if (!timingSafeEqual(Buffer.from(hash(key, transfer.salt)), Buffer.from(transfer.key_hash)))
        throw badRequest(`Invalid auth key: Attempt to transfer ${id} with invalid auth key.`);
      const volume = this.#volumes.get(
        { ...caller.auth, projectId: transfer.source_project_id },
        transfer.volume_id,
      );
      if (volume.status !== 'awaiting-transfer')
        throw badRequest(
          `Invalid volume: Transfer ${id}: Volume id ${volume.id} expected in state awaiting-transfer.`,
        );
      const snapshots = transfer.no_snapshots === 1 ? [] : snapshotsOf(db, volume.id);
      const type = this.#types.byId(volume.volume_type_id);
      this.#quotas.check(projectId, {
        typeName: type.name,
        volumes: 1,
        snapshots: snapshots.length,
        gigabytes: volume.size + snapshots.reduce((sum, one) => sum + one.volume_size, 0),
      });
      moveToProject(db, volume.id, {
        projectId,
        userId: caller.auth.userId,
        snapshots: transfer.no_snapshots === 0,
        now: now(),
      });
      if (volume.encryption_key_id !== null)
        giveKey(db, volume.encryption_key_id, { projectId, userId: caller.auth.userId });
      deleteTransfer(db, id);
      return { ...transfer, destination_project_id: projectId, accepted: 1 };
    });
  }

  delete(caller: Caller, id: string): void {
    const { db, now } = this.#context;
    transaction(db, () => {
      const { volume_id: volumeId } = this.get(caller.auth, id);
      deleteTransfer(db, id);
      updateVolume(db, volumeId, { status: 'available', updated_at: now() });
    });
  }
}

const hash = (key: string, salt: string): string => scryptSync(key, salt, 32).toString('hex');
