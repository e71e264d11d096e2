import type { Db } from '../../db/index.ts';
import { badRequest } from '../../errors/error.ts';
import { mv, type Microversion } from '../../http/index.ts';
import { memberCheck, resourcesOf, traitCheck, type TraitDemand } from './filter.ts';

/** What is wanted together: of one provider where it has a suffix, else of several of a tree. */
export interface RequestGroup {
  readonly suffix: string;
  readonly resources: ReadonlyMap<string, number>;
  readonly traits: TraitDemand;
  readonly member: (aggregates: ReadonlySet<string>) => boolean;
  /** A provider whose tree it must be of. */
  readonly inTree: string | undefined;
}

export interface CandidateQuery {
  /** The one without a suffix first, if it is there. */
  readonly groups: readonly RequestGroup[];
  readonly isolate: boolean;
  readonly limit: number | undefined;
  /** Of the root of the tree (1.35). */
  readonly rootTraits: TraitDemand | undefined;
  /** Groups whose providers must be below one of them (1.36). */
  readonly subtrees: readonly (readonly string[])[];
}

const KEYS = ['resources', 'required', 'member_of', 'in_tree'] as const;
const PLAIN = new Set(['limit', 'group_policy', 'root_required', 'same_subtree']);
const SINCE: Readonly<Record<string, Microversion>> = {
  limit: mv('1.16'),
  required: mv('1.17'),
  member_of: mv('1.21'),
  group_policy: mv('1.25'),
  in_tree: mv('1.31'),
  root_required: mv('1.35'),
  same_subtree: mv('1.36'),
};

const bad = (message: string, code = 'bad_value'): Error =>
  badRequest(message, { type: `placement.query.${code}` });

interface Asked {
  readonly keys: readonly string[];
  readonly all: (key: string) => readonly string[];
}

/** @throws {CloudError} badRequest in placement's words. */
export function parseCandidateQuery(db: Db, asked: Asked, version: Microversion): CandidateQuery {
  const suffixes = new Set<string>();
  for (const key of asked.keys) {
    const { name, suffix } = splitKey(key, version);
    if (version < (SINCE[name] ?? 0))
      throw bad(`Invalid query string parameters: '${key.slice(0, 80)}' was unexpected`);
    if (!PLAIN.has(name)) suffixes.add(suffix);
  }
  const one = (key: string): string | undefined => {
    const values = asked.all(key);
    if (values.length > 1)
      throw badRequest(`Query parameter '${key}' may be given once.`, {
        type: 'placement.query.duplicate_key',
      });
    return values[0];
  };
  const groups = [...suffixes]
    .sort((a, b) => Number(a !== '') - Number(b !== '') || (a < b ? -1 : 1))
    .map((suffix): RequestGroup => {
      const resources = one(`resources${suffix}`);
      if (resources === undefined && !(version >= mv('1.36') && suffix !== ''))
        throw bad(
          `All traits and aggregates must be associated with resources. Found the following orphaned keys: ${suffix || 'required, member_of or in_tree'}`,
          'missing_value',
        );
      const inTree = one(`in_tree${suffix}`);
      return {
        suffix,
        resources: resources === undefined ? new Map() : resourcesOf(db, resources, `resources${suffix}`),
        traits: traitCheck(db, asked.all(`required${suffix}`), version),
        member: memberCheck(asked.all(`member_of${suffix}`), version),
        inTree,
      };
    });
  if (groups.length === 0)
    throw bad("Invalid query string parameters: 'resources' is a required property", 'missing_value');
  const policy = one('group_policy');
  if (policy !== undefined && policy !== 'none' && policy !== 'isolate')
    throw bad(`Invalid query string parameters: '${policy.slice(0, 80)}' is not one of ['none', 'isolate']`);
  if (policy === undefined && groups.filter(({ suffix }) => suffix !== '').length > 1)
    throw bad(
      'The "group_policy" parameter is required when specifying more than one "resources{N}" parameter.',
      'missing_value',
    );
  const root = asked.all('root_required');
  return {
    groups,
    isolate: policy === 'isolate',
    limit: limitOf(one('limit')),
    rootTraits: root.length === 0 ? undefined : traitCheck(db, root, mv('1.38')),
    subtrees: asked.all('same_subtree').map((text) => {
      const list = text.split(',');
      const unknown = list.find((suffix) => suffix === '' || !suffixes.has(suffix));
      if (unknown !== undefined)
        throw bad(
          `Real suffixes should be specified in same_subtree: ${unknown.slice(0, 80)} not found in [${[...suffixes].join(', ')}].`,
        );
      return list;
    }),
  };
}

/** `resources1` from 1.25, `resources_ANY` from 1.33. */
function splitKey(key: string, version: Microversion): { name: string; suffix: string } {
  if (PLAIN.has(key)) return { name: key, suffix: '' };
  for (const name of KEYS) {
    if (!key.startsWith(name)) continue;
    const suffix = key.slice(name.length);
    const pattern = version >= mv('1.33') ? /^[a-zA-Z0-9_-]{1,64}$/ : /^[1-9]\d*$/;
    if (suffix === '' || (version >= mv('1.25') && pattern.test(suffix))) return { name, suffix };
  }
  throw bad(`Invalid query string parameters: '${key.slice(0, 80)}' was unexpected`);
}

function limitOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,9}$/.test(text))
    throw bad(`Invalid query string parameters: '${text.slice(0, 80)}' does not match '^[1-9][0-9]*$'`);
  return Number(text);
}
