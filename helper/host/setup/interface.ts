import type { SetupProgress, SetupReport } from '../../contract/setup.ts';

export type { Finding, SetupProgress, SetupReport } from '../../contract/setup.ts';

/** Finds what this machine lacks for making guests, and mends it. */
export interface SetupHost {
  /** Only looks. Needs no privilege. */
  check(): Promise<SetupReport>;
  /**
   * Mends everything in the report that is fixable; needs root. Idempotent.
   * @throws {Error} that names what could not be done and why.
   */
  fix(report: SetupReport, onProgress: (progress: SetupProgress) => void): Promise<void>;
}
