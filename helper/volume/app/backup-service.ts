import type { Db } from '../../db/index.ts';
import { notFound } from '../../errors/error.ts';
import type { BackupStore } from '../../host/backup/interface.ts';
import type { Codec } from '../backup/format.ts';
import { serviceRow } from '../store/service.ts';

/** Where backups are kept, and how. */
export interface BackupSettings {
  readonly store: BackupStore;
  readonly codec: Codec;
  /** Of backups that name none. */
  readonly container: string;
}

export const BACKUP_BINARY = 'cinder-backup';

/** How long an answer of the store is believed. */
const FRESH_MS = 30_000;

/** Whether the store of backups can be used, as it was found lately. */
export class BackupHealth {
  readonly #store: BackupStore;
  readonly #now: () => number;
  #lookedAt = -Infinity;
  #problem: string | undefined;

  constructor(store: BackupStore, now: () => number) {
    this.#store = store;
    this.#now = now;
  }

  get up(): boolean {
    return this.#problem === undefined;
  }

  /** Asks the store, unless that was done a moment ago. */
  async look(): Promise<void> {
    if (this.#now() - this.#lookedAt < FRESH_MS) return;
    this.#lookedAt = this.#now();
    try {
      await this.#store.check();
      this.#problem = undefined;
    } catch (error) {
      this.#problem = (error as Error).message;
    }
  }
}

/** Whether an administrator has not disabled the service, and it is in this zone (null for any). */
export function isBackupServiceThere(
  db: Db,
  config: { readonly hostName: string; readonly zone: string },
  zone: string | null,
): boolean {
  return (
    serviceRow(db, BACKUP_BINARY, config.hostName).disabled === 0 && (zone === null || zone === config.zone)
  );
}

/** @throws {CloudError} notFound while it is disabled. */
export function requireBackupService(context: {
  readonly db: Db;
  readonly config: { readonly hostName: string; readonly zone: string };
}): void {
  if (!isBackupServiceThere(context.db, context.config, null))
    throw notFound(`Service ${BACKUP_BINARY} could not be found.`);
}
