/** Cards and disks of running guests: plugged in at once, and given back when the guest has let go of them. */
import { setTimeout as delay } from 'node:timers/promises';
import { DeviceFlag, type DomainRef, type Libvirt } from '../../libvirt-ts/index.ts';
import { DomainHostError, type DomainDisk, type DomainNic } from './interface.ts';
import { isLibvirtError } from './linux-errors.ts';

/** A guest that is still booting does not hear the request: it is asked again, as nova does. */
const ASK_AGAIN_MS = 10_000;
/** How often to look where no event tells; events may be lost. */
const LOOK_MS = 1_000;

/** What can be plugged in while a guest runs: how libvirt's XML shows that it is there, and its name for people. */
export interface Pluggable {
  readonly mark: string;
  readonly name: string;
}

export const card = ({ macAddress }: DomainNic): Pluggable => ({
  mark: `<mac address='${macAddress}'`,
  name: `card ${macAddress}`,
});

export const pluggedDisk = ({ target }: DomainDisk): Pluggable => ({
  mark: `<target dev='${target}'`,
  name: `disk ${target}`,
});

/** True when a guest that runs has the device. */
export async function hasDevice(libvirt: Libvirt, dom: DomainRef, { mark }: Pluggable): Promise<boolean> {
  try {
    if (!(await libvirt.domainIsActive({ dom }))) return false;
  } catch (error) {
    if (isLibvirtError(error, 'NO_DOMAIN')) return false;
    throw error;
  }
  return (await libvirt.domainGetXmlDesc({ dom })).toLowerCase().includes(mark);
}

/**
 * Asks the guest to let go of a device and waits until it has: libvirt tells by 'device-removed', and what the guest's
 * devices are decides.
 * @throws {DomainHostError} failed when the guest keeps it for `timeoutMs`.
 */
export async function removeDevice(
  libvirt: Libvirt,
  dom: DomainRef,
  device: Pluggable & { readonly xml: string },
  options: { readonly uuid: string; readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  if (!(await hasDevice(libvirt, dom, device))) return;
  const { uuid, timeoutMs, signal } = options;
  const end = Date.now() + timeoutMs;
  let wake = (): void => undefined;
  let asked = 0;
  const removed = await libvirt.subscribe('device-removed', (event) => {
    if (event.dom.uuid === uuid) wake();
  });
  const refused = await libvirt.subscribe('device-removal-failed', (event) => {
    if (event.dom.uuid !== uuid) return;
    asked = 0;
    wake();
  });
  try {
    for (;;) {
      const { promise: woken, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      if (Date.now() - asked > ASK_AGAIN_MS) {
        asked = Date.now();
        // While a request is pending, libvirt refuses another one.
        await libvirt
          .domainDetachDeviceFlags({ dom, xml: device.xml, flags: DeviceFlag.LIVE })
          .catch((error: unknown) => {
            if (!isLibvirtError(error, 'OPERATION_FAILED', 'DEVICE_MISSING', 'OPERATION_INVALID'))
              throw error;
          });
      }
      if (!(await hasDevice(libvirt, dom, device))) return;
      if (Date.now() > end)
        throw new DomainHostError(
          'failed',
          `The guest ${uuid} did not let go of the ${device.name} within ${timeoutMs / 1000} s. ` +
            'Stop the server and detach it then.',
        );
      await Promise.race([woken, delay(LOOK_MS, undefined, signal === undefined ? {} : { signal })]);
      signal?.throwIfAborted();
    }
  } finally {
    removed.close();
    refused.close();
  }
}
