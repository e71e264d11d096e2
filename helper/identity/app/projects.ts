import type { Static } from 'typebox';
import { transaction, type Db } from '../../db/index.ts';
import { badRequest, conflict, forbidden } from '../../errors/error.ts';
import type { DomainCreate, DomainUpdate, ProjectCreate, ProjectUpdate } from '../schemas/project.ts';
import { DEEPEST } from '../schemas/project.ts';
import { deleteGroup, groupIdsOfDomain } from '../store/group.ts';
import {
  deleteProject,
  depthOf,
  findDomainByName,
  findProject,
  findProjectByName,
  hasChildren,
  hasEnabledChildren,
  insertProject,
  projectIdsOfDomain,
  replaceTags,
  tagsOf,
  updateProject,
  type ProjectRow,
} from '../store/project.ts';
import { deleteTokensOfDomain, deleteTokensOfScope } from '../store/token.ts';
import { deleteUser, userIdsOfDomain } from '../store/user.ts';
import { extrasOf, mergeExtras, parseObject, present, unchanged } from './attributes.ts';
import { newId, type IdentityContext } from './context.ts';

const KNOWN = ['name', 'domain_id', 'parent_id', 'is_domain', 'description', 'enabled', 'options', 'tags'];
const KNOWN_OF_DOMAIN = ['name', 'description', 'enabled', 'options', 'explicit_domain_id'];

/** Projects as answers show them; `base` is where the API is. */
export function projectViews(db: Db, base: string, rows: readonly ProjectRow[]): object[] {
  const tags = tagsOf(
    db,
    rows.map((row) => row.id),
  );
  return rows.map((row) => ({
    ...parseObject(row.extra),
    id: row.id,
    name: row.name,
    domain_id: row.domain_id,
    parent_id: row.parent_id,
    is_domain: row.is_domain === 1,
    description: row.description,
    enabled: row.enabled === 1,
    tags: tags.get(row.id) ?? [],
    options: parseObject(row.options),
    links: { self: `${base}/projects/${row.id}` },
  }));
}

export const projectView = (db: Db, base: string, row: ProjectRow): object => ({
  project: projectViews(db, base, [row])[0],
});

export const domainView = (base: string, row: ProjectRow): object => ({
  ...parseObject(row.extra),
  id: row.id,
  name: row.name,
  description: row.description,
  enabled: row.enabled === 1,
  tags: [],
  options: parseObject(row.options),
  links: { self: `${base}/domains/${row.id}` },
});

const duplicate = (kind: string, name: string, domainId: string | null) =>
  conflict(
    `Conflict occurred attempting to store ${kind} - it is not permitted to have two ${kind}s with the same name${
      domainId === null ? '' : ' in the same domain'
    }: ${name}.`,
  );

/**
 * `fallbackDomain` is the caller's own, for a body that names none.
 * @throws {CloudError} notFound (domain or parent), conflict (name), forbidden (depth, disabled parent).
 */
export function createProject(
  identity: IdentityContext,
  body: Static<typeof ProjectCreate>['project'],
  fallbackDomain: string,
): ProjectRow {
  const { db, clock } = identity;
  return transaction(db, () => {
    if (body.is_domain === true) {
      if (typeof body.parent_id === 'string' || typeof body.domain_id === 'string')
        throw badRequest('A project that acts as a domain has neither parent nor domain.');
      const { name, description, enabled, options } = body;
      return createDomain(identity, {
        ...extrasOf(body, KNOWN),
        name,
        ...(description === undefined ? {} : { description }),
        ...(enabled === undefined ? {} : { enabled }),
        ...(options === undefined ? {} : { options }),
      });
    }
    const parent =
      typeof body.parent_id === 'string'
        ? present(findProject(db, body.parent_id), 'project', body.parent_id)
        : undefined;
    const domainId = body.domain_id ?? parent?.domain_id ?? parent?.id ?? fallbackDomain;
    const domain = findProject(db, domainId);
    if (domain?.is_domain !== 1) throw present(undefined, 'domain', domainId);
    const above = parent ?? domain;
    if ((above.domain_id ?? above.id) !== domainId)
      throw badRequest('The parent project is in another domain.');
    if (above.enabled !== 1) throw forbidden(`Project ${above.id} is disabled; enable it first.`);
    if (depthOf(db, above.id) >= DEEPEST) throw forbidden(`Projects are at most ${DEEPEST} levels deep.`);
    if (findProjectByName(db, domainId, body.name) !== undefined)
      throw duplicate('project', body.name, domainId);
    const row: ProjectRow = {
      id: newId(),
      name: body.name,
      domain_id: domainId,
      parent_id: above.id,
      is_domain: 0,
      description: body.description ?? '',
      enabled: body.enabled === false ? 0 : 1,
      options: JSON.stringify(body.options ?? {}),
      extra: JSON.stringify(extrasOf(body, KNOWN)),
      created_at: clock(),
    };
    insertProject(db, row);
    if (body.tags !== undefined) replaceTags(db, row.id, body.tags);
    return row;
  });
}

/** Disabling revokes all tokens for the project, for good. */
export function changeProject(
  { db }: IdentityContext,
  id: string,
  body: Static<typeof ProjectUpdate>['project'],
): ProjectRow {
  return transaction(db, () => {
    const row = present(findProject(db, id), 'project', id);
    unchanged('domain ID', body.domain_id, row.domain_id);
    unchanged('parent ID', body.parent_id, row.parent_id);
    unchanged('is_domain', body.is_domain, row.is_domain === 1);
    if (body.name !== undefined && body.name !== row.name) {
      const taken =
        row.domain_id === null
          ? findDomainByName(db, body.name)
          : findProjectByName(db, row.domain_id, body.name);
      if (taken !== undefined) throw duplicate('project', body.name, row.domain_id);
    }
    if (body.enabled === false && row.enabled === 1 && row.is_domain === 0 && hasEnabledChildren(db, id))
      throw forbidden(`Cannot disable project ${id} since its subtree contains enabled projects.`);
    const changed: ProjectRow = {
      ...row,
      name: body.name ?? row.name,
      description: body.description === undefined ? row.description : (body.description ?? ''),
      enabled: body.enabled === undefined ? row.enabled : Number(body.enabled),
      options: mergeExtras(row.options, body.options ?? {}),
      extra: mergeExtras(row.extra, extrasOf(body, KNOWN)),
    };
    updateProject(db, changed);
    if (body.tags !== undefined) replaceTags(db, id, body.tags);
    if (changed.enabled === 0) {
      if (row.is_domain === 1) deleteTokensOfDomain(db, id);
      else deleteTokensOfScope(db, id);
    }
    return changed;
  });
}

/** @throws {CloudError} forbidden for a project with others below it, and for a domain that is enabled. */
export function removeProject(identity: IdentityContext, id: string): void {
  const { db } = identity;
  transaction(db, () => {
    const row = present(findProject(db, id), 'project', id);
    if (row.is_domain === 1) {
      removeDomain(identity, id);
      return;
    }
    if (hasChildren(db, id))
      throw forbidden(`Cannot delete the project ${id} since it is not a leaf in the hierarchy.`);
    deleteProject(db, id);
  });
}

/** @throws {CloudError} conflict when the name or the id is taken. */
export function createDomain(
  { db, clock }: IdentityContext,
  body: Static<typeof DomainCreate>['domain'],
): ProjectRow {
  return transaction(db, () => {
    const id = body.explicit_domain_id ?? newId();
    if (findDomainByName(db, body.name) !== undefined) throw duplicate('domain', body.name, null);
    if (findProject(db, id) !== undefined)
      throw conflict(`Conflict occurred attempting to store domain - the ID ${id} is taken.`);
    const row: ProjectRow = {
      id,
      name: body.name,
      domain_id: null,
      parent_id: null,
      is_domain: 1,
      description: body.description ?? '',
      enabled: body.enabled === false ? 0 : 1,
      options: JSON.stringify(body.options ?? {}),
      extra: JSON.stringify(extrasOf(body, KNOWN_OF_DOMAIN)),
      created_at: clock(),
    };
    insertProject(db, row);
    return row;
  });
}

/** The domain with this id, if it is one. */
export const findDomain = (db: Db, id: string): ProjectRow | undefined => {
  const row = findProject(db, id);
  return row?.is_domain === 1 ? row : undefined;
};

/** Disabling revokes the tokens of its users and those for its projects, for good. */
export function changeDomain(
  { db }: IdentityContext,
  id: string,
  body: Static<typeof DomainUpdate>['domain'],
): ProjectRow {
  return transaction(db, () => {
    const row = present(findDomain(db, id), 'domain', id);
    if (body.name !== undefined && body.name !== row.name && findDomainByName(db, body.name) !== undefined)
      throw duplicate('domain', body.name, null);
    const changed: ProjectRow = {
      ...row,
      name: body.name ?? row.name,
      description: body.description === undefined ? row.description : (body.description ?? ''),
      enabled: body.enabled === undefined ? row.enabled : Number(body.enabled),
      options: mergeExtras(row.options, body.options ?? {}),
      extra: mergeExtras(row.extra, extrasOf(body, KNOWN_OF_DOMAIN)),
    };
    updateProject(db, changed);
    if (changed.enabled === 0) deleteTokensOfDomain(db, id);
    return changed;
  });
}

/**
 * Removes a domain with its users, groups and projects.
 * @throws {CloudError} forbidden while it is enabled.
 */
export function removeDomain({ db }: IdentityContext, id: string): void {
  transaction(db, () => {
    const row = present(findDomain(db, id), 'domain', id);
    if (row.enabled === 1)
      throw forbidden('Cannot delete a domain that is enabled, please disable it first.');
    for (const userId of userIdsOfDomain(db, id)) deleteUser(db, userId);
    for (const groupId of groupIdsOfDomain(db, id)) deleteGroup(db, groupId);
    for (const projectId of projectIdsOfDomain(db, id)) deleteProject(db, projectId);
    deleteProject(db, id);
  });
}
