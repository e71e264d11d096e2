import type { Secret } from '../../secret.ts';

/**
 * Where the emulator finds a disk: a file, a device, or a logical unit that its own initiator logs in to. Paths and names are
 * Deskcloud's own, never a caller's.
 */
export type DiskSource =
  | { readonly kind: 'file'; readonly path: string }
  /** A block device of this host. */
  | { readonly kind: 'block'; readonly path: string }
  | {
      readonly kind: 'iscsi';
      /** The portal. */
      readonly host: string;
      readonly port: number;
      readonly iqn: string;
      readonly lun: number;
      /** The initiator's own name, which the target's access rules know. */
      readonly initiator: string;
      /** The password is in libvirt's secret of this UUID. */
      readonly chap: { readonly user: string; readonly secretId: string };
    };

/** A disk of a guest. */
export interface DomainDisk {
  /** 'vda', 'vdb', 'sda', 'hda' ... as the guest's bus names it. */
  readonly target: string;
  readonly bus: 'virtio' | 'scsi' | 'sata' | 'ide' | 'usb';
  readonly device: 'disk' | 'cdrom';
  readonly format: 'raw' | 'qcow2';
  readonly source: DiskSource;
  /** LUKS: the secret of this id is in libvirt's store when the disk is used (host/secret). */
  readonly encryption?: { readonly secretId: string };
  /** Shown to the guest, at most 20 characters for virtio. */
  readonly serial?: string;
  readonly readOnly?: boolean;
  /** Other guests may have it at the same time; raw only, since formats with tables of their own would be torn. */
  readonly shareable?: boolean;
  readonly bootIndex?: number;
  /** How fast it may be, by libvirt's names in iotune: bytes or requests per second. */
  readonly limits?: Readonly<Partial<Record<DiskLimit, number>>>;
}

/**
 * The file behind a disk.
 * @param unitOf knows the file of a target, on a host that only plays one.
 * @throws {Error} for a disk that is no file of this host.
 */
export function fileOf(
  { source, target }: DomainDisk,
  unitOf: (iqn: string) => string | undefined = () => undefined,
): string {
  if (source.kind !== 'iscsi') return source.path;
  const path = unitOf(source.iqn);
  if (path !== undefined) return path;
  throw new Error(`the disk ${target} is no file: it is reached as ${source.iqn}`);
}

/** libvirt's iotune, in the order that its schema has. */
export const DISK_LIMITS = [
  'total_bytes_sec',
  'read_bytes_sec',
  'write_bytes_sec',
  'total_iops_sec',
  'read_iops_sec',
  'write_iops_sec',
  'total_bytes_sec_max',
  'read_bytes_sec_max',
  'write_bytes_sec_max',
  'total_iops_sec_max',
  'read_iops_sec_max',
  'write_iops_sec_max',
  'size_iops_sec',
] as const;
export type DiskLimit = (typeof DISK_LIMITS)[number];

/** A network card on a tap device that exists already. */
export interface DomainNic {
  readonly portId: string;
  readonly tapName: string;
  readonly macAddress: string;
  readonly mtu: number;
  readonly model: 'virtio' | 'e1000' | 'e1000e' | 'rtl8139' | 'ne2k_pci' | 'pcnet';
}

/** All that a domain is made of. The XML follows from it alone, so it can be made again at any time. */
export interface DomainSpec {
  /** The server's id. */
  readonly uuid: string;
  /** 'instance-%08x'. */
  readonly name: string;
  /** Display name, project, flavor and image for the metadata element; free text of users. */
  readonly labels: {
    readonly serverName: string;
    readonly projectId: string;
    readonly flavorName: string;
    readonly imageId: string | null;
  };
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly disks: readonly DomainDisk[];
  readonly nics: readonly DomainNic[];
  /** File that gets all the serial console's output; written by virtlogd, with its rotation. */
  readonly consoleLogPath: string;
  /** Unix socket of the serial console. */
  readonly serialSocketPath: string;
  /** Unix socket of VNC. */
  readonly vncSocketPath: string;
  /** hw_* image properties that change the hardware. */
  readonly hardware: {
    readonly machine?: string;
    readonly videoModel?: 'virtio' | 'vga' | 'cirrus' | 'qxl' | 'bochs' | 'none';
    readonly rng?: boolean;
    readonly guestAgent?: boolean;
    readonly watchdog?: 'reset' | 'poweroff' | 'pause' | 'none';
  };
}

/** libvirt's virDomainState, as nova's power_state has it. */
export type PowerState = 'nostate' | 'running' | 'paused' | 'shutdown' | 'crashed' | 'suspended';

/** One domain as the host has it. */
export interface DomainStatus {
  readonly uuid: string;
  readonly name: string;
  readonly powerState: PowerState;
}

/**
 * Whether the guest's agent is to bring its file systems to rest for the moment of a copy: 'wanted' goes on without when
 * it cannot, 'required' fails.
 */
export type Quiesce = 'wanted' | 'required';

/** Something happened to a domain; a hint to look, never the truth itself. */
export interface DomainHint {
  readonly uuid: string;
  readonly event:
    | 'started'
    | 'stopped'
    | 'suspended'
    | 'resumed'
    | 'defined'
    | 'undefined'
    | 'crashed'
    | 'rebooted'
    | 'resync';
}

/** What a running guest has done so far, as the hypervisor counts it. */
export interface DomainStatistics {
  /** Nanoseconds, one for each processor. */
  readonly cpuTimes: readonly number[];
  readonly memoryMib: number;
  readonly usedMemoryMib: number;
  readonly disks: readonly {
    readonly readBytes: number;
    readonly readRequests: number;
    readonly writeBytes: number;
    readonly writeRequests: number;
  }[];
  readonly nics: readonly {
    /** The tap's name. */
    readonly name: string;
    readonly receivedBytes: number;
    readonly receivedPackets: number;
    readonly receivedErrors: number;
    readonly receivedDropped: number;
    readonly sentBytes: number;
    readonly sentPackets: number;
    readonly sentErrors: number;
    readonly sentDropped: number;
  }[];
}

/** What the hypervisor is and has. */
export interface HypervisorInfo {
  readonly hypervisorType: string;
  readonly hypervisorVersion: number;
  readonly libvirtVersion: number;
  readonly hostname: string;
  readonly cpuArch: string;
  readonly cpuModel: string;
  readonly vcpus: number;
  readonly memoryMib: number;
  /** 'kvm' where it really works, 'qemu' (emulation) otherwise, 'simulated' on a simulated host. */
  readonly accelerator: 'kvm' | 'qemu' | 'simulated';
  /** Why the accelerator is what it is, for people. */
  readonly acceleratorReason: string;
}

export type DomainHostErrorReason = 'notFound' | 'unavailable' | 'failed' | 'invalidState' | 'unknownOutcome';

/** A failure of the hypervisor. The message names cause and remedy. */
export class DomainHostError extends Error {
  override readonly name = 'DomainHostError';
  readonly reason: DomainHostErrorReason;
  /** Another attempt may succeed: everything here is idempotent, and the daemon may only be restarting (R30). */
  readonly retryable: boolean;

  constructor(reason: DomainHostErrorReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.reason = reason;
    this.retryable = reason === 'unavailable' || reason === 'unknownOutcome';
  }
}

/** A disk of a running guest ('vda') and the file that its content is copied to. */
export interface LiveCopy {
  readonly target: string;
  readonly destination: string;
  /** Of an encrypted disk, whose copy is encrypted with the same secret. */
  readonly encryption?: DomainDisk['encryption'];
}

/**
 * Guests, through libvirt. Every method is idempotent: it looks first, and what is already so is no error. All record
 * what they do (host/record.ts).
 */
export interface DomainHost {
  hypervisor(): Promise<HypervisorInfo>;
  /** Defines (or redefines) the domain persistently and returns its XML. Does not start it. */
  define(spec: DomainSpec): Promise<string>;
  /** Starts a defined domain; running already is success; a saved or paused one is resumed. */
  start(uuid: string): Promise<void>;
  /** Asks the guest to shut down (ACPI) and resolves when it has, or false after `timeoutMs`. */
  shutdown(uuid: string, timeoutMs: number, signal?: AbortSignal): Promise<boolean>;
  /** Pulls the plug. Not running or not there is success. */
  destroy(uuid: string): Promise<void>;
  /** Asks the guest to reboot, with an answer as {@link shutdown}. */
  reboot(uuid: string): Promise<void>;
  /** Resets the machine as its button would. */
  reset(uuid: string): Promise<void>;
  suspend(uuid: string): Promise<void>;
  resume(uuid: string): Promise<void>;
  /** Removes definition, managed save and snapshot records. Not there is success. Must not be running. */
  undefine(uuid: string): Promise<void>;
  status(uuid: string): Promise<DomainStatus | undefined>;
  /** Domains of this instance of Deskcloud only: those whose metadata element carries its owner tag. */
  list(): Promise<readonly DomainStatus[]>;
  /** Calls back at each hint until the returned function is called. After a reconnect comes one 'resync' per listener. */
  watch(listener: (hint: DomainHint) => void): () => void;
  /** PNG or PPM bytes of the screen. */
  screenshot(uuid: string): Promise<{ readonly mimeType: string; readonly data: Buffer }>;
  /** By the guest's agent; a guest without one is an error that says so. */
  setUserPassword(uuid: string, user: string, password: Secret): Promise<void>;
  /** Writes the guest's memory to the host and stops it; {@link start} goes on from there. Stopped already is success. */
  save(uuid: string): Promise<void>;
  /**
   * Copies a running (or paused) guest's disk as it is at the end of the copy, without what it is based on: a qcow2
   * file that stands alone. The guest goes on. An old file at `destination` is replaced.
   * @param target the disk's name in the guest: 'vda'.
   */
  copyDisk(
    uuid: string,
    target: string,
    destination: string,
    options?: {
      readonly signal?: AbortSignal;
      readonly onProgress?: (fraction: number) => void;
      /** Of an encrypted disk, whose copy is encrypted with the same secret. */
      readonly encryption?: { readonly secretId: string };
      readonly quiesce?: Quiesce;
    },
  ): Promise<void>;
  /**
   * Copies several disks of a running (or paused) guest, all as they are at one and the same moment near the beginning:
   * qcow2 files that stand alone. The guest goes on, and its writes meanwhile are not in the copies. Old files at the
   * destinations are replaced.
   */
  copyDisks(
    uuid: string,
    copies: readonly LiveCopy[],
    options?: {
      readonly signal?: AbortSignal;
      readonly onProgress?: (fraction: number) => void;
      readonly quiesce?: Quiesce;
    },
  ): Promise<void>;
  /** Plugs a card into a running guest; there already, or not running, is success. Its definition does not change. */
  attachNic(uuid: string, nic: DomainNic): Promise<void>;
  /**
   * Unplugs a card of a running guest, which has to let go of it. Not there, or not running, is success.
   * @throws {DomainHostError} failed when the guest keeps it for `timeoutMs`.
   */
  detachNic(uuid: string, nic: DomainNic, timeoutMs: number, signal?: AbortSignal): Promise<void>;
  /**
   * Plugs a disk into a running guest; there already, or no guest that runs, is success: a definition, which does not
   * change, has it at the next start.
   */
  attachDisk(uuid: string, disk: DomainDisk): Promise<void>;
  /**
   * Unplugs a disk of a running guest, which has to let go of it. Not there, or no guest that runs, is success.
   * @throws {DomainHostError} failed when the guest keeps it for `timeoutMs`.
   */
  detachDisk(uuid: string, disk: DomainDisk, timeoutMs: number, signal?: AbortSignal): Promise<void>;
  /**
   * Lets a running (or paused) guest write to another disk, too, beside the one that has this target, and copies what is
   * there. Resolves when both are the same, as they then stay: with false when the guest does not run, so that nobody
   * writes. The guest's disk already, or mirrored already, is success. The other disk must be there and no smaller.
   */
  mirrorDisk(
    uuid: string,
    disk: DomainDisk,
    options?: { readonly signal?: AbortSignal; readonly onProgress?: (fraction: number) => void },
  ): Promise<boolean>;
  /**
   * Turns the guest to a disk that {@link mirrorDisk} has made the same; its own disk stays it, and ends the mirroring.
   * A guest that does not run is success. Its definition does not change.
   */
  turnDisk(uuid: string, disk: DomainDisk): Promise<void>;
  /** Makes a disk of a running (or paused) guest larger, which sees that at once. As large already is success. */
  growDisk(uuid: string, target: string, sizeBytes: number): Promise<void>;
  /** A non-maskable interrupt, at which most guests write a crash dump. */
  injectNmi(uuid: string): Promise<void>;
  /** Of a guest that runs or is paused. */
  statistics(uuid: string): Promise<DomainStatistics>;
  close(): Promise<void>;
}
