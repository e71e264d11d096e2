import type { Db } from '../db/index.ts';
import type { Secret } from '../secret.ts';

/** The names of a guest's disks: '/dev/vdb'. */
export interface GuestDisks {
  readonly ephemerals: readonly string[];
  readonly swap: string | null;
  readonly volumes: readonly string[];
  /** Those that have a device tag. */
  readonly tagged: readonly {
    readonly tag: string;
    readonly target: string;
    readonly serial: string | null;
  }[];
}

/** A server as the metadata service and config drives tell its guest. */
export interface ServerMetadata {
  readonly id: string;
  readonly name: string;
  readonly hostname: string;
  readonly projectId: string;
  readonly userId: string;
  /** 'instance-%08x'. */
  readonly instanceName: string;
  readonly instanceNumber: number;
  readonly availabilityZone: string;
  readonly launchIndex: number;
  readonly reservationId: string;
  readonly imageId: string | null;
  readonly flavorName: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly keyPair: {
    readonly name: string;
    readonly type: string;
    readonly publicKey: string;
  } | null;
  /** As it came, in base64. */
  readonly userData: Secret | null;
  readonly configDrive: boolean;
  /** What the guest left for its owner; null before. */
  readonly guestPassword: string | null;
  /** Only until the guest ran for the first time; for config drives. */
  readonly adminPassword: Secret | null;
  /** Files of personality (before 2.57), contents in base64. */
  readonly files: readonly { readonly path: string; readonly contents: string }[];
  readonly rootDeviceName: string;
  readonly disks: GuestDisks;
}

/** Where a server's consoles are, for the console service's proxy. */
export interface ServerConsoles {
  readonly projectId: string;
  readonly vncSocketPath: string;
  readonly serialSocketPath: string;
  /** There is a guest to talk to. */
  readonly running: boolean;
}

/** What other services may ask of compute. Synchronous, SQL only, joins the caller's transaction. */
export interface ComputeFace {
  /** Undefined when there is no such server (any more). */
  metadataOf(db: Db, serverId: string): ServerMetadata | undefined;
  /** What the guest leaves for its owner (os-server-password); false when there is something already. */
  storeGuestPassword(db: Db, serverId: string, password: string): boolean;
  consolesOf(db: Db, serverId: string): ServerConsoles | undefined;
  /** Servers that are not deleted, of all projects. */
  countServers(db: Db): number;
}
