import type { TypedValue } from '../../libvirt-ts/index.ts';
import type { DomainStatistics } from './interface.ts';

/** virConnectGetAllDomainStats' names ('block.0.rd.bytes') as {@link DomainStatistics}. */
export function readStatistics(values: ReadonlyMap<string, TypedValue>): DomainStatistics {
  const number = (name: string): number => Number(values.get(name) ?? 0);
  const indexes = (name: string): readonly number[] =>
    Array.from({ length: number(name) }, (_, index) => index);
  const kib = (name: string): number => Math.floor(number(name) / 1024);
  const memoryMib = kib('balloon.maximum');
  const unused = values.get('balloon.unused');
  return {
    cpuTimes: indexes('vcpu.maximum').map((index) => number(`vcpu.${index}.time`)),
    memoryMib,
    usedMemoryMib: unused === undefined ? memoryMib : memoryMib - Math.floor(Number(unused) / 1024),
    disks: indexes('block.count').map((index) => ({
      readBytes: number(`block.${index}.rd.bytes`),
      readRequests: number(`block.${index}.rd.reqs`),
      writeBytes: number(`block.${index}.wr.bytes`),
      writeRequests: number(`block.${index}.wr.reqs`),
    })),
    nics: indexes('net.count').map((index) => ({
      name: String(values.get(`net.${index}.name`) ?? ''),
      receivedBytes: number(`net.${index}.rx.bytes`),
      receivedPackets: number(`net.${index}.rx.pkts`),
      receivedErrors: number(`net.${index}.rx.errs`),
      receivedDropped: number(`net.${index}.rx.drop`),
      sentBytes: number(`net.${index}.tx.bytes`),
      sentPackets: number(`net.${index}.tx.pkts`),
      sentErrors: number(`net.${index}.tx.errs`),
      sentDropped: number(`net.${index}.tx.drop`),
    })),
  };
}
