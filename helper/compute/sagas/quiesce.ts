import type { Quiesce } from '../../host/domain/interface.ts';

const isTrue = (value: string | undefined): boolean => /^(true|yes|on|1)$/i.test(value ?? '');

/**
 * How the guest is asked before its disks are copied: with an agent (`hw_qemu_guest_agent`) it is; what demands it
 * (`os_require_quiesce`) is not copied without. As nova does for images of running servers.
 */
export function quiesceOf(properties: Readonly<Record<string, string>>): { readonly quiesce?: Quiesce } {
  if (isTrue(properties['os_require_quiesce'])) return { quiesce: 'required' };
  return isTrue(properties['hw_qemu_guest_agent']) ? { quiesce: 'wanted' } : {};
}
