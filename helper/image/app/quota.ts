import type { Db } from '../../db/index.ts';
import { tooLarge } from '../../errors/error.ts';
import { usageOf, type ImageUsage } from '../store/usage.ts';

/** What a project may have; -1 is without bound. The names and units are glance's. */
export interface ImageLimits {
  /** MiB of stored data. */
  readonly image_size_total: number;
  /** MiB in the staging area. */
  readonly image_stage_total: number;
  readonly image_count_total: number;
  /** Images that are being uploaded or imported. */
  readonly image_count_uploading: number;
}

export const UNLIMITED: ImageLimits = {
  image_size_total: -1,
  image_stage_total: -1,
  image_count_total: -1,
  image_count_uploading: -1,
};

const MIB = 1024 * 1024;
type Resource = keyof ImageLimits;

/** Limits are read at each use: they may change while the service runs. */
export interface QuotaOptions {
  readonly db: Db;
  readonly limits: ImageLimits;
  readonly maxImageBytes: number;
}

/** Holds projects to what they may have. */
export class Quotas {
  readonly #db: Db;
  readonly #options: QuotaOptions;

  constructor(options: QuotaOptions) {
    this.#db = options.db;
    this.#options = options;
  }

  get #limits(): ImageLimits {
    return this.#options.limits;
  }

  get #maxImageBytes(): number {
    return this.#options.maxImageBytes;
  }

  /** @throws {CloudError} tooLarge (413) when one more would be too much. */
  checkCount(projectId: string | null, resource: 'image_count_total' | 'image_count_uploading'): void {
    const limit = this.#limits[resource];
    if (limit < 0 || projectId === null) return;
    const used = this.#used(projectId)[resource];
    if (used + 1 > limit) throw over(resource, limit, used);
  }

  /**
   * Bytes that a project's next image may have.
   * @throws {CloudError} tooLarge (413) when there is no room left.
   */
  roomFor(projectId: string | null, resource: 'image_size_total' | 'image_stage_total'): number {
    const limit = this.#limits[resource];
    if (limit < 0 || projectId === null) return this.#maxImageBytes;
    const used = usageOf(this.#db, projectId)[resource];
    if (used >= limit * MIB) throw over(resource, limit, Math.ceil(used / MIB));
    return Math.min(this.#maxImageBytes, limit * MIB - used);
  }

  /** @throws {CloudError} tooLarge (413), for what was found to be too much. */
  refuse(resource: Resource, projectId: string | null): never {
    throw over(resource, this.#limits[resource], projectId === null ? 0 : this.#used(projectId)[resource]);
  }

  /** As /v2/info/usage shows it. */
  usage(projectId: string): Record<Resource, { readonly limit: number; readonly usage: number }> {
    const used = this.#used(projectId);
    const of = (resource: Resource) => ({ limit: this.#limits[resource], usage: used[resource] });
    return {
      image_size_total: of('image_size_total'),
      image_stage_total: of('image_stage_total'),
      image_count_total: of('image_count_total'),
      image_count_uploading: of('image_count_uploading'),
    };
  }

  #used(projectId: string): ImageUsage {
    const used = usageOf(this.#db, projectId);
    return {
      ...used,
      image_size_total: Math.ceil(used.image_size_total / MIB),
      image_stage_total: Math.ceil(used.image_stage_total / MIB),
    };
  }
}

const over = (resource: Resource, limit: number, used: number) =>
  tooLarge(
    `The request is too large: project quota for ${resource} is ${limit}, of which ${used} are used. ` +
      `Delete images that are no longer needed.`,
  );
