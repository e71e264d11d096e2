import type { Secret } from '../../secret.ts';
import type { Capacity, DiskEncryption, DiskFormat } from '../../host/disk/interface.ts';
import type { DiskSource } from '../../host/domain/interface.ts';

/** A place where volumes are kept, as the settings describe it (`volume.backends`). */
export interface Backend {
  /** As in the configuration, 'file'. */
  readonly name: string;
  /** Absolute; of Deskcloud alone. Back ends without files keep only what is unfinished there. */
  readonly directory: string;
  readonly format: DiskFormat;
  /** The directory is a mount (NFS, another disk), and of no use while nothing is mounted there. */
  readonly mounted?: boolean;
  /** LVM keeps its volumes; undefined where files do. */
  readonly lvm?: { readonly volumeGroup: string; readonly thinPool?: string };
  /** How guests reach its volumes: as files of this host (the default), or by iSCSI over the loopback interface. */
  readonly export?: 'local' | 'iscsi';
  /** Percent of its capacity that volumes leave alone. */
  readonly reservedPercentage: number;
  /** How many times its capacity may be promised, since volumes take only what was written. */
  readonly maxOverSubscription: number;
  /** For the goodness weigher, 0 to 100. */
  readonly goodness: number;
  /** cinder's filter_function: volumes come here only when it is true. */
  readonly filterFunction?: string;
  /** cinder's goodness_function, in the place of {@link goodness}. */
  readonly goodnessFunction?: string;
}

/** What a back end keeps, by its name there. Ids are UUIDs that the service made itself. */
export interface Stored {
  readonly kind: 'volume' | 'snapshot';
  readonly id: string;
  /** Where it is not the back end's own: raw for what several guests write to. */
  readonly format?: DiskFormat;
}

/** Where the bytes of a disk are on this host, for whoever copies them. */
export interface Disk {
  readonly path: string;
  readonly format: DiskFormat;
  /** What opens an encrypted one. */
  readonly keyId?: string | null;
}

export interface CloneInto {
  /** Virtual size of the copy in bytes, not smaller than the source's. What is added reads zeros. */
  readonly sizeBytes: number;
  /** Opens an encrypted source. */
  readonly sourceKey?: Secret;
  /** Of the copy; with the source's passphrase its ciphertext is copied as it is. */
  readonly encryption?: DiskEncryption;
  readonly signal?: AbortSignal;
  readonly onProgress?: (fraction: number) => void;
}

/** A disk that a back end holds. */
export interface ForeignDisk {
  /** As the back end shows it. */
  readonly name: string;
  /** What a guest would see; 0 when it cannot be told. */
  readonly sizeBytes: number;
  /** The volume or snapshot that a disk of this name is, or was. */
  readonly stored?: Stored;
  /** Why it must not be taken in. */
  readonly unsafe?: string;
}

/** Disks of a back end that were not made here, or are not kept here any more (cinder's manageable volumes). */
export interface ForeignDisks {
  /** All that it holds, those that are kept here among them. */
  list(): Promise<readonly ForeignDisk[]>;
  /**
   * Makes a disk the one of a volume or snapshot, from now on under its name. Idempotent.
   * @throws {CloudError} badRequest when there is none of this name, or when it is not safe.
   */
  take(name: string, stored: Stored): Promise<ForeignDisk>;
  /** Undoes {@link take}. Idempotent. */
  giveBack(name: string, stored: Stored): Promise<void>;
}

/**
 * One kind of back end: all that sagas do with what it keeps. Names follow from ids, so where a disk is needs no
 * look-up; every method is idempotent. A snapshot is a disk like any other: a clone that nobody writes to, which stands
 * alone.
 */
export interface VolumeDriver {
  readonly backend: Backend;
  /** Makes ready what the back end needs, and removes what a crash left unfinished. Run it before anything else. */
  start(): Promise<void>;
  /** Synchronous, and true whether or not the disk is there yet. */
  local(stored: Stored): Disk;
  /** A file of its own for unfinished work with a disk: 'live', 'upload-<id>'. */
  scratch(stored: Stored, purpose: string): string;
  /** Makes a disk that reads zeros (S46); one that is there with the same size is kept. */
  createEmpty(stored: Stored, sizeBytes: number, encryption?: DiskEncryption): Promise<void>;
  /** Makes a disk with the content of another one that nobody writes to, or gives one that is there that content. */
  clone(stored: Stored, source: Disk, into: CloneInto): Promise<void>;
  /** Makes a disk larger that no guest uses; as large already is success. */
  extend(stored: Stored, sizeBytes: number, encryption?: DiskEncryption): Promise<void>;
  /** Removes a disk, and its unfinished copy ('live'), if they are there: of one format, or whatever there is. */
  remove(stored: Stored): Promise<void>;
  capacity(): Promise<Capacity>;
  /** What its pool says of itself, by cinder's names; extra specs of types are compared with it. */
  capabilities(): Readonly<Record<string, string | boolean>>;
  /** Names of all that the back end holds now, sorted: for looking for what was left behind. */
  list(): Promise<readonly string[]>;
  /** Undefined where nothing can be taken in. */
  readonly foreign?: ForeignDisks;
  /** How a guest of this host reaches a volume that is not exported. */
  connection(volumeId: string, format?: DiskFormat): DiskSource;
}
