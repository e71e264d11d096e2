/** The scheduler's weighers (CREATE-FLOW step 14): of the hosts that may, which one is best. */
import type { HostWeight } from '../basics.ts';
import type { HostState } from './host-state.ts';

/** 0 switches a weigher off; negative prefers the full over the empty host. */
export interface Multipliers {
  readonly ram: number;
  readonly disk: number;
  readonly cpu: number;
  readonly ioOps: number;
}

/** nova's defaults. */
export const DEFAULT_MULTIPLIERS: Multipliers = { ram: 1, disk: 1, cpu: 1, ioOps: -1 };

const WEIGHERS: readonly (readonly [string, keyof Multipliers, (host: HostState) => number])[] = [
  ['RAMWeigher', 'ram', (host) => host.ramLimitMib - host.ramUsedMib],
  ['DiskWeigher', 'disk', (host) => Math.min(host.diskLimitGib - host.diskUsedGib, host.diskAvailableGib)],
  ['CPUWeigher', 'cpu', (host) => host.vcpusLimit - host.vcpusUsed],
  ['IoOpsWeigher', 'ioOps', (host) => host.ioOps],
];

/** The hosts with their weights, best first; ties keep the order in which the hosts came. */
export function weigh(hosts: readonly HostState[], multipliers: Multipliers): readonly HostWeight[] {
  const columns = WEIGHERS.map(([name, key, value]) => {
    const values = hosts.map(value);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return {
      name,
      // From 0 to 1 over the hosts of this request, so that a multiplier means the same for all weighers.
      weights: values.map((one) => (high === low ? 0 : ((one - low) / (high - low)) * multipliers[key])),
    };
  });
  return hosts
    .map(({ host }, index): HostWeight => {
      const weights = Object.fromEntries(columns.map((column) => [column.name, column.weights[index] ?? 0]));
      return { host, weights, total: Object.values(weights).reduce((sum, one) => sum + one, 0) };
    })
    .sort((a, b) => b.total - a.total);
}
