import type { Secret } from '../../secret.ts';

/** Who may log in to a target: by CHAP, and from one initiator where its name is known. */
export interface IscsiAccount {
  /** Unique on the host. */
  readonly user: string;
  /** 12 to 16 characters, as initiators ask for. */
  readonly password: Secret;
  /** The initiator's name; null lets any of this host's in that knows the password. */
  readonly initiator: string | null;
}

/** A disk that is exported: one target with one logical unit. */
export interface IscsiTarget {
  /** 'iqn.2010-10.org.openstack:volume-<id>', as cinder names them. */
  readonly iqn: string;
  /** The raw file or block device behind it; absolute, of Deskcloud's own. */
  readonly path: string;
  readonly accounts: readonly IscsiAccount[];
}

/** A target as the host has it. */
export interface IscsiTargetStatus {
  readonly iqn: string;
  /** Null while it has no logical unit. */
  readonly path: string | null;
  readonly users: readonly string[];
  /** Names and addresses that may log in, sorted. */
  readonly initiators: readonly string[];
  /** Names of initiators that are logged in. */
  readonly sessions: readonly string[];
}

/** Where targets are reached. */
export interface IscsiPortal {
  readonly host: string;
  readonly port: number;
}

/** The number of the disk in each target; 0 is tgt's controller. */
export const LUN = 1;

/**
 * iSCSI targets of this instance, on the loopback interface, by one target daemon of its own: it runs while there is
 * something to export and outlives the helper, since guests' disks are behind it.
 *
 * Every method is idempotent. Passwords go to the daemon over its socket: no command line, record or log has them.
 */
export interface IscsiHost {
  readonly portal: IscsiPortal;
  /**
   * Makes the target as it is described, and starts the daemon when it does not run.
   * @throws {IscsiError} that names cause and remedy.
   */
  ensure(target: IscsiTarget): Promise<void>;
  /** Ends the target, and sessions that it still has; ends the daemon with the last of them. Not there is success. */
  remove(iqn: string): Promise<void>;
  /**
   * Looks at the disk's size again, which initiators then see. Nobody may write to it meanwhile: its users have to be
   * paused. Not there is success.
   */
  grow(iqn: string): Promise<void>;
  /** All targets; none while the daemon does not run. */
  list(): Promise<readonly IscsiTargetStatus[]>;
  isRunning(): boolean;
  /** Ends the daemon and all targets. */
  removeAll(): Promise<void>;
}

/** What could not be done with a target. The message names cause and remedy. */
export class IscsiError extends Error {
  override readonly name = 'IscsiError';
}
