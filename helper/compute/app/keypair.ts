import { transaction, type Db } from '../../db/index.ts';
import { badRequest, conflict, notFound, overQuota } from '../../errors/error.ts';
import { type Caller, mv, nextLink, pageOf } from '../../http/index.ts';
import type { KeyPair, KeyPairs } from '../basics.ts';
import type { KeyPairQueryValues, NewKeyPairRequest } from '../schemas/keypair.ts';
import {
  countKeyPairs,
  deleteKeyPair,
  findKeyPair,
  insertKeyPair,
  listKeyPairs,
  type KeyPairRow,
} from '../store/keypair.ts';
import type { QuotaApp } from './quota.ts';
import { plainTime } from './server-view.ts';
import { generateSshKey, sshFingerprint, x509Fingerprint, type GeneratedKey } from './ssh-key.ts';
import { generateX509Key } from './x509-key.ts';

const MAX_PAGE = 1000;

const missing = (userId: string, name: string) => notFound(`Keypair ${name} not found for user ${userId}`);

export interface KeyPairDeps {
  readonly db: Db;
  readonly clock: () => number;
  readonly quotas: QuotaApp;
}

export class KeyPairApp implements KeyPairs {
  readonly #deps: KeyPairDeps;

  constructor(deps: KeyPairDeps) {
    this.#deps = deps;
  }

  get(db: Db, userId: string, name: string): KeyPair {
    const row = findKeyPair(db, userId, name);
    if (row === undefined) throw missing(userId, name);
    return { name: row.name, publicKey: row.public_key, type: row.type, fingerprint: row.fingerprint };
  }

  show(caller: Caller, userId: string, name: string): object {
    const row = findKeyPair(this.#deps.db, userId, name);
    if (row === undefined) throw missing(userId, name);
    return {
      keypair: {
        ...brief(caller, row),
        user_id: row.user_id,
        id: row.id,
        created_at: plainTime(row.created_at),
        updated_at: null,
        deleted: false,
        deleted_at: null,
      },
    };
  }

  list(caller: Caller, userId: string, query: KeyPairQueryValues): object {
    const { db } = this.#deps;
    const paged = caller.version >= mv('2.35');
    const page = paged ? pageOf(query, { max: MAX_PAGE, zeroIsEmpty: true }) : { limit: -1 };
    if (page.marker !== undefined && findKeyPair(db, userId, page.marker) === undefined) {
      throw badRequest(`marker [${page.marker}] not found`);
    }
    const rows = listKeyPairs(db, userId, page);
    const last = rows.at(-1);
    const more = paged && query.limit !== undefined && last !== undefined && rows.length === page.limit;
    return {
      keypairs: rows.map((row) => ({ keypair: brief(caller, row) })),
      ...(more
        ? { keypairs_links: [{ rel: 'next', href: nextLink(caller.base, '/os-keypairs', query, last.name) }] }
        : {}),
    };
  }

  /** Imports the given public key, or makes a pair (before 2.92). */
  async create(caller: Caller, userId: string, request: NewKeyPairRequest): Promise<object> {
    const type = request.type ?? 'ssh';
    checkName(caller, request.name);
    const generated = request.public_key === undefined ? await this.#generate(type, userId) : undefined;
    const publicKey = request.public_key ?? generated?.publicKey ?? '';
    const fingerprint = type === 'ssh' ? sshFingerprint(publicKey) : x509Fingerprint(publicKey);
    if (fingerprint === undefined) {
      throw badRequest('Keypair data is invalid: failed to generate fingerprint');
    }
    const { db, clock, quotas } = this.#deps;
    const row = transaction(db, () => {
      const limit = quotas.limit(db, caller.auth.projectId ?? '', 'key_pairs');
      if (limit >= 0 && countKeyPairs(db, userId) >= limit) {
        throw overQuota('Quota exceeded, too many key pairs.');
      }
      if (findKeyPair(db, userId, request.name) !== undefined) {
        throw conflict(`Key pair '${request.name}' already exists.`);
      }
      return insertKeyPair(db, {
        user_id: userId,
        name: request.name,
        type,
        public_key: publicKey,
        fingerprint,
        created_at: clock(),
      });
    });
    return {
      keypair: {
        ...brief(caller, row),
        user_id: userId,
        ...(generated === undefined ? {} : { private_key: generated.privateKey.reveal() }),
      },
    };
  }

  #generate(type: 'ssh' | 'x509', userId: string): Promise<GeneratedKey> {
    return type === 'ssh' ? generateSshKey() : generateX509Key(userId, this.#deps.clock());
  }

  remove(userId: string, name: string): void {
    if (!deleteKeyPair(this.#deps.db, userId, name)) throw missing(userId, name);
  }
}

/** Upstream's allowed characters, with '@' and '.' from 2.92. */
function checkName(caller: Caller, name: string): void {
  const allowed = caller.version >= mv('2.92') ? /^[\w@. -]+$/ : /^[\w -]+$/;
  if (!allowed.test(name))
    throw badRequest('Keypair data is invalid: Keypair name contains unsafe characters');
}

const brief = (caller: Caller, row: KeyPairRow): object => ({
  name: row.name,
  public_key: row.public_key,
  fingerprint: row.fingerprint,
  ...(caller.version >= mv('2.2') ? { type: row.type } : {}),
});
