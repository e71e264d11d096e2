import type { Socket } from 'node:net';
import type { DiskHost } from './disk/interface.ts';
import type { DomainHost } from './domain/interface.ts';
import type { Owner } from './files/interface.ts';
import type { IscsiHost } from './iscsi/interface.ts';
import type { LvmHost } from './lvm/interface.ts';
import type { HostNetwork } from './net/interface.ts';
import type { SecretHost } from './secret/interface.ts';
import type { SetupHost } from './setup/interface.ts';

/** Everything that services may ask of the operating system: the real one, or a simulated one. */
export interface Host {
  readonly kind: 'linux' | 'simulated';
  readonly network: HostNetwork;
  readonly domains: DomainHost;
  readonly disks: DiskHost;
  readonly iscsi: IscsiHost;
  readonly lvm: LvmHost;
  readonly secrets: SecretHost;
  readonly setup: SetupHost;
  /** The user that runs the emulator, who must be able to read disks and to make sockets. */
  readonly guestOwner: Owner | undefined;
  /** Connects to a guest's console socket without following links. */
  readonly connectSocket: (path: string) => Promise<Socket>;
}
