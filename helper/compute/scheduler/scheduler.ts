import type { Db } from '../../db/index.ts';
import { NoValidHost, type RequestSpec, type Scheduler, type Selection, type Verdict } from '../basics.ts';
import type { HostProviders } from '../../placement/index.ts';
import { hostsOfServers, listHosts, type HostRow } from '../store/host.ts';
import { aggregatesWithHosts } from '../store/aggregate.ts';
import { findServerGroup, membersByHost } from '../store/server-group.ts';
import { FILTERS, GROUP_FILTERS, type Filter, type GroupFacts, type HintFacts } from './filters.ts';
import { hostState, type Allocation, type HostState } from './host-state.ts';
import { placementDemand } from './placement-demand.ts';
import { weigh, type Multipliers } from './weighers.ts';

export interface SchedulerConfig {
  readonly zone: string;
  readonly allocation: Allocation;
  readonly multipliers: Multipliers;
  /** The placement service, for traits and resources that flavors ask for. */
  readonly providers?: HostProviders;
}

/** Filters, then weighs the hosts of the database. */
export class FilterScheduler implements Scheduler {
  readonly #config: SchedulerConfig;

  constructor(config: SchedulerConfig) {
    this.#config = config;
  }

  select(db: Db, spec: RequestSpec, exclude: readonly string[] = []): Selection {
    const { allocation, multipliers, zone } = this.#config;
    const aggregates = aggregatesWithHosts(db);
    const rows = listHosts(db);
    const hosts = rows.map((row) => hostState(row, aggregates, allocation, zone));
    const verdicts: Verdict[] = [];
    const facts = factsOf(db, spec);
    const filters = [...FILTERS, ...this.#placementFilter(db, rows)];
    const passed = filtered(hosts, spec, exclude, facts, verdicts, filters);
    if (passed.length === 0) throw new NoValidHost(verdicts, detailOf(hosts, verdicts));
    const weights = weigh(passed, multipliers, facts);
    const best = passed.find(({ host }) => host === weights[0]?.host) ?? passed[0];
    if (best === undefined) throw new NoValidHost(verdicts);
    return { host: best.host, node: best.node, verdicts, weights };
  }

  /** Asked last: it reads what placement has of the host. */
  #placementFilter(db: Db, rows: readonly HostRow[]): readonly Filter[] {
    const { providers } = this.#config;
    if (providers === undefined) return [];
    const uuids = new Map(rows.map(({ host, uuid }) => [host, uuid]));
    return [
      {
        name: 'PlacementFilter',
        refuse: ({ host }, { serverId, flavor, image }) => {
          const claim = { vcpus: flavor.vcpus, ramMib: flavor.ramMib, diskGib: flavor.diskGib };
          const demand = placementDemand(claim, flavor.extraSpecs, image?.properties);
          return providers.refusal(db, uuids.get(host) ?? '', serverId, demand);
        },
      },
    ];
  }
}

/** Verdicts are noted up to a host's first refusal. A forced host is asked only for what its group promises. */
function filtered(
  hosts: readonly HostState[],
  spec: RequestSpec,
  exclude: readonly string[],
  facts: HintFacts,
  verdicts: Verdict[],
  filters: readonly Filter[],
): readonly HostState[] {
  return hosts.filter((host) => {
    const note = (filter: string, reason: string, passed: boolean): boolean => {
      verdicts.push({ host: host.host, filter, passed, reason });
      return passed;
    };
    if (exclude.includes(host.host)) return note('RetryFilter', 'it failed there before', false);
    const { forceHost, forceNode } = spec;
    if (forceHost !== null && forceHost !== host.host)
      return note('ForcedHost', `wanted is host ${forceHost}`, false);
    if (forceNode !== null && forceNode !== host.node)
      return note('ForcedHost', `wanted is node ${forceNode}`, false);
    const forced = forceHost !== null || forceNode !== null;
    const ask = (filter: Filter): boolean => {
      const refusal = filter.refuse(host, spec, facts);
      return note(filter.name, refusal ?? '', refusal === null);
    };
    if (!forced || spec.forceHostFiltered) return filters.every(ask);
    note('ForcedHost', 'named by the request, filters bypassed', true);
    return GROUP_FILTERS.every(ask);
  });
}

const idList = (hint: unknown): readonly string[] | null => {
  const ids = (Array.isArray(hint) ? hint : [hint]).filter((id) => typeof id === 'string' && id !== '');
  return ids.length === 0 ? null : (ids as string[]);
};

function factsOf(db: Db, { hints, serverId }: RequestSpec): HintFacts {
  const hostsOf = (hint: unknown): readonly string[] | null => {
    const ids = idList(hint);
    return ids === null ? null : hostsOfServers(db, ids);
  };
  return {
    sameHosts: hostsOf(hints['same_host']),
    differentHosts: hostsOf(hints['different_host']),
    group: groupFacts(db, hints['group'], serverId),
  };
}

/** Null for a server in no group, or in one that was deleted since. */
function groupFacts(db: Db, hint: unknown, serverId: string): GroupFacts | null {
  const group = typeof hint === 'string' ? findServerGroup(db, hint) : undefined;
  if (group === undefined) return null;
  return {
    policy: group.policy,
    maxPerHost: group.max_per_host ?? 1,
    members: membersByHost(db, group.id, serverId),
  };
}

/** nova's sentence, and what a person on one desktop wants to know: what is missing. */
function detailOf(hosts: readonly HostState[], verdicts: readonly Verdict[]): string {
  const base = 'There are not enough hosts available.';
  if (hosts.length === 0) return `${base} No compute host has registered: is libvirtd running?`;
  const reasons = verdicts
    .filter(({ passed }) => !passed)
    .map(({ filter, reason }) => `${filter}: ${reason}`);
  return reasons.length === 0 ? base : `${base} (${[...new Set(reasons)].slice(0, 3).join('; ')})`;
}
