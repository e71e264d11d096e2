/** GET /deskcloud/v1/status: what is running here. */
export interface HelperStatus {
  readonly version: string;
  readonly pid: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** 'simulated' makes no guest and no device; it must be said wherever the cloud is shown. */
  readonly host: 'linux' | 'simulated';
  /** What runs the guests and why; null while the hypervisor cannot be asked. */
  readonly hypervisor: {
    readonly accelerator: string;
    readonly reason: string;
    readonly version: string;
  } | null;
  /** Why the hypervisor cannot be asked, with the remedy. */
  readonly hypervisorProblem?: string;
  /** 'http://127.0.0.1:9760'. */
  readonly endpoint: string;
  readonly region: string;
  readonly owner: string;
  readonly stateDirectory: string;
  readonly servers: number;
  readonly stuckOperations: number;
}

/** GET /deskcloud/v1/credentials, only over the desktop's own socket: the administrator's way in. */
export interface DesktopCredentials {
  readonly authUrl: string;
  readonly username: string;
  readonly password: string;
  readonly projectName: string;
  readonly userDomainName: string;
  readonly projectDomainName: string;
  readonly regionName: string;
}

/** GET /deskcloud/v1/external: the network outside the cloud, for who makes the first external network. */
export interface ExternalNetworkPlan {
  readonly physicalNetwork: string;
  readonly cidr: string;
  /** The host's address on it, which is the routers' gateway. */
  readonly gateway: string;
  readonly allocationStart: string;
  readonly allocationEnd: string;
}

/** GET /deskcloud/v1/storage: where disks and images are kept, and what room is left there. */
export interface StorageReport {
  readonly directory: string;
  /** Bytes that may still be written. */
  readonly freeBytes: number;
}
