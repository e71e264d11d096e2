import type { Aggregate } from '../store/aggregate.ts';
import type { HostRow } from '../store/host.ts';

/** How much more than a host has may be promised to servers; and what of it is the host's own. */
export interface Allocation {
  readonly cpuRatio: number;
  readonly ramRatio: number;
  readonly diskRatio: number;
  /** Kept back for the host. */
  readonly reservedMemoryMib: number;
}

/** Every host is this machine. */
export const HOST_IP = '127.0.0.1';

/** One host as filters and weighers see it; free amounts may be negative. */
export interface HostState {
  readonly host: string;
  readonly node: string;
  readonly enabled: boolean;
  readonly up: boolean;
  readonly disabledReason: string | null;
  readonly zone: string;
  readonly aggregates: readonly Aggregate[];
  readonly hypervisorType: string;
  readonly hypervisorVersion: number;
  readonly accelerator: string;
  readonly cpuArch: string;
  readonly cpuModel: string;
  readonly vcpusTotal: number;
  readonly vcpusUsed: number;
  readonly vcpusLimit: number;
  readonly ramTotalMib: number;
  readonly ramUsedMib: number;
  readonly ramLimitMib: number;
  readonly freeRamMib: number;
  readonly diskTotalGib: number;
  readonly diskUsedGib: number;
  readonly diskLimitGib: number;
  /** By the promises to servers. */
  readonly freeDiskGib: number;
  /** What is really free on the disk now. */
  readonly diskAvailableGib: number;
  readonly servers: number;
  /** Servers that are being worked on. */
  readonly ioOps: number;
}

/** The zone of a host: the first of its aggregates' that has one, or the default. */
export function zoneOfHost(aggregates: readonly Aggregate[], host: string, defaultZone: string): string {
  const zoned = aggregates.find(
    ({ hosts, metadata }) => hosts.includes(host) && metadata['availability_zone'] !== undefined,
  );
  return zoned?.metadata['availability_zone'] ?? defaultZone;
}

export function hostState(
  row: HostRow,
  allAggregates: readonly Aggregate[],
  allocation: Allocation,
  defaultZone: string,
): HostState {
  const aggregates = allAggregates.filter(({ hosts }) => hosts.includes(row.host));
  const ramUsed = row.ram_used + allocation.reservedMemoryMib;
  return {
    host: row.host,
    node: row.node,
    enabled: row.disabled === 0,
    up: row.up === 1 && row.forced_down === 0,
    disabledReason: row.disabled_reason,
    zone: zoneOfHost(allAggregates, row.host, defaultZone),
    aggregates,
    hypervisorType: row.hypervisor_type,
    hypervisorVersion: row.hypervisor_version,
    accelerator: row.accelerator,
    cpuArch: row.cpu_arch,
    cpuModel: row.cpu_model,
    vcpusTotal: row.vcpus,
    vcpusUsed: row.vcpus_used,
    vcpusLimit: Math.floor(row.vcpus * allocation.cpuRatio),
    ramTotalMib: row.memory_mib,
    ramUsedMib: ramUsed,
    ramLimitMib: Math.floor(row.memory_mib * allocation.ramRatio),
    freeRamMib: row.memory_mib - ramUsed,
    diskTotalGib: row.disk_gib,
    diskUsedGib: row.disk_used,
    diskLimitGib: Math.floor(row.disk_gib * allocation.diskRatio),
    freeDiskGib: row.disk_gib - row.disk_used,
    diskAvailableGib: row.disk_free_gib,
    servers: row.claims,
    ioOps: row.busy,
  };
}
