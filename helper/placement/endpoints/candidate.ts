import { endpoint, mv, type Endpoint, type Microversion } from '../../http/index.ts';
import { parseCandidateQuery } from '../app/candidate-query.ts';
import { findCandidates, type Candidate } from '../app/candidates.ts';
import type { PlacementContext } from '../app/context.ts';
import { capacityOf, loadWorld, type Provider, type World } from '../app/world.ts';
import { Candidates } from '../schemas/allocation.ts';
import { answer } from './answer.ts';

/** GET /allocation_candidates (1.10): ways to have what is asked for. */
export const candidateEndpoints = ({ db, clock }: PlacementContext): readonly Endpoint[] => [
  endpoint({
    id: 'allocation_candidates:list',
    min: mv('1.10'),
    method: 'GET',
    path: '/allocation_candidates',
    policy: 'placement:allocation_candidates:list',
    response: Candidates,
    ok: 200,
    handler: ({ query, queryAll, version }) => {
      const keys = Object.keys(query as unknown as object);
      const asked = parseCandidateQuery(db, { keys, all: queryAll }, version);
      const world = loadWorld(db);
      const found = findCandidates(world, asked, version);
      const classes = new Set(asked.groups.flatMap(({ resources }) => [...resources.keys()]));
      return answer(
        version,
        {
          allocation_requests: found.map((one) => requestBody(one, version)),
          provider_summaries: Object.fromEntries(
            summarised(world, found, version).map((one) => [one.uuid, summaryBody(one, classes, version)]),
          ),
        },
        clock(),
      );
    },
  }),
];

function requestBody({ allocations, mappings }: Candidate, version: Microversion): object {
  const each = [...allocations].map(([uuid, own]) => ({ uuid, resources: Object.fromEntries(own) }));
  return {
    allocations:
      version >= mv('1.12')
        ? Object.fromEntries(each.map(({ uuid, resources }) => [uuid, { resources }]))
        : each.map(({ uuid, resources }) => ({ resource_provider: { uuid }, resources })),
    ...(version >= mv('1.34') ? { mappings: Object.fromEntries(mappings) } : {}),
  };
}

/** Providers of the candidates; from 1.29 on all of their trees. */
function summarised(
  { providers, trees }: World,
  found: readonly Candidate[],
  version: Microversion,
): readonly Provider[] {
  const used = new Set(found.flatMap(({ allocations }) => [...allocations.keys()]));
  const own = [...used].map((uuid) => providers.get(uuid)).filter((one) => one !== undefined);
  if (version < mv('1.29')) return own;
  return [...new Set(own.map(({ root }) => root))].flatMap((root) => trees.get(root) ?? []);
}

/** From 1.27 on with all classes that the provider has. */
const summaryBody = (one: Provider, classes: ReadonlySet<string>, version: Microversion): object => ({
  resources: Object.fromEntries(
    [...one.inventories]
      .filter(([name]) => version >= mv('1.27') || classes.has(name))
      .map(([name, inventory]) => [name, { capacity: capacityOf(inventory), used: one.used.get(name) ?? 0 }]),
  ),
  ...(version >= mv('1.17') ? { traits: [...one.traits].sort() } : {}),
  ...(version >= mv('1.29') ? { parent_provider_uuid: one.parent, root_provider_uuid: one.root } : {}),
});
