/** Where an object is: two folders and a name, as ['volumebackups', 'volume_..._backup_...', 'chunk-00000001']. */
export type ObjectKey = readonly [container: string, folder: string, name: string];

/**
 * A place for the objects that backups are made of, all of them small enough for memory. Names are checked by
 * {@link assertObjectName}. All methods are idempotent and throw {@link BackupStoreError}.
 */
export interface BackupStore {
  /** The name of its driver, which is written down with each backup: only the store that made it can read it. */
  readonly driver: string;
  /** For people: 'the directory /srv/backups'. */
  readonly place: string;
  /** Writes an object, or replaces it. It is whole or not there, and durable. */
  put(key: ObjectKey, data: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** Undefined when there is no such object. One longer than `maxBytes` is refused. */
  get(key: ObjectKey, maxBytes: number, signal?: AbortSignal): Promise<Buffer | undefined>;
  /** Names in a folder, sorted; empty when there is none. */
  list(container: string, folder: string): Promise<readonly string[]>;
  /** Removes a folder with all objects in it. @returns how many there were. */
  removeFolder(container: string, folder: string): Promise<number>;
  /** Whether objects can be written there now. @throws {BackupStoreError} that says why not, and the remedy. */
  check(): Promise<void>;
}

/** The store cannot be reached, refuses, or is full. The message names the place, the cause and the remedy. */
export class BackupStoreError extends Error {
  override readonly name = 'BackupStoreError';
  /** Whether another attempt may do: the network, or a service that is busy. */
  readonly retryable: boolean;

  constructor(message: string, options: ErrorOptions & { readonly retryable?: boolean } = {}) {
    super(message, options);
    this.retryable = options.retryable ?? false;
  }
}

/** What a container, a folder and an object may be called: no path, nothing hidden, nothing that needs escaping. */
export const OBJECT_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/;

/** @throws {BackupStoreError} */
export function assertObjectName(name: string): void {
  if (!OBJECT_NAME.test(name))
    throw new BackupStoreError(
      `${JSON.stringify(name.slice(0, 80))} cannot be the name of a backup's object.`,
    );
}

/** Of all names. @throws {BackupStoreError} */
export function assertObjectNames(names: readonly string[]): void {
  for (const name of names) assertObjectName(name);
}
