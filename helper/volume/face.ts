/** A volume as a server's guest has it. */
export interface GuestDisk {
  readonly serverId: string;
  /** The guest's name of it: 'vdb'. */
  readonly target: string;
}

/** What block storage asks of compute, whose guests use volumes. */
export interface ComputeSide {
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
