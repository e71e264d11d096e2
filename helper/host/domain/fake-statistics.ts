import type { DomainSpec, DomainStatistics } from './interface.ts';

/** What a guest has done that does nothing. */
export function noStatistics(spec: DomainSpec): DomainStatistics {
  const nothing = { readBytes: 0, readRequests: 0, writeBytes: 0, writeRequests: 0 };
  return {
    cpuTimes: Array.from({ length: spec.vcpus }, () => 0),
    memoryMib: spec.memoryMib,
    usedMemoryMib: spec.memoryMib,
    disks: spec.disks.map(() => nothing),
    nics: spec.nics.map(({ tapName }) => ({
      name: tapName,
      receivedBytes: 0,
      receivedPackets: 0,
      receivedErrors: 0,
      receivedDropped: 0,
      sentBytes: 0,
      sentPackets: 0,
      sentErrors: 0,
      sentDropped: 0,
    })),
  };
}
