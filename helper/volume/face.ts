import type { Db } from '../db/index.ts';
import type { DiskSource } from '../host/domain/interface.ts';
import type { HostSecret } from '../host/secret/interface.ts';
import type { AuthContext } from '../http/index.ts';

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
  readonly readOnly: boolean;
  /** What its type's QoS specs allow (consumer 'front-end' or 'both'), by libvirt's names. */
  readonly limits: Readonly<Record<string, number>>;
}

/** What compute may do with volumes. Synchronous, SQL only, joins the caller's transaction. */
export interface VolumeFace {
  /** Keeps a volume for a server. @throws {CloudError} notFound, badRequest when it is not free. */
  reserve(
    auth: AuthContext,
    wanted: { readonly id: string; readonly volumeId: string; readonly serverId: string },
  ): void;
  /** It is known where the volume goes. */
  connect(attachmentId: string, place: { readonly host: string | null; readonly mountpoint: string }): void;
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
  /** Deletes a volume that was to go with its server; one that cannot go (it has snapshots) stays. */
  terminate(volumeId: string): void;
}

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
  /** Tells a running guest that a disk has become larger; false when the guest does not run. */
  growAttached(guest: GuestDisk, sizeBytes: number): Promise<boolean>;
}
