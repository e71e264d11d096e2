import type { Db } from '../db/open.ts';
import type { DiskEncryption } from '../host/disk/interface.ts';
import type { AuthContext } from '../http/index.ts';

/** The property by which an image that an encrypted volume was uploaded to names its key, as cinder's. */
export const IMAGE_KEY_PROPERTY = 'cinder_encryption_key_id';

/** An image as compute needs it. */
export interface ImageInfo {
  readonly id: string;
  readonly name: string | null;
  readonly status: string;
  readonly ownerId: string | null;
  readonly diskFormat: string;
  /** Bytes stored. */
  readonly size: number;
  /** Bytes of the disk inside, from our own parser. */
  readonly virtualSize: number;
  /** GiB. */
  readonly minDisk: number;
  /** MiB. */
  readonly minRam: number;
  /** All custom properties (hw_*, os_*, img_*, ...), strings. */
  readonly properties: Readonly<Record<string, string>>;
}

/** A base on which overlays are made: content-addressed, read-only, kept as long as it is leased. */
export interface BaseImage {
  readonly path: string;
  readonly format: 'raw' | 'qcow2';
  readonly virtualSize: number;
  readonly sha256: string;
}

/** What other services may ask of the image service. */
export interface ImageFace {
  /**
   * An image that the caller may see.
   * @throws {CloudError} notFound
   */
  get(db: Db, auth: AuthContext, imageId: string): ImageInfo;

  /**
   * Says that `userId` (a server's id) has overlays on this image's base, so that collection keeps it (R24). SQL
   * only; idempotent. Released by {@link releaseBase}.
   */
  leaseBase(db: Db, imageId: string, userId: string): void;

  /** Idempotent. The base goes at the next collection when no lease and no image needs it. */
  releaseBase(db: Db, userId: string): void;

  /** Makes sure that the base is in the cache (copied or converted and verified by hash) and says where. */
  ensureBase(
    imageId: string,
    signal: AbortSignal,
    onProgress: (fraction: number) => void,
  ): Promise<BaseImage>;

  /** Makes an image of the caller's project without data, in the caller's transaction: what {@link createFromDisk} fills. */
  reserve(
    db: Db,
    auth: AuthContext,
    image: {
      readonly id: string;
      readonly name: string;
      /** GiB. */
      readonly minDisk: number;
      /** MiB. */
      readonly minRam: number;
      readonly properties: Readonly<Record<string, string>>;
      /** What {@link createFromDisk} turns the disk into; qcow2 by default. */
      readonly diskFormat?: string;
      /** 'bare' by default. */
      readonly containerFormat?: string;
      /** 'private' by default. */
      readonly visibility?: 'community' | 'private' | 'public' | 'shared';
      readonly protected?: boolean;
    },
  ): void;

  /**
   * Gives a reserved image the content of a disk (of our own making, that no guest writes to), without what the disk is
   * based on, in the format that it was reserved with. Idempotent; an image that was deleted meanwhile is no error, and
   * gets nothing.
   * @returns whether the image is there and active.
   */
  createFromDisk(
    imageId: string,
    disk: {
      readonly path: string;
      readonly format?: 'raw' | 'qcow2';
      readonly diskFormat?: string;
      /** Of an encrypted disk of this size, which becomes raw LUKS that the same passphrase opens. */
      readonly encrypted?: { readonly encryption: DiskEncryption; readonly sizeBytes: number };
    },
    signal: AbortSignal,
    onProgress: (fraction: number) => void,
  ): Promise<boolean>;

  /** Makes a reserved image active that has no data and never gets any: its properties say what it is. SQL only. */
  activateEmpty(db: Db, imageId: string): void;

  /** Removes an image that compute made for itself, whatever its state. SQL only; idempotent. */
  discard(db: Db, imageId: string): void;

  /** Snapshots of a server of this kind ('image_type' 'backup'), newest first, for the rotation of backups. */
  backupsOf(db: Db, serverId: string, backupType: string): readonly string[];

  /**
   * What the image proxy of compute's old microversions shows.
   * @throws {CloudError} notFound
   */
  show(db: Db, auth: AuthContext, imageId: string): ImageDetails;

  /** Images that the caller may see, newest first; of one name when it is given. */
  list(
    db: Db,
    auth: AuthContext,
    page: { readonly limit: number; readonly marker?: string },
    name?: string,
  ): readonly ImageDetails[];

  /** As its owner: @throws {CloudError} notFound, forbidden. */
  remove(db: Db, auth: AuthContext, imageId: string): void;

  /** Replaces an image's properties, as its owner. @throws {CloudError} notFound, forbidden. */
  setProperties(
    db: Db,
    auth: AuthContext,
    imageId: string,
    properties: Readonly<Record<string, string>>,
  ): void;
}

export interface ImageDetails extends ImageInfo {
  readonly createdAt: number;
  readonly updatedAt: number;
}
