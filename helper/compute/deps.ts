import type { Db } from '../db/index.ts';
import type { ConfigDriveOptions } from '../host/configdrive/index.ts';
import type { DiskHost } from '../host/disk/interface.ts';
import type { DomainHost } from '../host/domain/interface.ts';
import type { Owner, StateFiles } from '../host/files/interface.ts';
import type { SecretHost } from '../host/secret/interface.ts';
import type { Endpoint, Logger, PolicyRules } from '../http/index.ts';
import type { ImageFace } from '../image/face.ts';
import type { NetworkFace } from '../network/face.ts';
import type { VolumeFace } from '../volume/face.ts';
import type { SagaEngine } from '../saga/index.ts';
import type { Basics } from './basics.ts';

/** Writes a config drive's image; host/configdrive's function, or a stand-in. */
export type BuildConfigDrive = (options: ConfigDriveOptions) => Promise<void>;

/** What compute asks of the metadata service. */
export interface ConfigDriveSource {
  /** Content by relative path, as 'openstack/latest/meta_data.json'; SQL only. */
  configDriveFiles(serverId: string): Readonly<Record<string, string | Uint8Array>>;
}

export type ConsoleType = 'novnc' | 'serial';

/** What compute asks of the console service. */
export interface Consoles {
  /** A URL with a one-time token for one server's console (S34). */
  issue(request: {
    readonly serverId: string;
    readonly projectId: string;
    readonly userId: string;
    readonly type: ConsoleType;
    /** `http://host:port` of the request, for the URL. */
    readonly origin: string;
  }): string;
  /** The server whose console a token opens; undefined when it opens none (any more). */
  serverOf(token: string): string | undefined;
  /** The tokens of a server that is going away are worth nothing any more. */
  revoke(serverId: string): void;
}

export interface ComputeConfig {
  /** Name of this compute host in the API and for scheduling. */
  readonly hostName: string;
  /** /var/lib/deskcloud, or a test's own. */
  readonly stateDirectory: string;
  /** /run/deskcloud. */
  readonly runDirectory: string;
  /** Zone of servers for which none was asked, where no aggregate says otherwise. */
  readonly zone: string;
  /** Changes with each boot of the host: /proc/sys/kernel/random/boot_id. */
  readonly bootId: string;
  /** The user that qemu runs as, who must be able to make sockets; the helper's own when absent. */
  readonly guestOwner?: Owner;
  /** Seconds that a guest has to shut down by itself, where its image does not say; 60 by default. */
  readonly shutdownTimeoutSeconds?: number;
  /** Seconds that a shelved server stays on its host (nova's shelved_offload_time); 0 by default, negative for ever. */
  readonly shelvedOffloadSeconds?: number;
  /** Milliseconds for which a deleted server still shows in lists by changes-since; 7 days by default. */
  readonly keepDeletedMs?: number;
}

export interface ComputeDeps {
  readonly db: Db;
  readonly sagas: SagaEngine;
  readonly domains: DomainHost;
  readonly secrets: SecretHost;
  readonly disks: DiskHost;
  readonly files: StateFiles;
  readonly runFiles: StateFiles;
  readonly network: NetworkFace;
  readonly image: ImageFace;
  readonly volume: VolumeFace;
  /** Flavors, key pairs, quotas, scheduler, ... */
  readonly basics: Basics;
  /** Their operations and rules, which are of the same API. */
  readonly basicsEndpoints?: readonly Endpoint[];
  readonly basicsRules?: PolicyRules;
  readonly consoles: Consoles;
  readonly metadata: ConfigDriveSource;
  readonly buildConfigDrive: BuildConfigDrive;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly clock: () => number;
  readonly config: ComputeConfig;
}
