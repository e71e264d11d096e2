import type { DeviceLook, DeviceQuestion, NetworkDevices } from '../../../contract/devices.ts';
import type { LinkCounters } from '../link/interface.ts';

/** Looks at this instance's devices as they are, and changes nothing. */
export interface DeviceHost {
  /** All of them, with namespaces, services and tables; one command each for the host and every namespace. */
  report(): Promise<Omit<NetworkDevices, 'host'>>;
  /** Of all that are on the host itself; one read of a file. */
  counters(): Promise<readonly LinkCounters[]>;
  /**
   * What a terminal would show, with the commands; [] when this instance has no such thing.
   * @throws {TypeError} on a name that cannot be one.
   */
  look(question: DeviceQuestion): Promise<readonly DeviceLook[]>;
}
