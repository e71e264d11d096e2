/** A logical volume of this instance. */
export interface LogicalVolume {
  readonly group: string;
  readonly name: string;
  /** Of whole extents: at least what was asked for. */
  readonly sizeBytes: number;
  readonly active: boolean;
  /** Undefined for a thick one. */
  readonly pool?: string;
  /** Only those that this instance knows. */
  readonly marks: readonly Mark[];
}

/** A word that stays with a volume over crashes and reboots (a tag of LVM's). */
export type Mark = 'unfinished' | `growing-from-${number}`;

export interface ThinPool {
  readonly sizeBytes: number;
  /** What no thin volume has written to. */
  readonly freeBytes: number;
  /** Whether what a thin volume is given reads zeros first (S46). */
  readonly zeroes: boolean;
}

/** A volume group as it is now. */
export interface VolumeGroup {
  readonly totalBytes: number;
  readonly freeBytes: number;
  readonly extentBytes: number;
  /** All that this instance has in it, sorted by name; never what belongs to others. */
  readonly volumes: readonly LogicalVolume[];
  /** Undefined when it is not there, or when none was asked for. */
  readonly pool?: ThinPool;
}

export interface NewVolume {
  readonly group: string;
  readonly name: string;
  readonly sizeBytes: number;
  /** The thin pool to be in. */
  readonly pool?: string;
}

/**
 * Volumes of LVM that this instance made: each has a tag of its owner, and without it nothing is ever changed or removed.
 * Names are checked against LVM's own rules, so that none is an option or a path. Every method is idempotent.
 *
 * All throw {@link LvmError}; its message names cause and remedy.
 */
export interface LvmHost {
  /** Where a volume's bytes are; absolute, and true whether or not it is there yet. */
  path(group: string, name: string): string;
  /** @throws {LvmError} 'unavailable' where there is no device-mapper, no LVM, or no such group. */
  look(group: string, pool?: string): Promise<VolumeGroup>;
  /** Makes a thin pool of all that is free but a little, unless there is one of this name. New room in it reads zeros. */
  ensurePool(group: string, pool: string): Promise<void>;
  /**
   * Makes a volume with the mark 'unfinished', in place of an unfinished one of this name. A thick one reads what was
   * there before, until it is zeroed.
   */
  create(volume: NewVolume): Promise<void>;
  /** Writes zeros from a byte (a multiple of 4096) to the volume's end. */
  zero(group: string, name: string, fromByte: number, signal?: AbortSignal): Promise<void>;
  /** Makes it larger; as large already is success. The new room of a thick one reads what was there before. */
  extend(group: string, name: string, sizeBytes: number): Promise<void>;
  /** Takes an extension back that nobody has seen: only to the size of its mark 'growing-from-...', which goes with it. */
  takeBack(group: string, name: string): Promise<void>;
  mark(group: string, name: string, mark: Mark): Promise<void>;
  unmark(group: string, name: string, mark: Mark): Promise<void>;
  /** There must be no volume of the new name. Renamed already is success. */
  rename(group: string, name: string, to: string): Promise<void>;
  /** Makes its device appear, after a reboot. */
  activate(group: string, name: string): Promise<void>;
  /** Not there is success. @throws {LvmError} 'in-use' while somebody has it open. */
  remove(group: string, name: string): Promise<void>;
}

/** What cannot be done with LVM. The message names cause and remedy. */
export class LvmError extends Error {
  override readonly name = 'LvmError';
  readonly reason: 'unavailable' | 'invalid-name' | 'not-ours' | 'missing' | 'full' | 'in-use' | 'failed';

  constructor(reason: LvmError['reason'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** Where a growth that was not finished began, in bytes; undefined when none is. */
export function growingFrom({ marks }: Pick<LogicalVolume, 'marks'>): number | undefined {
  const mark = marks.find((one) => one.startsWith('growing-from-'));
  return mark === undefined ? undefined : Number(mark.slice('growing-from-'.length));
}
