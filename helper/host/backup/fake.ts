import { assertObjectNames, BackupStoreError, type BackupStore, type ObjectKey } from './interface.ts';

/** A {@link BackupStore} in memory, for tests that are about something else. */
export class FakeBackupStore implements BackupStore {
  readonly driver = 'cinder.backup.drivers.deskcloud.FakeBackupDriver';
  readonly place = 'the memory of a test';
  readonly objects = new Map<string, Buffer>();

  put(key: ObjectKey, data: Uint8Array, signal?: AbortSignal): Promise<void> {
    return later(() => {
      signal?.throwIfAborted();
      this.objects.set(pathOf(key), Buffer.from(data));
    });
  }

  get(key: ObjectKey, maxBytes: number, signal?: AbortSignal): Promise<Buffer | undefined> {
    return later(() => {
      signal?.throwIfAborted();
      const found = this.objects.get(pathOf(key));
      if (found !== undefined && found.length > maxBytes)
        throw new BackupStoreError(`${key.join('/')} is longer than the ${maxBytes} bytes that it can have.`);
      return found;
    });
  }

  list(container: string, folder: string): Promise<readonly string[]> {
    return later(() => {
      assertObjectNames([container, folder]);
      const prefix = `${container}/${folder}/`;
      return [...this.objects.keys()]
        .filter((key) => key.startsWith(prefix))
        .map((key) => key.slice(prefix.length))
        .toSorted();
    });
  }

  async removeFolder(container: string, folder: string): Promise<number> {
    const names = await this.list(container, folder);
    for (const name of names) this.objects.delete(`${container}/${folder}/${name}`);
    return names.length;
  }

  check(): Promise<void> {
    return Promise.resolve();
  }
}

const later = async <T>(work: () => T): Promise<T> => {
  await Promise.resolve();
  return work();
};

function pathOf(key: ObjectKey): string {
  assertObjectNames(key);
  return key.join('/');
}
