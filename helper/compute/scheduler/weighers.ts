/** The scheduler's weighers (CREATE-FLOW step 14): of the hosts that may, which one is best. */
import type { HostWeight } from '../basics.ts';
import type { GroupPolicy } from '../schemas/server-group.ts';
import type { HintFacts } from './filters.ts';
import type { HostState } from './host-state.ts';

/** 0 switches a weigher off; negative prefers the full over the empty host. */
export interface Multipliers {
  readonly ram: number;
  readonly disk: number;
  readonly cpu: number;
  readonly ioOps: number;
  readonly softAffinity: number;
  readonly softAntiAffinity: number;
}

/** nova's defaults. */
export const DEFAULT_MULTIPLIERS: Multipliers = {
  ram: 1,
  disk: 1,
  cpu: 1,
  ioOps: -1,
  softAffinity: 1,
  softAntiAffinity: 1,
};

type Weigher = readonly [
  name: string,
  multiplier: keyof Multipliers,
  value: (host: HostState, facts: HintFacts) => number,
];

/** How many of the server's group are on the host, where the group has this policy. */
const members = (policy: GroupPolicy, { host }: HostState, { group }: HintFacts): number =>
  group?.policy === policy ? (group.members.get(host) ?? 0) : 0;

const WEIGHERS: readonly Weigher[] = [
  ['RAMWeigher', 'ram', (host) => host.ramLimitMib - host.ramUsedMib],
  ['DiskWeigher', 'disk', (host) => Math.min(host.diskLimitGib - host.diskUsedGib, host.diskAvailableGib)],
  ['CPUWeigher', 'cpu', (host) => host.vcpusLimit - host.vcpusUsed],
  ['IoOpsWeigher', 'ioOps', (host) => host.ioOps],
  ['ServerGroupSoftAffinityWeigher', 'softAffinity', (host, facts) => members('soft-affinity', host, facts)],
  [
    'ServerGroupSoftAntiAffinityWeigher',
    'softAntiAffinity',
    (host, facts) => -members('soft-anti-affinity', host, facts),
  ],
];

/** The hosts with their weights, best first; ties keep the order in which the hosts came. */
export function weigh(
  hosts: readonly HostState[],
  multipliers: Multipliers,
  facts: HintFacts,
): readonly HostWeight[] {
  const columns = WEIGHERS.map(([name, key, value]) => {
    const values = hosts.map((host) => value(host, facts));
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
