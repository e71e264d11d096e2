import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { badRequest, notFound } from '../../errors/error.ts';
import {
  deleteEncryption,
  encryptionOf,
  isTypeInUse,
  putEncryption,
  type EncryptionRow,
} from '../store/type.ts';
import type { VolumeContext } from './context.ts';
import { requireSupported } from './key.ts';
import type { Types } from './type.ts';

export interface EncryptionRequest {
  readonly provider?: string;
  readonly control_location?: string;
  readonly cipher?: string | null;
  readonly key_size?: string | number | null;
}

/** How volumes of a type are to be encrypted. */
export class Encryptions {
  readonly #context: VolumeContext;
  readonly #types: Types;

  constructor(context: VolumeContext, types: Types) {
    this.#context = context;
    this.#types = types;
  }

  find(typeId: string): EncryptionRow | undefined {
    this.#types.byId(typeId);
    return encryptionOf(this.#context.db, typeId);
  }

  create(typeId: string, request: EncryptionRequest): EncryptionRow {
    const { db, now } = this.#context;
    return transaction(db, () => {
      if (this.find(typeId) !== undefined)
        throw badRequest(`Volume type encryption for type ${typeId} already exists.`);
      this.#refuseInUse(typeId, 'create');
      const row: EncryptionRow = {
        volume_type_id: typeId,
        encryption_id: randomUUID(),
        provider: request.provider ?? 'luks',
        control_location: request.control_location ?? 'front-end',
        cipher: request.cipher ?? null,
        key_size: keySize(request.key_size),
        created_at: now(),
        updated_at: null,
      };
      requireSupported(row);
      putEncryption(db, row);
      return row;
    });
  }

  /** As cinder, takes any provider; volumes of one that cannot be had are refused. */
  update(typeId: string, request: EncryptionRequest): void {
    const { db, now } = this.#context;
    transaction(db, () => {
      const row = this.#existing(typeId);
      this.#refuseInUse(typeId, 'update');
      putEncryption(db, {
        ...row,
        provider: request.provider ?? row.provider,
        control_location: request.control_location ?? row.control_location,
        cipher: request.cipher === undefined ? row.cipher : request.cipher,
        key_size: request.key_size === undefined ? row.key_size : keySize(request.key_size),
        updated_at: now(),
      });
    });
  }

  delete(typeId: string): void {
    const { db } = this.#context;
    transaction(db, () => {
      this.#existing(typeId);
      this.#refuseInUse(typeId, 'delete');
      deleteEncryption(db, typeId);
    });
  }

  /** A type has one record at most, so cinder does not look at the id behind it. */
  #existing(typeId: string): EncryptionRow {
    const row = this.find(typeId);
    if (row === undefined) throw notFound(`Volume type encryption for type ${typeId} does not exist.`);
    return row;
  }

  #refuseInUse(typeId: string, what: string): void {
    if (isTypeInUse(this.#context.db, typeId))
      throw badRequest(`Cannot ${what} encryption specs. Volume type in use.`);
  }
}

const keySize = (size: string | number | null | undefined): number | null =>
  size === null || size === undefined ? null : Number(size);
