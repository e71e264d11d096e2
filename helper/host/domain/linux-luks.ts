import { isLibvirtError } from './linux-errors.ts';

/** Enough that it never fails by this alone: on a loaded host about one attempt of five does. */
const ATTEMPTS = 10;

/**
 * Has QEMU make an encrypted disk. To choose the rounds of PBKDF2, QEMU measures its own processor time, and gives up
 * when the kernel's tick has not counted any yet (7.2's crypto/pbkdf.c: 'Unable to get accurate CPU usage').
 * It says so before anything is done, so it is asked again.
 */
export async function untilCalibrated<T>(makeDisk: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await makeDisk();
    } catch (error) {
      if (attempt === ATTEMPTS || !isUncalibrated(error)) throw error;
    }
  }
}

const isUncalibrated = (error: unknown): boolean =>
  isLibvirtError(error, 'OPERATION_FAILED') && error.message.includes('accurate CPU usage');
