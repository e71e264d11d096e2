import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { badRequest, conflict, notFound } from '../../errors/error.ts';
import { type Caller, isAdmin } from '../../http/index.ts';
import { isTrue } from '../schemas/common.ts';
import type { Condition, Listed } from '../store/list.ts';
import { removePairs, setPairs } from '../store/list.ts';
import {
  accessOf,
  addAccess,
  defaultTypeOf,
  defaultTypes,
  deleteType,
  findType,
  findTypeByName,
  insertType,
  isTypeInUse,
  isTypeOfGroup,
  listTypes,
  removeAccess,
  setDefaultType,
  unsetDefaultType,
  updateType,
  type DefaultTypeRow,
  type VolumeType,
} from '../store/type.ts';
import { notThere, type VolumeContext } from './context.ts';
import { conditionsOf, listQuery } from './list-query.ts';
import { TYPE_LIST } from './volume-filter.ts';

/** The cloud's own type, cinder's name of it; always there. */
export const DEFAULT_TYPE = '__DEFAULT__';

export interface TypeRequest {
  readonly name: string;
  readonly description?: string | null;
  readonly extra_specs?: Readonly<Record<string, string>> | null;
  readonly 'os-volume-type-access:is_public'?: string | boolean;
}

/** Kinds of volumes: what back end they are on and how they behave. */
export class Types {
  readonly #context: VolumeContext;

  constructor(context: VolumeContext) {
    this.#context = context;
  }

  /** Makes what a cloud cannot begin without. */
  ensureDefault(): void {
    const { db } = this.#context;
    transaction(db, () => {
      if (findTypeByName(db, DEFAULT_TYPE) === undefined)
        this.#insert({ name: DEFAULT_TYPE, description: 'Default Volume Type' });
    });
  }

  /** Of rows that name it. */
  byId(id: string): VolumeType {
    const type = findType(this.#context.db, id);
    if (type === undefined) throw notThere('Volume type', id);
    return type;
  }

  /** A type that the caller may know of: public, or open to the caller's project. @throws {CloudError} notFound */
  get(auth: Caller['auth'], id: string): VolumeType {
    const type = findType(this.#context.db, id);
    if (type === undefined || !this.#canUse(auth, type)) throw notThere('Volume type', id);
    return type;
  }

  /** By id or name. @throws {CloudError} notFound */
  usable({ auth }: Caller, nameOrId: string): VolumeType {
    const { db } = this.#context;
    const type = findType(db, nameOrId) ?? findTypeByName(db, nameOrId);
    if (type === undefined || !this.#canUse(auth, type)) throw notThere('Volume type with name', nameOrId);
    return type;
  }

  defaultFor(projectId: string): VolumeType {
    const own = defaultTypeOf(this.#context.db, projectId);
    if (own !== undefined) return this.byId(own.volume_type_id);
    const type = findTypeByName(this.#context.db, DEFAULT_TYPE);
    if (type === undefined) throw notFound('Default volume type can not be found.');
    return type;
  }

  list(caller: Caller, query: Readonly<Record<string, string>>): Listed<VolumeType> {
    const listing = listQuery(caller, query, TYPE_LIST, null);
    return listTypes(this.#context.db, {
      ...listing,
      conditions: [...conditionsOf(caller, query, TYPE_LIST, null), ...this.#visible(caller, query)],
    });
  }

  create(request: TypeRequest): VolumeType {
    const { db } = this.#context;
    return transaction(db, () => {
      if (findTypeByName(db, request.name) !== undefined)
        throw conflict(`Volume Type ${request.name} already exists.`);
      return this.#insert(request);
    });
  }

  update(
    id: string,
    changes: {
      readonly name?: string | null;
      readonly description?: string | null;
      readonly is_public?: string | boolean;
    },
  ): VolumeType {
    const { db, now } = this.#context;
    return transaction(db, () => {
      const type = this.byId(id);
      const { name, description, is_public } = changes;
      if (name == null && description == null && is_public === undefined)
        throw badRequest('Specify volume type name, description, is_public or a combination thereof.');
      if (name != null && name !== type.name) {
        if (type.name === DEFAULT_TYPE)
          throw badRequest(`The type ${DEFAULT_TYPE} keeps its name; make another one.`);
        if (findTypeByName(db, name) !== undefined) throw conflict(`Volume Type ${name} already exists.`);
      }
      updateType(db, {
        ...type,
        name: name ?? type.name,
        description: description === undefined ? type.description : description,
        is_public: is_public === undefined ? type.is_public : isTrue(is_public) ? 1 : 0,
        updated_at: now(),
      });
      return this.byId(id);
    });
  }

  delete(id: string): void {
    const { db } = this.#context;
    transaction(db, () => {
      const type = this.byId(id);
      if (type.name === DEFAULT_TYPE || defaultTypes(db).some((one) => one.volume_type_id === id))
        throw badRequest(`The volume type ${id} is the default volume type and cannot be deleted.`);
      if (isTypeInUse(db, id) || isTypeOfGroup(db, id))
        throw badRequest('Target volume type is still in use.');
      deleteType(db, id);
    });
  }

  setExtraSpecs(id: string, specs: Readonly<Record<string, string>>): void {
    const { db } = this.#context;
    transaction(db, () => {
      const type = this.byId(id);
      if (specs['multiattach'] !== undefined && specs['multiattach'] !== type.extra_specs['multiattach'])
        this.#refuseInUse(id);
      setPairs(db, 'volume_type_extra_spec', id, specs);
    });
  }

  removeExtraSpec(id: string, key: string): void {
    const { db } = this.#context;
    transaction(db, () => {
      this.byId(id);
      if (key === 'multiattach') this.#refuseInUse(id);
      if (removePairs(db, 'volume_type_extra_spec', id, key) === 0)
        throw notFound(`Volume Type ${id} has no extra specs with key ${key.slice(0, 80)}.`);
    });
  }

  #refuseInUse(id: string): void {
    if (isTypeInUse(this.#context.db, id))
      throw badRequest('Volume Type is currently in use: multiattach cannot be changed for its volumes.');
  }

  /** @throws {CloudError} notFound of public types, which have no list. */
  access(id: string): readonly string[] {
    if (this.byId(id).is_public === 1) throw notFound('Access list not available for public volume types.');
    return accessOf(this.#context.db, id);
  }

  addAccess(id: string, projectId: string): void {
    const { db, projectExists } = this.#context;
    transaction(db, () => {
      if (this.byId(id).is_public === 1)
        throw conflict('Type access modification is not applicable to public volume type.');
      if (!projectExists(projectId))
        throw badRequest(`Project ID ${projectId.slice(0, 80)} is not a valid project.`);
      if (!addAccess(db, id, projectId))
        throw conflict(`Volume type access for ${id} / ${projectId} combination already exists.`);
    });
  }

  removeAccess(id: string, projectId: string): void {
    const { db } = this.#context;
    transaction(db, () => {
      if (this.byId(id).is_public === 1)
        throw conflict('Type access modification is not applicable to public volume type.');
      if (!removeAccess(db, id, projectId))
        throw notFound(`Volume type access not found for ${id} / ${projectId.slice(0, 80)} combination.`);
    });
  }

  /** What projects have for their default. */
  defaults(): readonly DefaultTypeRow[] {
    return defaultTypes(this.#context.db);
  }

  defaultOf(projectId: string): DefaultTypeRow {
    const found = defaultTypeOf(this.#context.db, projectId);
    if (found === undefined) throw notFound(`Default type for project ${projectId.slice(0, 80)} not found.`);
    return found;
  }

  setDefault(caller: Caller, projectId: string, nameOrId: string): DefaultTypeRow {
    const { db, projectExists } = this.#context;
    return transaction(db, () => {
      if (!projectExists(projectId))
        throw badRequest(`Project ID ${projectId.slice(0, 80)} is not a valid project.`);
      setDefaultType(db, projectId, this.usable(caller, nameOrId).id);
      return this.defaultOf(projectId);
    });
  }

  unsetDefault(projectId: string): void {
    transaction(this.#context.db, () => unsetDefaultType(this.#context.db, projectId));
  }

  #insert(request: TypeRequest): VolumeType {
    const { db, now } = this.#context;
    const id = randomUUID();
    const isPublic = request['os-volume-type-access:is_public'];
    insertType(db, {
      id,
      name: request.name,
      description: request.description ?? null,
      is_public: isPublic === undefined || isTrue(isPublic) ? 1 : 0,
      qos_specs_id: null,
      created_at: now(),
      updated_at: now(),
    });
    setPairs(db, 'volume_type_extra_spec', id, request.extra_specs ?? {});
    return this.byId(id);
  }

  #canUse(auth: Caller['auth'], type: VolumeType): boolean {
    if (type.is_public === 1 || isAdmin(auth)) return true;
    return auth.projectId !== undefined && accessOf(this.#context.db, type.id).includes(auth.projectId);
  }

  /** `is_public` is for administrators. */
  #visible(caller: Caller, query: Readonly<Record<string, string>>): readonly Condition[] {
    const mine: Condition = {
      sql: 'is_public = 1 OR id IN (SELECT volume_type_id FROM volume_type_access WHERE project_id = ?)',
      values: [caller.auth.projectId ?? ''],
    };
    return isAdmin(caller.auth) ? publicFilter(query['is_public']) : [mine];
  }
}

/**
 * What an administrator's `is_public` asks for: 'None' all, without it what is public.
 * @throws {CloudError} badRequest for what is neither true nor false.
 */
export function publicFilter(asked: string | undefined): readonly Condition[] {
  if (asked === undefined) return [{ sql: 'is_public = 1', values: [] }];
  if (/^none$/i.test(asked)) return [];
  if (!/^(t|true|1|on|y|yes|f|false|0|off|n|no)$/i.test(asked))
    throw badRequest(`Invalid is_public filter [${asked.slice(0, 40)}]`);
  return [{ sql: 'is_public = ?', values: [isTrue(asked) ? 1 : 0] }];
}
