/** Bits of the `flags` arguments, by the procedures that take them (libvirt-domain.h and its neighbours). */

/** What a change touches: the running domain, its definition, or whichever is current. */
export const Affect = {
  CURRENT: 0,
  LIVE: 1,
  CONFIG: 2,
} as const;

/** domainDefineXmlFlags. */
export const DefineFlag = {
  VALIDATE: 1,
} as const;

/**
 * domainCreateXml, domainCreateWithFlags. Not VIR_DOMAIN_START_AUTODESTROY (2): these calls have a connection of their
 * own, and the domain would end with it.
 */
export const StartFlag = {
  NONE: 0,
  PAUSED: 1,
  BYPASS_CACHE: 4,
  FORCE_BOOT: 8,
  VALIDATE: 16,
  RESET_NVRAM: 32,
} as const;

/** domainUndefineFlags. */
export const UndefineFlag = {
  MANAGED_SAVE: 1,
  SNAPSHOTS_METADATA: 2,
  NVRAM: 4,
  KEEP_NVRAM: 8,
  CHECKPOINTS_METADATA: 16,
  TPM: 32,
  KEEP_TPM: 64,
} as const;

/** domainDestroyFlags. */
export const DestroyFlag = {
  DEFAULT: 0,
  GRACEFUL: 1,
  REMOVE_LOGS: 2,
} as const;

/** domainShutdownFlags. */
export const ShutdownFlag = {
  DEFAULT: 0,
  ACPI_POWER_BTN: 1,
  GUEST_AGENT: 2,
  INITCTL: 4,
  SIGNAL: 8,
  PARAVIRT: 16,
} as const;

/** domainReboot. */
export const RebootFlag = {
  DEFAULT: 0,
  ACPI_POWER_BTN: 1,
  GUEST_AGENT: 2,
  INITCTL: 4,
  SIGNAL: 8,
  PARAVIRT: 16,
} as const;

/** domainAttachDeviceFlags, domainDetachDeviceFlags, domainUpdateDeviceFlags. */
export const DeviceFlag = {
  CURRENT: 0,
  LIVE: 1,
  CONFIG: 2,
  FORCE: 4,
} as const;

/** domainGetXmlDesc. */
export const XmlFlag = {
  SECURE: 1,
  INACTIVE: 2,
  UPDATE_CPU: 4,
  MIGRATABLE: 8,
} as const;

/** connectListAllDomains. */
export const ListFlag = {
  ACTIVE: 1,
  INACTIVE: 2,
  PERSISTENT: 4,
  TRANSIENT: 8,
  RUNNING: 16,
  PAUSED: 32,
  SHUTOFF: 64,
  OTHER: 128,
  MANAGEDSAVE: 256,
  NO_MANAGEDSAVE: 512,
  AUTOSTART: 1024,
  NO_AUTOSTART: 2048,
  HAS_SNAPSHOT: 4096,
  NO_SNAPSHOT: 8192,
  HAS_CHECKPOINT: 16384,
  NO_CHECKPOINT: 32768,
} as const;

/** connectGetAllDomainStats: groups of statistics. */
export const StatsType = {
  STATE: 1,
  CPU_TOTAL: 2,
  BALLOON: 4,
  VCPU: 8,
  INTERFACE: 16,
  BLOCK: 32,
  PERF: 64,
  IOTHREAD: 128,
  MEMORY: 256,
  DIRTYRATE: 512,
  VM: 1024,
} as const;

/** connectGetAllDomainStats. */
export const StatsFlag = {
  ACTIVE: 1,
  INACTIVE: 2,
  PERSISTENT: 4,
  TRANSIENT: 8,
  RUNNING: 16,
  PAUSED: 32,
  SHUTOFF: 64,
  OTHER: 128,
  NOWAIT: 536870912,
  BACKING: 1073741824,
  ENFORCE_STATS: 2147483648,
} as const;

/** domainSetVcpusFlags, domainGetVcpusFlags. */
export const VcpuFlag = {
  CURRENT: 0,
  LIVE: 1,
  CONFIG: 2,
  MAXIMUM: 4,
  GUEST: 8,
  HOTPLUGGABLE: 16,
} as const;

/** domainSetMemoryFlags. */
export const MemoryFlag = {
  CURRENT: 0,
  LIVE: 1,
  CONFIG: 2,
  MAXIMUM: 4,
} as const;

/** domainBlockResize; without BYTES the size is KiB. */
export const BlockResizeFlag = {
  BYTES: 1,
} as const;

/** domainBlockRebase. */
export const BlockRebaseFlag = {
  SHALLOW: 1,
  REUSE_EXT: 2,
  COPY_RAW: 4,
  COPY: 8,
  RELATIVE: 16,
  COPY_DEV: 32,
  BANDWIDTH_BYTES: 64,
} as const;

/** domainBlockCopy. */
export const BlockCopyFlag = {
  SHALLOW: 1,
  REUSE_EXT: 2,
  TRANSIENT_JOB: 4,
  SYNCHRONOUS_WRITES: 8,
} as const;

/** domainBlockCommit. */
export const BlockCommitFlag = {
  SHALLOW: 1,
  DELETE: 2,
  ACTIVE: 4,
  RELATIVE: 8,
  BANDWIDTH_BYTES: 16,
} as const;

/** domainBlockPull. */
export const BlockPullFlag = {
  BANDWIDTH_BYTES: 64,
} as const;

/** domainBlockJobAbort. */
export const BlockJobAbortFlag = {
  ASYNC: 1,
  PIVOT: 2,
} as const;

/** domainGetBlockJobInfo. */
export const BlockJobInfoFlag = {
  BANDWIDTH_BYTES: 1,
} as const;

/** domainSnapshotCreateXml. */
export const SnapshotCreateFlag = {
  REDEFINE: 1,
  CURRENT: 2,
  NO_METADATA: 4,
  HALT: 8,
  DISK_ONLY: 16,
  REUSE_EXT: 32,
  QUIESCE: 64,
  ATOMIC: 128,
  LIVE: 256,
  VALIDATE: 512,
} as const;

/** domainListAllSnapshots. */
export const SnapshotListFlag = {
  ROOTS: 1,
  DESCENDANTS: 1,
  LEAVES: 4,
  NO_LEAVES: 8,
  METADATA: 2,
  NO_METADATA: 16,
  INACTIVE: 32,
  ACTIVE: 64,
  DISK_ONLY: 128,
  INTERNAL: 256,
  EXTERNAL: 512,
  TOPOLOGICAL: 1024,
} as const;

/** domainRevertToSnapshot. */
export const SnapshotRevertFlag = {
  RUNNING: 1,
  PAUSED: 2,
  FORCE: 4,
  RESET_NVRAM: 8,
} as const;

/** domainSnapshotDelete. */
export const SnapshotDeleteFlag = {
  CHILDREN: 1,
  METADATA_ONLY: 2,
  CHILDREN_ONLY: 4,
} as const;

/** domainSaveFlags, domainRestoreFlags, domainManagedSave. */
export const SaveFlag = {
  BYPASS_CACHE: 1,
  RUNNING: 2,
  PAUSED: 4,
  RESET_NVRAM: 8,
} as const;

/** domainCoreDumpWithFormat. */
export const CoreDumpFlag = {
  CRASH: 1,
  LIVE: 2,
  BYPASS_CACHE: 4,
  RESET: 8,
  MEMORY_ONLY: 16,
} as const;

/** domainOpenConsole. */
export const ConsoleFlag = {
  FORCE: 1,
  SAFE: 2,
} as const;

/** qemuDomainMonitorCommand. */
export const MonitorCommandFlag = {
  DEFAULT: 0,
  HMP: 1,
} as const;

/** domainSetUserPassword. */
export const PasswordFlag = {
  ENCRYPTED: 1,
} as const;

/** connectListAllSecrets. */
export const SecretListFlag = {
  EPHEMERAL: 1,
  NO_EPHEMERAL: 2,
  PRIVATE: 4,
  NO_PRIVATE: 8,
} as const;
