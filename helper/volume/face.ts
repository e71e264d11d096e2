import type { Db } from '../db/index.ts';
import type { DiskSource } from '../host/domain/interface.ts';
import type { HostSecret } from '../host/secret/interface.ts';
import type { AuthContext, Caller } from '../http/index.ts';

/** A volume as a server's guest has it. */
export interface GuestDisk {
  readonly serverId: string;
  /** The guest's name of it: 'vdb'. */
  readonly target: string;
}

/** The disk of a volume, for the guest that it is attached to. */
export interface AttachedDisk {
  readonly volumeId: string;
  /** How the guest reaches it. */
  readonly source: DiskSource;
  readonly format: 'raw' | 'qcow2';
  /** LUKS, opened by the emulator with the secret of this id, which {@link VolumeFace.secrets} has. */
  readonly encryption?: { readonly secretId: string };
  readonly readOnly: boolean;
  /** Several guests may have it at once (a multi-attach volume; always raw). */
  readonly shareable: boolean;
  /** What its type's QoS specs allow (consumer 'front-end' or 'both'), by libvirt's names. */
  readonly limits: Readonly<Record<string, number>>;
}

/** A volume as compute must know it to boot a server from it. */
export interface VolumeInfo {
  readonly id: string;
  readonly sizeGib: number;
  readonly bootable: boolean;
  readonly description: string | null;
  /** What the image said that it was made of. */
  readonly imageMetadata: Readonly<Record<string, string>>;
}

/** A volume that compute asks for. */
export interface NewVolume {
  readonly id: string;
  readonly name: string;
  readonly sizeGib: number;
  /** Name or id; null for the default. */
  readonly type: string | null;
  readonly source: { readonly kind: 'blank' } | { readonly kind: 'image' | 'snapshot'; readonly id: string };
}

/** What compute may do with volumes. Synchronous, SQL only, joins the caller's transaction; but for what returns a promise. */
export interface VolumeFace {
  /** For the proxies of old microversions. */
  readonly proxy: ComputeVolumes;
  /** Whether several servers may have it. @throws {CloudError} notFound */
  isMultiattach(auth: AuthContext, volumeId: string): boolean;
  /** @throws {CloudError} notFound */
  find(auth: AuthContext, volumeId: string): VolumeInfo;
  /** @throws {CloudError} notFound */
  findSnapshot(auth: AuthContext, id: string): { readonly volumeId: string; readonly sizeGib: number };
  /** Whether the caller may use a volume type, by name or id. */
  hasType(auth: AuthContext, type: string): boolean;
  /** Queues the making of a volume, in the name of `auth`. @throws {CloudError} as POST /volumes. */
  make(auth: AuthContext, volume: NewVolume): void;
  /**
   * Waits until a volume's making, or its overwriting, has ended, whatever its outcome.
   * @returns the volume's status; undefined when it is gone.
   */
  settled(
    volumeId: string,
    signal: AbortSignal,
    onProgress: (fraction: number, text: string) => void,
  ): Promise<string | undefined>;
  /** Takes back {@link make}, also while the volume is being made. One that somebody uses stays. */
  abandon(volumeId: string): void;
  /** Queues a snapshot, also of a volume in use. @returns its id. @throws {CloudError} overQuota, badRequest. */
  snapshot(
    auth: AuthContext,
    wanted: { readonly volumeId: string; readonly name: string; readonly description: string },
  ): string;
  /**
   * Queues the overwriting of a server's volume with an image; nobody may write to it meanwhile. It stays attached.
   * @throws {CloudError} badRequest
   */
  reimage(auth: AuthContext, volumeId: string, imageId: string): void;
  /** Keeps a volume for a server. @throws {CloudError} notFound, badRequest when it is not free. */
  reserve(
    auth: AuthContext,
    wanted: { readonly id: string; readonly volumeId: string; readonly serverId: string },
  ): void;
  /** It is known where the volume goes. */
  connect(attachmentId: string, place: { readonly host: string | null; readonly mountpoint: string }): void;
  /** Takes {@link connect} and {@link complete} back: the volume is kept for its server, which is on no host. */
  disconnect(attachmentId: string): void;
  /** The volume is in use. */
  complete(attachmentId: string): void;
  /** @throws {CloudError} badRequest unless it is attached. */
  beginDetach(attachmentId: string): void;
  /** What {@link beginDetach} began does not come about. Idempotent. */
  rollDetach(attachmentId: string): void;
  /** Gives the volume back. Idempotent. */
  release(attachmentId: string): void;
  /** @throws {CloudError} notFound */
  disk(attachmentId: string): AttachedDisk;
  /**
   * What the hypervisor must hold before the disk is used: the passphrase of an encrypted one (its id is the
   * attachment's), the password of a target. None of an attachment that is not there.
   */
  secrets(attachmentId: string): readonly HostSecret[];
  /** Those of all attachments; `settled` where no attach or detach is under way. */
  allSecrets(): readonly (HostSecret & { readonly settled: boolean })[];
  /** Looks whether both volumes of a swap are there. @throws {CloudError} notFound, badRequest for the new one. */
  requireSwappable(auth: AuthContext, ids: { readonly old: string; readonly next: string }): void;
  /**
   * Keeps the volume `volumeId` for a server as the attachment `to`, in place of that of the attachment `from`.
   * @returns the new volume's size in bytes where it is larger than the old one, else null.
   * @throws {CloudError} badRequest as nova and cinder.
   */
  beginSwap(
    auth: AuthContext,
    wanted: {
      readonly serverId: string;
      readonly from: string;
      readonly to: string;
      readonly volumeId: string;
    },
  ): number | null;
  /** Makes the disk of the volume of an attachment anew: empty, and of the size of that of `like`. */
  fit(attachmentId: string, like: string): Promise<void>;
  /** Gives the disk of the volume of an attachment, which no guest uses, its whole size. Idempotent. */
  grow(attachmentId: string): Promise<void>;
  /** Gives the volume of the attachment `to` the content of that of `from`, which nobody writes to. */
  copy(
    from: string,
    to: string,
    options: { readonly signal: AbortSignal; readonly onProgress: (fraction: number) => void },
  ): Promise<void>;
  /** Whether the attachment's volume is reached over iSCSI, and {@link exportTo} has work to do. */
  isExported(attachmentId: string): boolean;
  /** Makes the volume's target let the attachment's server in. Idempotent; before a guest gets the disk. */
  exportTo(attachmentId: string): Promise<void>;
  /** The target does not let it in any more, and goes with the last user. Idempotent; once the guest has let go. */
  endExport(attachmentId: string): Promise<void>;
  /** Deletes a volume that was to go with its server; one that cannot go (it has snapshots) stays. */
  terminate(volumeId: string): void;
}

/** A volume in the words of nova's old proxy. */
export interface ProxyVolume {
  readonly id: string;
  readonly status: string;
  readonly size: number;
  readonly availabilityZone: string | null;
  readonly createdAt: string;
  /** One, which is empty where no server has the volume. */
  readonly attachments: readonly {
    readonly id?: string;
    readonly volumeId?: string;
    readonly serverId?: string;
    readonly device?: string;
  }[];
  readonly displayName: string | null;
  readonly displayDescription: string | null;
  readonly volumeType: string | null;
  readonly snapshotId: string | null;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ProxySnapshot {
  readonly id: string;
  readonly volumeId: string;
  readonly status: string;
  readonly size: number;
  readonly createdAt: string;
  readonly displayName: string | null;
  readonly displayDescription: string | null;
}

export interface ProxyVolumeRequest {
  readonly size: number | string;
  readonly volume_type?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly snapshot_id?: string;
  readonly availability_zone?: string;
  readonly display_name?: string;
  readonly display_description?: string;
}

export interface ProxySnapshotRequest {
  readonly volume_id: string;
  readonly force?: boolean | string;
  readonly display_name?: string;
  readonly display_description?: string;
}

interface Page {
  readonly limit: number;
  readonly offset: number;
}

/** What compute does with volumes for callers of its old microversions. All throw as cinder does. */
export interface ComputeVolumes {
  volumes(caller: Caller, page: Page): readonly ProxyVolume[];
  volume(caller: Caller, id: string): ProxyVolume;
  createVolume(caller: Caller, request: ProxyVolumeRequest): ProxyVolume;
  deleteVolume(caller: Caller, id: string): void;
  snapshots(caller: Caller, page: Page): readonly ProxySnapshot[];
  snapshot(caller: Caller, id: string): ProxySnapshot;
  createSnapshot(caller: Caller, request: ProxySnapshotRequest): ProxySnapshot;
  deleteSnapshot(caller: Caller, id: string): void;
}

/** A disk as a guest is to reach it. */
export type ReachedDisk = Pick<AttachedDisk, 'source' | 'format'>;

/** What block storage asks of compute, whose guests use volumes. */
export interface ComputeSide {
  /** The server that an attachment is of; undefined for those of others. SQL only. */
  serverOf(db: Db, attachmentId: string): string | undefined;
  /**
   * Copies a disk of a running guest as it is at one moment, into a qcow2 file that stands alone; false when the guest
   * does not run: nobody writes to the disk then, and it may be copied directly.
   */
  copyAttached(
    guest: GuestDisk,
    destination: string,
    signal: AbortSignal,
    onProgress: (fraction: number) => void,
  ): Promise<boolean>;
  /**
   * As {@link copyAttached}, for several disks: those of one guest as they are at one and the same moment.
   * @returns the destinations of those whose guests run; the others may be copied directly.
   */
  copyAttachedTogether(
    copies: readonly { readonly guest: GuestDisk; readonly destination: string }[],
    signal: AbortSignal,
    onProgress: (fraction: number) => void,
  ): Promise<readonly string[]>;
  /**
   * Lets the running guest of an attachment write to another disk, too, until both are the same and stay so; false when
   * the guest does not run. The other disk is there and no smaller.
   */
  mirrorAttached(
    db: Db,
    attachmentId: string,
    to: ReachedDisk,
    options: { readonly signal: AbortSignal; readonly onProgress?: (fraction: number) => void },
  ): Promise<boolean>;
  /** Turns the guest to such a disk, or leaves it on its own, and defines it as the rows say. */
  turnAttached(db: Db, attachmentId: string, to: ReachedDisk): Promise<void>;
  /** Writes down what is done to a server by an operation on its volume, in the caller's transaction. */
  beginAction(
    db: Db,
    action: {
      readonly serverId: string;
      readonly action: 'swap_volume' | 'extend_volume';
      readonly requestId: string;
      readonly userId: string;
      readonly projectId: string;
      readonly operationId: string;
      readonly at: number;
    },
  ): void;
  /** The operation has ended: `message` is 'Error', or null. */
  finishAction(db: Db, operationId: string, message: string | null, at: number): void;
  /** Whether a server runs, as its row says. SQL only. */
  isActive(db: Db, serverId: string): boolean;
  /**
   * Does something while the guest, if it runs, neither computes nor writes. May be done again after a crash.
   * @param resume whether the guest goes on then; false for one whose owner has paused it.
   */
  whilePaused(guest: GuestDisk, resume: boolean, work: () => Promise<void>): Promise<void>;
  /** Tells a running guest that a disk has become larger; false when the guest does not run. */
  growAttached(guest: GuestDisk, sizeBytes: number): Promise<boolean>;
}
