import { expect, test } from 'vitest';
import { ErrorCode, ErrorDomain, LibvirtError } from '../../libvirt-ts/index.ts';
import { untilCalibrated } from './linux-luks.ts';

const failed = (message: string): LibvirtError =>
  new LibvirtError('domainBlockCopy', {
    code: ErrorCode.OPERATION_FAILED,
    domain: ErrorDomain.QEMU,
    message,
    level: 2,
    dom: null,
    str1: message,
    str2: null,
    str3: null,
    int1: -1,
    int2: -1,
    net: null,
  });
const uncalibrated = failed("operation failed: failed to format image: 'Unable to get accurate CPU usage'");

test('QEMU is asked again when it could not measure its processor time, and not without end', async () => {
  let attempts = 0;
  const made = await untilCalibrated(() => {
    attempts++;
    return attempts < 4 ? Promise.reject(uncalibrated) : Promise.resolve('made');
  });
  expect([made, attempts]).toEqual(['made', 4]);
  attempts = 0;
  await expect(
    untilCalibrated(() => {
      attempts++;
      return Promise.reject(uncalibrated);
    }),
  ).rejects.toBe(uncalibrated);
  expect(attempts).toBe(10);
});

test('any other failure is told at once', async () => {
  const full = failed('operation failed: No space left on device');
  let attempts = 0;
  await expect(
    untilCalibrated(() => {
      attempts++;
      return Promise.reject(full);
    }),
  ).rejects.toBe(full);
  expect(attempts).toBe(1);
});
