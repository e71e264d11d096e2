import type { Static } from 'typebox';
import { transaction } from '../../db/index.ts';
import { badRequest, conflict, forbidden } from '../../errors/error.ts';
import type {
  LimitCreate,
  LimitUpdate,
  RegisteredLimitCreate,
  RegisteredLimitUpdate,
} from '../schemas/limit.ts';
import { findRegion, findService } from '../store/catalog.ts';
import {
  deleteRegisteredLimit,
  findLimit,
  findLimitFor,
  findRegisteredLimit,
  findRegisteredLimitFor,
  hasLimits,
  putLimit,
  putRegisteredLimit,
  type NamedLimitRow,
  type RegisteredLimitRow,
} from '../store/limit.ts';
import { findProject } from '../store/project.ts';
import { present } from './attributes.ts';
import { newId, type IdentityContext } from './context.ts';
import { findDomain } from './projects.ts';

export const registeredLimitView = (base: string, row: RegisteredLimitRow): object => ({
  ...row,
  links: { self: `${base}/registered_limits/${row.id}` },
});

export const limitView = (base: string, row: NamedLimitRow): object => ({
  id: row.id,
  service_id: row.service_id,
  region_id: row.region_id,
  resource_name: row.resource_name,
  project_id: row.project_id,
  domain_id: row.domain_id,
  resource_limit: row.resource_limit,
  description: row.description,
  links: { self: `${base}/limits/${row.id}` },
});

/** @throws {CloudError} badRequest (service, region), conflict. */
function checkRegistered({ db }: IdentityContext, row: RegisteredLimitRow): void {
  if (findService(db, row.service_id) === undefined)
    throw badRequest(`Service ${row.service_id} does not exist.`);
  if (row.region_id !== null && findRegion(db, row.region_id) === undefined)
    throw badRequest(`Region ${row.region_id} does not exist.`);
  const there = findRegisteredLimitFor(db, row.service_id, row.region_id, row.resource_name);
  if (there !== undefined && there.id !== row.id)
    throw conflict('Conflict occurred attempting to store registered_limit - Duplicate entry.');
}

/** All of them or none. */
export function createRegisteredLimits(
  identity: IdentityContext,
  body: Static<typeof RegisteredLimitCreate>['registered_limits'],
): RegisteredLimitRow[] {
  return transaction(identity.db, () =>
    body.map((given) => {
      const row: RegisteredLimitRow = {
        id: newId(),
        service_id: given.service_id,
        region_id: given.region_id ?? null,
        resource_name: given.resource_name,
        default_limit: given.default_limit,
        description: given.description ?? null,
      };
      checkRegistered(identity, row);
      putRegisteredLimit(identity.db, row);
      return row;
    }),
  );
}

/** @throws {CloudError} notFound; forbidden for another place than that of limits that refer to it. */
export function changeRegisteredLimit(
  identity: IdentityContext,
  id: string,
  body: Static<typeof RegisteredLimitUpdate>['registered_limit'],
): RegisteredLimitRow {
  const { db } = identity;
  return transaction(db, () => {
    const row = present(findRegisteredLimit(db, id), 'registered_limit', id);
    const changed: RegisteredLimitRow = { ...row, ...body };
    const moved = (['service_id', 'region_id', 'resource_name'] as const).some(
      (key) => changed[key] !== row[key],
    );
    if (moved && hasLimits(db, id)) throw inUse(id);
    checkRegistered(identity, changed);
    putRegisteredLimit(db, changed);
    return changed;
  });
}

const inUse = (id: string) =>
  forbidden(
    `Unable to update or delete registered limit ${id} because there are project limits associated with it.`,
  );

export function removeRegisteredLimit({ db }: IdentityContext, id: string): void {
  transaction(db, () => {
    present(findRegisteredLimit(db, id), 'registered_limit', id);
    if (hasLimits(db, id)) throw inUse(id);
    deleteRegisteredLimit(db, id);
  });
}

/**
 * Limits for projects or domains, all of them or none.
 * @throws {CloudError} forbidden without a registered limit; badRequest (owner), conflict.
 */
export function createLimits(
  { db }: IdentityContext,
  body: Static<typeof LimitCreate>['limits'],
): NamedLimitRow[] {
  return transaction(db, () =>
    body.map((given) => {
      const projectId = given.project_id ?? null;
      const domainId = given.domain_id ?? null;
      const ownerId = projectId ?? domainId;
      if (ownerId === null || (projectId !== null && domainId !== null))
        throw badRequest('A limit is for one project or one domain.');
      if (projectId !== null && findProject(db, projectId) === undefined)
        throw badRequest(`Project ${projectId} does not exist.`);
      if (domainId !== null && findDomain(db, domainId) === undefined)
        throw badRequest(`Domain ${domainId} does not exist.`);
      const registered = findRegisteredLimitFor(
        db,
        given.service_id,
        given.region_id ?? null,
        given.resource_name,
      );
      if (registered === undefined)
        throw forbidden(
          'Unable to create a limit that has no corresponding registered limit; create that first.',
        );
      if (findLimitFor(db, registered.id, ownerId) !== undefined)
        throw conflict('Conflict occurred attempting to store limit - Duplicate entry.');
      const id = newId();
      putLimit(db, {
        id,
        registered_limit_id: registered.id,
        project_id: projectId,
        domain_id: domainId,
        resource_limit: given.resource_limit,
        description: given.description ?? null,
      });
      return present(findLimit(db, id), 'limit', id);
    }),
  );
}

export function changeLimit(
  { db }: IdentityContext,
  id: string,
  body: Static<typeof LimitUpdate>['limit'],
): NamedLimitRow {
  return transaction(db, () => {
    const { service_id, region_id, resource_name, ...row } = present(findLimit(db, id), 'limit', id);
    const changed = { ...row, ...body };
    putLimit(db, changed);
    return { ...changed, service_id, region_id, resource_name };
  });
}
