import { transaction } from '../../db/index.ts';
import { badRequest, notFound } from '../../errors/error.ts';
import type { Caller } from '../../http/index.ts';
import { removePairs, setPairs } from '../store/list.ts';
import { updateSnapshot } from '../store/snapshot.ts';
import { updateVolume } from '../store/volume.ts';
import type { VolumeContext } from './context.ts';

type Pairs = Readonly<Record<string, string>>;

/** What has metadata. */
export type Described = 'volume' | 'volume_snapshot';

/** Owners' own words on volumes and snapshots. */
export class Metadata {
  readonly #context: VolumeContext;
  readonly #get: (auth: Caller['auth'], id: string) => { readonly metadata: Pairs };
  readonly #kind: Described;

  constructor(
    context: VolumeContext,
    kind: Described,
    get: (auth: Caller['auth'], id: string) => { readonly metadata: Pairs },
  ) {
    this.#context = context;
    this.#kind = kind;
    this.#get = get;
  }

  /** @param replace whether pairs that are not named go. */
  set(caller: Caller, id: string, pairs: Pairs, replace: boolean): Pairs {
    const { db, now } = this.#context;
    return transaction(db, () => {
      this.#get(caller.auth, id);
      const table = `${this.#kind}_metadata` as const;
      if (replace) removePairs(db, table, id);
      setPairs(db, table, id, pairs);
      if (this.#kind === 'volume') updateVolume(db, id, { updated_at: now() });
      else updateSnapshot(db, id, { updated_at: now() });
      return this.#get(caller.auth, id).metadata;
    });
  }

  item(caller: Caller, id: string, key: string): Pairs {
    const { metadata } = this.#get(caller.auth, id);
    const value = metadata[key];
    if (value === undefined || !Object.hasOwn(metadata, key)) throw missing(this.#kind, id, key);
    return { [key]: value };
  }

  /** @throws {CloudError} badRequest when body and path name different keys. */
  setItem(caller: Caller, id: string, key: string, pairs: Pairs): Pairs {
    if (!Object.hasOwn(pairs, key)) throw badRequest('Request body and URI mismatch');
    this.set(caller, id, pairs, false);
    return pairs;
  }

  remove(caller: Caller, id: string, key: string): void {
    const { db } = this.#context;
    transaction(db, () => {
      this.#get(caller.auth, id);
      if (removePairs(db, `${this.#kind}_metadata` as const, id, key) === 0)
        throw missing(this.#kind, id, key);
    });
  }
}

const missing = (kind: Described, id: string, key: string) =>
  notFound(
    `${kind === 'volume' ? 'Volume' : 'Snapshot'} ${id} has no metadata with key ${key.slice(0, 80)}.`,
  );
