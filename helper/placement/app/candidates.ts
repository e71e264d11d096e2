import { notFound } from '../../errors/error.ts';
import { mv, type Microversion } from '../../http/index.ts';
import type { CandidateQuery, RequestGroup } from './candidate-query.ts';
import { SHARES, fits, capacityOf, roomFor, type Provider, type World } from './world.ts';

/** One way to have what is wanted: which group takes what of which provider. */
export interface Candidate {
  readonly allocations: ReadonlyMap<string, ReadonlyMap<string, number>>;
  /** Providers by the suffix of their group. */
  readonly mappings: ReadonlyMap<string, readonly string[]>;
}

/** How one group can be had of a tree. */
type Choice = readonly {
  readonly provider: Provider;
  readonly resourceClass: string;
  readonly amount: number;
}[];

/** So many ways are looked at, and no more: with several groups they multiply. */
const MOST = 10_000;

/**
 * All ways to have what is asked for, each within one tree and what is shared with it by aggregates. Before 1.29 only
 * those that need nothing but roots and sharing providers.
 */
export function findCandidates(
  world: World,
  query: CandidateQuery,
  version: Microversion,
): readonly Candidate[] {
  const found: Candidate[] = [];
  for (const [root, tree] of world.trees) {
    const top = tree.find(({ uuid }) => uuid === root);
    if (top === undefined || (query.rootTraits !== undefined && !query.rootTraits.fits(top.traits))) continue;
    const choices = query.groups.map((group) => choicesOf(world, tree, group));
    if (choices.some((list) => list.length === 0)) continue;
    combine(query, choices, (chosen) => {
      const candidate = candidateOf(query, tree, chosen, version);
      if (candidate !== undefined) found.push(candidate);
      return found.length < MOST;
    });
    if (found.length >= MOST) break;
  }
  const unique = new Map(found.map((one) => [keyOf(one), one]));
  return [...unique.values()].slice(0, query.limit);
}

/** Walks through one choice of each group; ends when `take` says so. */
function combine(
  query: CandidateQuery,
  choices: readonly (readonly Choice[])[],
  take: (chosen: readonly Choice[]) => boolean,
  chosen: readonly Choice[] = [],
): boolean {
  if (chosen.length === query.groups.length) return take(chosen);
  return (choices[chosen.length] ?? []).every((choice) => combine(query, choices, take, [...chosen, choice]));
}

function choicesOf(world: World, tree: readonly Provider[], group: RequestGroup): readonly Choice[] {
  const aggregates = new Set(tree.flatMap((one) => [...one.aggregates]));
  const root = tree[0]?.root;
  const sharing = [...world.providers.values()].filter(
    (one) =>
      one.root !== root && one.traits.has(SHARES) && [...one.aggregates].some((id) => aggregates.has(id)),
  );
  const inTree = group.inTree === undefined ? undefined : treeRoot(world, group.inTree);
  const pool = [...tree, ...sharing].filter(
    (one) => (inTree === undefined || one.root === inTree) && memberOf(world, group, one),
  );
  if (group.suffix !== '') {
    return pool
      .filter((one) => group.traits.fits(one.traits))
      .filter((one) => [...group.resources].every(([name, amount]) => roomFor(one, name, amount)))
      .map((provider) =>
        group.resources.size === 0
          ? [{ provider, resourceClass: '', amount: 0 }]
          : [...group.resources].map(([resourceClass, amount]) => ({ provider, resourceClass, amount })),
      );
  }
  const free = pool.filter((one) => !group.traits.forbidden.some((name) => one.traits.has(name)));
  let ways: readonly Choice[] = [[]];
  for (const [resourceClass, amount] of group.resources) {
    const able = free.filter((one) => roomFor(one, resourceClass, amount));
    ways = ways
      .flatMap((way) => able.map((provider) => [...way, { provider, resourceClass, amount }]))
      .slice(0, MOST);
  }
  // Something must be of the tree itself: sharing providers alone are candidates of their own tree.
  return ways.filter(
    (way) =>
      way.some(({ provider }) => provider.root === root) &&
      group.traits.required.every((any) =>
        way.some(({ provider }) => any.some((name) => provider.traits.has(name))),
      ),
  );
}

/** A provider is in the aggregates of its root, too. */
function memberOf(world: World, group: RequestGroup, provider: Provider): boolean {
  const root = world.providers.get(provider.root);
  return group.member(new Set([...provider.aggregates, ...(root?.aggregates ?? [])]));
}

function treeRoot(world: World, uuid: string): string {
  const found = world.providers.get(uuid);
  if (found === undefined) throw notFound(`No resource provider with uuid ${uuid} found`);
  return found.root;
}

/** Groups together: sums within the capacity, suffixed groups apart where that is asked for. */
function candidateOf(
  query: CandidateQuery,
  tree: readonly Provider[],
  chosen: readonly Choice[],
  version: Microversion,
): Candidate | undefined {
  const allocations = new Map<string, Map<string, number>>();
  const mappings = new Map<string, readonly string[]>();
  for (const [index, choice] of chosen.entries()) {
    const suffix = query.groups[index]?.suffix ?? '';
    mappings.set(suffix, [...new Set(choice.map(({ provider }) => provider.uuid))]);
    for (const { provider, resourceClass, amount } of choice) {
      if (version < mv('1.29') && provider.parent !== null) return undefined;
      if (amount === 0) continue;
      const own = allocations.get(provider.uuid) ?? new Map<string, number>();
      allocations.set(provider.uuid, own);
      const sum = (own.get(resourceClass) ?? 0) + amount;
      const inventory = provider.inventories.get(resourceClass);
      const used = provider.used.get(resourceClass) ?? 0;
      if (inventory === undefined || !fits(inventory, sum) || used + sum > capacityOf(inventory))
        return undefined;
      own.set(resourceClass, sum);
    }
  }
  if (query.isolate) {
    const apart = [...mappings].filter(([suffix]) => suffix !== '').flatMap(([, list]) => list);
    if (new Set(apart).size !== apart.length) return undefined;
  }
  const byId = new Map(tree.map((one) => [one.uuid, one]));
  const together = query.subtrees.every((suffixes) =>
    sameSubtree(
      byId,
      suffixes.flatMap((suffix) => mappings.get(suffix) ?? []),
    ),
  );
  return together && allocations.size > 0 ? { allocations, mappings } : undefined;
}

/** One of them is above all others, or is them. */
function sameSubtree(tree: ReadonlyMap<string, Provider>, uuids: readonly string[]): boolean {
  const above = (uuid: string): ReadonlySet<string> => {
    const path = new Set<string>();
    for (let at = tree.get(uuid); at !== undefined; at = tree.get(at.parent ?? '')) path.add(at.uuid);
    return path;
  };
  const paths = uuids.map(above);
  return uuids.some((uuid) => paths.every((path) => path.has(uuid)));
}

const keyOf = ({ allocations, mappings }: Candidate): string => {
  const parts = [
    ...[...allocations].flatMap(([uuid, own]) => [...own].map(([name, n]) => `${uuid} ${name} ${n}`)),
    ...[...mappings].flatMap(([suffix, list]) => list.map((uuid) => `${suffix}=${uuid}`)),
  ];
  return parts.sort((a, b) => (a < b ? -1 : 1)).join('\n');
};
