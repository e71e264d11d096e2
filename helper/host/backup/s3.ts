import { hash } from 'node:crypto';
import { S3mini, S3ServiceError } from 's3mini';
import type { Secret } from '../../secret.ts';
import { record } from '../record.ts';
import { assertObjectNames, BackupStoreError, type BackupStore, type ObjectKey } from './interface.ts';
import { requester } from './request.ts';

export interface S3Options {
  /** Its origin: 'https://s3.eu-central-1.amazonaws.com'. */
  readonly endpoint: string;
  readonly bucket: string;
  /** 'us-east-1' is what most servers that have no regions take. */
  readonly region: string;
  /** The bucket is the first part of the path, as most servers other than Amazon's have it; else of the host's name. */
  readonly pathStyle: boolean;
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  /** PEM certificates of who signed the server's; undefined for those that the system trusts. */
  readonly ca?: string;
}

/** Answers that another attempt may cure. */
const BUSY = new Set([408, 425, 429, 500, 502, 503, 504]);

/** A {@link BackupStore} in a bucket of an S3-compatible service. */
export class S3BackupStore implements BackupStore {
  readonly driver = 'cinder.backup.drivers.deskcloud.S3BackupDriver';
  readonly place: string;
  readonly #options: S3Options;
  readonly #fetch: typeof fetch;

  constructor(options: S3Options) {
    this.#options = options;
    this.#fetch = requester({ ca: options.ca });
    this.place = `the bucket ${options.bucket} at ${options.endpoint}`;
  }

  async put(key: ObjectKey, data: Uint8Array, signal?: AbortSignal): Promise<void> {
    const name = pathOf(key);
    await this.#explained(() =>
      this.#client(signal).putObject(name, data, 'application/octet-stream', undefined, {
        // Signed with the request, so that nobody on the way can change it.
        'x-amz-content-sha256': hash('sha256', data),
      }),
    );
  }

  async get(key: ObjectKey, maxBytes: number, signal?: AbortSignal): Promise<Buffer | undefined> {
    const name = pathOf(key);
    return await this.#explained(async () => {
      const answer = await this.#client(signal).getObjectResponse(name);
      if (answer === null) return undefined;
      const length = Number(answer.headers.get('content-length') ?? 0);
      if (length > maxBytes) {
        await answer.body?.cancel();
        throw new BackupStoreError(
          `The object ${name} has ${length} bytes, more than the ${maxBytes} it can have.`,
        );
      }
      return Buffer.from(await answer.arrayBuffer());
    });
  }

  async list(container: string, folder: string): Promise<readonly string[]> {
    assertObjectNames([container, folder]);
    const prefix = `${container}/${folder}/`;
    const objects = await this.#explained(() => this.#client().listObjects('/', prefix));
    if (objects === null) throw this.#noBucket();
    return objects.map(({ Key }) => Key.slice(prefix.length)).toSorted();
  }

  async removeFolder(container: string, folder: string): Promise<number> {
    const names = await this.list(container, folder);
    if (names.length === 0) return 0;
    const keys = names.map((name) => `${container}/${folder}/${name}`);
    const removed = await this.#explained(() => this.#client().deleteObjects(keys));
    const left = keys.filter((_key, index) => removed[index] !== true);
    if (left.length > 0)
      throw new BackupStoreError(
        `${left.length} objects of ${container}/${folder} in ${this.place} could not be deleted, ${left[0] ?? ''} among them: may this access key delete objects?`,
        { retryable: true },
      );
    record({
      kind: 'note',
      text: `removed ${names.length} objects of ${container}/${folder} from ${this.place}`,
    });
    return names.length;
  }

  async check(): Promise<void> {
    const there = await this.#explained(() => this.#client(AbortSignal.timeout(5000)).bucketExists());
    if (!there) throw this.#noBucket();
  }

  /** A client of its own for each request, since this is how the library lets one be ended. */
  #client(signal?: AbortSignal): S3mini {
    const { endpoint, bucket, region, pathStyle, accessKeyId, secretAccessKey } = this.#options;
    const url = new URL(endpoint);
    if (pathStyle) url.pathname = `/${bucket}`;
    else url.hostname = `${bucket}.${url.hostname}`;
    return new S3mini({
      endpoint: url.href.replace(/\/$/, ''),
      region,
      accessKeyId,
      secretAccessKey: secretAccessKey.reveal(),
      fetch: (input, init) => this.#fetch(input, { ...init, ...(signal === undefined ? {} : { signal }) }),
    });
  }

  #noBucket(): BackupStoreError {
    return new BackupStoreError(
      `Backups cannot be kept in ${this.place}: there is no such bucket, or this access key may not see it. Make the bucket, or mend volume.backup.s3.`,
    );
  }

  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof BackupStoreError || (error as Error).name === 'AbortError') throw error;
      if (error instanceof S3ServiceError) {
        if (error.status === 404) throw this.#noBucket();
        const denied = error.status === 401 || error.status === 403;
        const remedy = denied
          ? 'is the access key right, and may it read, write, list and delete objects (volume.backup.s3)?'
          : 'see what its log says.';
        throw new BackupStoreError(
          `${this.place} refused (${error.status} ${error.serviceCode ?? ''}): ${remedy}`,
          { cause: error, retryable: BUSY.has(error.status) },
        );
      }
      const { code, cause } = error as { code?: string; cause?: { code?: string } };
      throw new BackupStoreError(
        `${this.place} cannot be reached (${code ?? cause?.code ?? (error as Error).message}): is the service up, and is volume.backup.s3 right?`,
        { cause: error, retryable: true },
      );
    }
  }
}

function pathOf(key: ObjectKey): string {
  assertObjectNames(key);
  return key.join('/');
}
