import { randomUUID } from 'node:crypto';
import { transaction, type Db } from '../../db/index.ts';
import { badRequest, conflict } from '../../errors/error.ts';
import { mv, type Microversion } from '../../http/index.ts';
import { providerInUse } from '../store/allocation.ts';
import {
  aggregatesOf,
  childrenOf,
  deleteProvider,
  findProvider,
  findProviderByName,
  insertProvider,
  listProviders,
  providersBelow,
  setAggregates,
  setRoot,
  touchProviders,
  treeOf,
  updateProvider,
  type ProviderRow,
} from '../store/provider.ts';
import { setTraits, traitsOf } from '../store/name.ts';
import {
  CANNOT_DELETE_PARENT,
  DUPLICATE_NAME,
  PROVIDER_IN_USE,
  checkGeneration,
  isTrait,
  requireProvider,
  type PlacementContext,
} from './context.ts';
import { memberCheck, resourcesOf, traitCheck } from './filter.ts';
import { loadWorld, roomFor } from './world.ts';

export interface ProviderRequest {
  readonly name: string;
  readonly uuid?: string;
  readonly parent_provider_uuid?: string | null;
}

/** What a list of providers may be narrowed by. */
export interface ProviderFilter {
  readonly name?: string | undefined;
  readonly uuid?: string | undefined;
  readonly in_tree?: string | undefined;
  readonly resources?: string | undefined;
  readonly member_of: readonly string[];
  readonly required: readonly string[];
}

/** Resource providers, their aggregates and traits. */
export class ProviderApp {
  readonly #context: PlacementContext;

  constructor(context: PlacementContext) {
    this.#context = context;
  }

  list(filter: ProviderFilter, version: Microversion): readonly ProviderRow[] {
    const { db } = this.#context;
    const root = filter.in_tree === undefined ? undefined : findProvider(db, filter.in_tree)?.root_uuid;
    if (filter.in_tree !== undefined && root === undefined) return [];
    const narrow = this.#candidates(filter, root).filter(
      (row) =>
        (filter.name === undefined || row.name === filter.name) &&
        (filter.uuid === undefined || row.uuid === filter.uuid) &&
        (root === undefined || row.root_uuid === root),
    );
    const { resources } = filter;
    if (resources === undefined && filter.member_of.length === 0 && filter.required.length === 0)
      return narrow;
    const amounts = resources === undefined ? undefined : resourcesOf(db, resources, 'resources');
    const member = memberCheck(filter.member_of, version);
    const traits = traitCheck(db, filter.required, version);
    const world = loadWorld(db);
    return narrow.filter(({ uuid }) => {
      const provider = world.providers.get(uuid);
      if (provider === undefined || !member(provider.aggregates)) return false;
      if (!traits.fits(provider.traits)) return false;
      return [...(amounts ?? [])].every(([name, amount]) => roomFor(provider, name, amount));
    });
  }

  /** Those that a name, an id or a tree leaves, by its index; all without any of them. */
  #candidates({ name, uuid }: ProviderFilter, root: string | undefined): readonly ProviderRow[] {
    const { db } = this.#context;
    const one =
      name === undefined
        ? uuid === undefined
          ? null
          : findProvider(db, uuid)
        : findProviderByName(db, name);
    if (one !== null) return one === undefined ? [] : [one];
    return root === undefined ? listProviders(db) : providersBelow(db, root);
  }

  find(uuid: string): ProviderRow {
    return requireProvider(this.#context.db, uuid);
  }

  create(request: ProviderRequest): ProviderRow {
    const { db, clock } = this.#context;
    return transaction(db, () => {
      const uuid = (request.uuid ?? randomUUID()).toLowerCase();
      const twin = findProvider(db, uuid) === undefined ? undefined : `uuid: ${uuid}`;
      const named = findProviderByName(db, request.name) === undefined ? undefined : `name: ${request.name}`;
      const taken = twin ?? named;
      if (taken !== undefined)
        throw conflict(`Conflicting resource provider ${taken} already exists.`, { type: DUPLICATE_NAME });
      const parentUuid = request.parent_provider_uuid ?? null;
      const parent = this.#parent(parentUuid, uuid);
      insertProvider(
        db,
        { uuid, name: request.name, parent_uuid: parentUuid, root_uuid: parent?.root_uuid ?? uuid },
        clock(),
      );
      return this.find(uuid);
    });
  }

  update(uuid: string, request: ProviderRequest, version: Microversion): ProviderRow {
    const { db, clock } = this.#context;
    return transaction(db, () => {
      const row = this.find(uuid);
      const twin = findProviderByName(db, request.name);
      if (twin !== undefined && twin.uuid !== uuid) {
        throw conflict(`Conflicting resource provider name: ${request.name} already exists.`, {
          type: DUPLICATE_NAME,
        });
      }
      const wanted = request.parent_provider_uuid;
      const parent = wanted === undefined ? row.parent_uuid : wanted;
      if (parent !== row.parent_uuid) this.#move(row, parent, version);
      updateProvider(db, uuid, { name: request.name, parent_uuid: parent }, clock());
      return this.find(uuid);
    });
  }

  remove(uuid: string): void {
    const { db } = this.#context;
    transaction(db, () => {
      this.find(uuid);
      if (childrenOf(db, uuid).length > 0)
        throw conflict(
          `Unable to delete parent resource provider ${uuid}: It has child resource providers.`,
          {
            type: CANNOT_DELETE_PARENT,
          },
        );
      if (providerInUse(db, uuid))
        throw conflict(`Unable to delete resource provider ${uuid}: Resource provider has allocations.`, {
          type: PROVIDER_IN_USE,
        });
      deleteProvider(db, uuid);
    });
  }

  aggregates(uuid: string): { readonly row: ProviderRow; readonly aggregates: readonly string[] } {
    return { row: this.find(uuid), aggregates: aggregatesOf(this.#context.db, uuid) };
  }

  /** The generation is looked at where it is given (1.19). */
  setAggregates(uuid: string, aggregates: readonly string[], generation: number | undefined): ProviderRow {
    const { db, clock } = this.#context;
    return transaction(db, () => {
      if (generation !== undefined) checkGeneration(this.find(uuid), generation);
      this.find(uuid);
      setAggregates(db, uuid, [...new Set(aggregates.map((one) => one.toLowerCase()))]);
      if (generation !== undefined) touchProviders(db, [uuid], clock());
      return this.find(uuid);
    });
  }

  traits(uuid: string): { readonly row: ProviderRow; readonly traits: readonly string[] } {
    return { row: this.find(uuid), traits: traitsOf(this.#context.db, uuid) };
  }

  setTraits(uuid: string, traits: readonly string[], generation: number | undefined): ProviderRow {
    const { db, clock } = this.#context;
    return transaction(db, () => {
      const row = this.find(uuid);
      if (generation !== undefined) checkGeneration(row, generation);
      const unknown = traits.filter((trait) => !isTrait(db, trait));
      if (unknown.length > 0) throw badRequest(`No such trait ${unknown.join(', ')}.`);
      setTraits(db, uuid, [...new Set(traits)]);
      touchProviders(db, [uuid], clock());
      return this.find(uuid);
    });
  }

  #parent(parentUuid: string | null, uuid: string): ProviderRow | undefined {
    if (parentUuid === null) return undefined;
    if (parentUuid === uuid)
      throw badRequest(
        'parent provider UUID cannot be same as UUID. Unable to create or save resource provider.',
      );
    const parent = findProvider(this.#context.db, parentUuid);
    if (parent === undefined)
      throw badRequest(`parent_provider_uuid ${parentUuid} does not identify a resource provider.`);
    return parent;
  }

  /** Up to 1.36 a provider can only be given a parent once. */
  #move(row: ProviderRow, parentUuid: string | null, version: Microversion): void {
    const { db } = this.#context;
    const parent = this.#parent(parentUuid, row.uuid);
    if (version < mv('1.37') && row.parent_uuid !== null)
      throw badRequest('Unable to save resource provider: re-parenting a provider is not currently allowed.');
    const below = subtree(db, row);
    if (parent !== undefined && below.includes(parent.uuid))
      throw badRequest(
        'Unable to save resource provider: creating loop in the provider tree is not allowed.',
      );
    setRoot(db, below, parent?.root_uuid ?? row.uuid);
  }
}

/** A provider and all below it. */
function subtree(db: Db, top: ProviderRow): readonly string[] {
  const all = treeOf(db, top.root_uuid);
  const found = [top.uuid];
  for (let i = 0; i < found.length; i += 1)
    for (const { uuid, parent_uuid } of all) if (parent_uuid === found[i]) found.push(uuid);
  return found;
}
