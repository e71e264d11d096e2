import type { SecretStore } from './fake-secrets.ts';
import type { HypervisorInfo } from './interface.ts';

export interface FakeDomainHostOptions {
  readonly owner?: string;
  /** Whether running domains listen on their console sockets and write a log; false by default. */
  readonly consoles?: boolean;
  /** libvirt's store, in which a disk's secret must be when the disk is used. */
  readonly secrets?: SecretStore;
  /** The file behind an iSCSI target, for what is done to a running guest's disk. */
  readonly unitOf?: (iqn: string) => string | undefined;
  readonly hypervisor?: Partial<HypervisorInfo>;
}
