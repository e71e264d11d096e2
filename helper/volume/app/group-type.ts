import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { badRequest, conflict, notFound } from '../../errors/error.ts';
import { type Caller, isAdmin } from '../../http/index.ts';
import { isTrue } from '../schemas/common.ts';
import {
  CONSISTENCY_GROUP_TYPE,
  deleteGroupType,
  findGroupType,
  findGroupTypeByName,
  insertGroupType,
  isGroupTypeInUse,
  listGroupTypes,
  removeGroupSpec,
  setGroupSpecs,
  updateGroupType,
  type GroupSpecs,
  type GroupType,
} from '../store/group-type.ts';
import type { Condition, Listed } from '../store/list.ts';
import { notThere, type VolumeContext } from './context.ts';
import { GROUP_TYPE_LIST } from './group-filter.ts';
import { conditionsOf, listQuery } from './list-query.ts';
import { publicFilter } from './type.ts';

export interface GroupTypeRequest {
  readonly name: string;
  readonly description?: string | null;
  readonly is_public?: string | boolean;
  readonly group_specs?: GroupSpecs | null;
}

/** The spec of groups whose snapshots show all volumes as they were at one moment. */
const CONSISTENT = 'consistent_group_snapshot_enabled';

/** Kinds of groups: what holds for all volumes of a group together. */
export class GroupTypes {
  readonly #context: VolumeContext;

  constructor(context: VolumeContext) {
    this.#context = context;
  }

  /** Public, or the caller administers. @throws {CloudError} notFound */
  get(auth: Caller['auth'], id: string): GroupType {
    const type = findGroupType(this.#context.db, id);
    if (type === undefined || (type.is_public === 0 && !isAdmin(auth))) throw notThere('Group type', id);
    return type;
  }

  /** By id or name. @throws {CloudError} notFound */
  usable(auth: Caller['auth'], nameOrId: string): GroupType {
    const { db } = this.#context;
    const type = findGroupType(db, nameOrId) ?? findGroupTypeByName(db, nameOrId);
    if (type === undefined || (type.is_public === 0 && !isAdmin(auth)))
      throw notThere('Group type with name', nameOrId);
    return type;
  }

  /** What the settings name (volume.defaultGroupType). @throws {CloudError} notFound */
  default(): GroupType {
    const { db, config } = this.#context;
    const type =
      config.defaultGroupType === undefined ? undefined : findGroupTypeByName(db, config.defaultGroupType);
    if (type === undefined) throw notFound('Default group type can not be found.');
    return type;
  }

  /** What consistency groups are of, as upstream calls it; made with the first of them. */
  ofConsistencyGroups(): GroupType {
    const { db, now } = this.#context;
    return transaction(db, () => {
      const known = findGroupTypeByName(db, CONSISTENCY_GROUP_TYPE);
      if (known !== undefined) return known;
      const id = randomUUID();
      const at = { created_at: now(), updated_at: now() };
      const description = 'Default group type for migrating cgsnapshot';
      insertGroupType(db, { id, name: CONSISTENCY_GROUP_TYPE, description, is_public: 1, ...at });
      setGroupSpecs(db, id, { [CONSISTENT]: '<is> True' });
      return this.#byId(id);
    });
  }

  list(caller: Caller, query: Readonly<Record<string, string>>): Listed<GroupType> {
    const visible: readonly Condition[] = isAdmin(caller.auth)
      ? publicFilter(query['is_public'])
      : [{ sql: 'is_public = 1', values: [] }];
    return listGroupTypes(this.#context.db, {
      ...listQuery(caller, query, GROUP_TYPE_LIST, null),
      conditions: [...conditionsOf(caller, query, GROUP_TYPE_LIST, null), ...visible],
    });
  }

  create(request: GroupTypeRequest): GroupType {
    const { db, now } = this.#context;
    return transaction(db, () => {
      this.#refuseTaken(request.name);
      const id = randomUUID();
      insertGroupType(db, {
        id,
        name: request.name,
        description: request.description ?? null,
        is_public: request.is_public === undefined || isTrue(request.is_public) ? 1 : 0,
        created_at: now(),
        updated_at: now(),
      });
      setGroupSpecs(db, id, request.group_specs ?? {});
      return this.#byId(id);
    });
  }

  update(
    id: string,
    changes: {
      readonly name?: string | null;
      readonly description?: string | null;
      readonly is_public?: string | boolean;
    },
  ): GroupType {
    const { db, now } = this.#context;
    return transaction(db, () => {
      const type = this.#byId(id);
      const { name, description, is_public } = changes;
      if (typeof name === 'string' && name.trim() === '')
        throw badRequest('Group type name can not be empty.');
      if (name == null && description == null && is_public === undefined)
        throw badRequest('Specify group type name, description or a combination thereof.');
      if (name != null && name !== type.name) this.#refuseTaken(name);
      updateGroupType(db, {
        ...type,
        name: name ?? type.name,
        description: description ?? type.description,
        is_public: is_public === undefined ? type.is_public : isTrue(is_public) ? 1 : 0,
        updated_at: now(),
      });
      return this.#byId(id);
    });
  }

  delete(id: string): void {
    const { db } = this.#context;
    transaction(db, () => {
      this.#byId(id);
      if (isGroupTypeInUse(db, id)) throw badRequest('Target group type is still in use.');
      deleteGroupType(db, id);
    });
  }

  specs(id: string): GroupSpecs {
    return this.#byId(id).group_specs;
  }

  /** @throws {CloudError} notFound */
  spec(id: string, key: string): string | null {
    const specs = this.specs(id);
    const value = Object.hasOwn(specs, key) ? specs[key] : undefined;
    if (value === undefined)
      throw notFound(`Group Type ${id} has no extra spec with key ${key.slice(0, 80)}.`);
    return value;
  }

  setSpecs(id: string, specs: GroupSpecs): void {
    const { db } = this.#context;
    transaction(db, () => {
      this.#byId(id);
      setGroupSpecs(db, id, specs);
    });
  }

  removeSpec(id: string, key: string): void {
    const { db } = this.#context;
    transaction(db, () => {
      this.#byId(id);
      if (!removeGroupSpec(db, id, key))
        throw notFound(`Group Type ${id} has no specs with key ${key.slice(0, 80)}.`);
    });
  }

  #byId(id: string): GroupType {
    const type = findGroupType(this.#context.db, id);
    if (type === undefined) throw notThere('Group type', id);
    return type;
  }

  #refuseTaken(name: string): void {
    if (findGroupTypeByName(this.#context.db, name) !== undefined)
      throw conflict(`Group Type ${name} already exists.`);
  }
}

/** What a back end has to be able to, as extra specs of a volume type would say it; other specs ask nothing of it. */
export function capabilitySpecs({ group_specs }: Pick<GroupType, 'group_specs'>): Record<string, string> {
  const value = group_specs[CONSISTENT];
  return value == null ? {} : { [CONSISTENT]: value };
}
