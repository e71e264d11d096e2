/** What one check of the machine found. */
export interface Finding {
  /** Stable name: 'libvirt'. */
  readonly id: string;
  /** What was looked at, in words: 'libvirt is running'. */
  readonly title: string;
  /** 'warning' works without; 'missing' does not. */
  readonly status: 'ok' | 'warning' | 'missing';
  /** What was found, with the facts. */
  readonly detail: string;
  /** What the person can do, as a command where there is one. */
  readonly remedy?: string;
  /** True when the set-up can mend it by itself. */
  readonly fixable: boolean;
}

/** All findings, and what apt would be asked for. */
export interface SetupReport {
  readonly findings: readonly Finding[];
  /** Debian packages that are missing, sorted. */
  readonly packages: readonly string[];
  /** True when nothing is missing: guests can be made. */
  readonly ready: boolean;
}

/** How far a fix is. */
export interface SetupProgress {
  /** 0 to 1. */
  readonly fraction: number;
  readonly text: string;
}

/** A file in the state directory of an instance that is simulated: its commands, run later, know it by that. */
export const SIMULATED_MARK = 'simulated';
