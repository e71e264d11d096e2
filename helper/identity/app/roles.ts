import type { Static } from 'typebox';
import { transaction } from '../../db/index.ts';
import { conflict, forbidden } from '../../errors/error.ts';
import type { RoleCreate, RoleUpdate } from '../schemas/role.ts';
import {
  addImplied,
  deleteRole,
  findRole,
  findRoleByName,
  insertRole,
  updateRole,
  type RoleRow,
} from '../store/role.ts';
import { withImplied } from '../store/assignment.ts';
import { extrasOf, mergeExtras, parseObject, present, unchanged } from './attributes.ts';
import { newId, type IdentityContext } from './context.ts';
import { findDomain } from './projects.ts';

const KNOWN = ['name', 'domain_id', 'description', 'options'];

export const roleView = (base: string, row: RoleRow): object => ({
  ...parseObject(row.extra),
  id: row.id,
  name: row.name,
  domain_id: row.domain_id,
  description: row.description,
  options: parseObject(row.options),
  links: { self: `${base}/roles/${row.id}` },
});

export const roleRef = (base: string, { id, name }: { id: string; name: string }): object => ({
  id,
  name,
  links: { self: `${base}/roles/${id}` },
});

const duplicate = (name: string) =>
  conflict(`Conflict occurred attempting to store role - Duplicate entry found with name ${name}.`);

const isImmutable = (row: RoleRow): boolean => parseObject(row.options)['immutable'] === true;

/** @throws {CloudError} notFound (domain), conflict (name). */
export function createRole({ db }: IdentityContext, body: Static<typeof RoleCreate>['role']): RoleRow {
  return transaction(db, () => {
    const domainId = body.domain_id ?? null;
    if (domainId !== null) present(findDomain(db, domainId), 'domain', domainId);
    if (findRoleByName(db, body.name, domainId) !== undefined) throw duplicate(body.name);
    const row: RoleRow = {
      id: newId(),
      name: body.name,
      domain_id: domainId,
      description: body.description ?? null,
      options: JSON.stringify(body.options ?? {}),
      extra: mergeExtras('{}', extrasOf(body, KNOWN)),
    };
    insertRole(db, row);
    return row;
  });
}

/** @throws {CloudError} notFound, conflict (name), forbidden (immutable). */
export function changeRole(
  { db }: IdentityContext,
  id: string,
  body: Static<typeof RoleUpdate>['role'],
): RoleRow {
  return transaction(db, () => {
    const row = present(findRole(db, id), 'role', id);
    unchanged('domain ID', body.domain_id, row.domain_id);
    const options = mergeExtras(row.options, body.options ?? {});
    if (isImmutable(row) && parseObject(options)['immutable'] === true)
      throw forbidden(`Role ${id} is immutable; take its option away first.`);
    const renamed = body.name !== undefined && body.name !== row.name;
    if (renamed && findRoleByName(db, body.name ?? '', row.domain_id) !== undefined)
      throw duplicate(body.name ?? '');
    const changed = {
      ...row,
      name: body.name ?? row.name,
      description: body.description === undefined ? row.description : body.description,
      options,
      extra: mergeExtras(row.extra, extrasOf(body, KNOWN)),
    };
    updateRole(db, changed);
    return changed;
  });
}

/** Assignments, inferences and what credentials had of it go with the role. */
export function removeRole({ db }: IdentityContext, id: string): void {
  transaction(db, () => {
    const row = present(findRole(db, id), 'role', id);
    if (isImmutable(row)) throw forbidden(`Role ${id} is immutable; take its option away first.`);
    deleteRole(db, id);
  });
}

/**
 * Makes one role imply another.
 * @throws {CloudError} notFound; forbidden for admin (it would be gained in silence), for a role of a domain under one
 *   of all domains, and for a circle.
 */
export function implyRole({ db }: IdentityContext, priorId: string, impliedId: string): void {
  transaction(db, () => {
    const prior = present(findRole(db, priorId), 'role', priorId);
    const implied = present(findRole(db, impliedId), 'role', impliedId);
    // Upstream's prohibited_implied_role.
    if (implied.name === 'admin') throw forbidden(`${impliedId} cannot be an implied role.`);
    if (prior.domain_id === null && implied.domain_id !== null)
      throw forbidden(`Domain-specific role ${impliedId} cannot be implied by a role of all domains.`);
    if (withImplied(db, [impliedId]).some((role) => role.id === prior.id))
      throw forbidden(`Role ${impliedId} implies ${priorId} already; they cannot imply each other.`);
    addImplied(db, priorId, impliedId);
  });
}
