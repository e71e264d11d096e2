import { transaction, type Db } from '../../db/index.ts';
import type { Secret } from '../../secret.ts';
import { addGrant } from '../store/assignment.ts';
import {
  findRegion,
  insertEndpoint,
  insertRegion,
  insertService,
  listEndpoints,
  listServices,
} from '../store/catalog.ts';
import { findProject, findProjectByName, insertProject } from '../store/project.ts';
import { addImplied, findRoleByName, insertRole } from '../store/role.ts';
import { findUser, findUserByName, insertUser, updateUser, type UserRow } from '../store/user.ts';
import { newId, type IdentityContext } from './context.ts';
import { deleteTokensOfUser } from '../store/token.ts';

export const DEFAULT_DOMAIN = 'default';
export const ADMIN = 'admin';

/** A service of the catalog and its place below the origin. */
export interface PublishedService {
  readonly type: string;
  readonly name: string;
  /** '/compute/v2.1' */
  readonly path: string;
}

/** As devstack publishes them; image and network without a version (API-GOTCHAS 2). */
export const PUBLISHED: readonly PublishedService[] = [
  { type: 'identity', name: 'keystone', path: '/identity' },
  { type: 'compute', name: 'nova', path: '/compute/v2.1' },
  { type: 'image', name: 'glance', path: '/image' },
  { type: 'placement', name: 'placement', path: '/placement' },
  { type: 'network', name: 'neutron', path: '/networking' },
  // Found by either type: the official one, and the one of older clients (API-GOTCHAS 2).
  { type: 'block-storage', name: 'cinder', path: '/volume/v3' },
  { type: 'volumev3', name: 'cinderv3', path: '/volume/v3' },
];

/** Each implies the next. */
const HIERARCHY = ['admin', 'manager', 'member', 'reader'];
const PROJECTS: readonly [name: string, description: string][] = [
  ['admin', "The administrator's own project"],
  ['service', 'For users that stand for services'],
];

export interface BootstrapOptions {
  /** For the user admin, when there is none yet. */
  readonly adminPassword: Secret;
  /** Gives the user admin this password also when the user is there. */
  readonly resetPassword?: boolean;
  /** By default {@link PUBLISHED}. */
  readonly services?: readonly PublishedService[];
}

export interface Bootstrapped {
  readonly adminUserId: string;
  readonly adminProjectId: string;
  readonly created: boolean;
}

/**
 * Makes what a cloud cannot begin without: domain, roles, administrator, catalog. Adds only what is missing, so that it
 * can run at each start; takes no password hash's time when the administrator is there.
 */
export async function bootstrap(identity: IdentityContext, options: BootstrapOptions): Promise<Bootstrapped> {
  const { db, clock } = identity;
  const there = findUserByName(db, DEFAULT_DOMAIN, ADMIN);
  const needed = there === undefined || options.resetPassword === true;
  const hash = needed ? await identity.passwords.hash(options.adminPassword) : null;
  return transaction(db, () => {
    const now = clock();
    ensureDomain(db, now);
    const roles = ensureRoles(db);
    const projects = PROJECTS.map(([name, description]) => ensureProject(db, name, description, now));
    const adminProjectId = projects[0] as string;
    const user = ensureAdmin(db, hash, adminProjectId, now);
    for (const [target_kind, target_id] of [
      ['project', adminProjectId],
      ['domain', DEFAULT_DOMAIN],
      ['system', 'all'],
    ] as const) {
      addGrant(db, {
        actor_id: user.id,
        actor_kind: 'user',
        target_kind,
        target_id,
        role_id: roles.admin,
        inherited: 0,
      });
    }
    ensureCatalog(db, identity.config.region, options.services ?? PUBLISHED);
    return { adminUserId: user.id, adminProjectId, created: there === undefined };
  });
}

function ensureDomain(db: Db, now: number): void {
  if (findProject(db, DEFAULT_DOMAIN) !== undefined) return;
  insertProject(db, {
    id: DEFAULT_DOMAIN,
    name: 'Default',
    domain_id: null,
    parent_id: null,
    is_domain: 1,
    description: 'The default domain',
    enabled: 1,
    options: '{}',
    extra: '{}',
    created_at: now,
  });
}

function ensureRoles(db: Db): { admin: string } {
  const ensure = (name: string): string => {
    const found = findRoleByName(db, name);
    if (found !== undefined) return found.id;
    const id = newId();
    insertRole(db, { id, name, domain_id: null, description: null, options: '{}', extra: '{}' });
    return id;
  };
  const before = new Set(HIERARCHY.filter((name) => findRoleByName(db, name) !== undefined));
  const ids = HIERARCHY.map(ensure);
  ensure('service');
  for (const [index, id] of ids.entries()) {
    const next = ids[index + 1];
    const pair = HIERARCHY.slice(index, index + 2);
    // A rule between two roles that were there is the administrator's to keep or remove.
    if (next !== undefined && pair.some((name) => !before.has(name))) addImplied(db, id, next);
  }
  return { admin: ids[0] as string };
}

function ensureProject(db: Db, name: string, description: string, now: number): string {
  const found = findProjectByName(db, DEFAULT_DOMAIN, name);
  if (found !== undefined) return found.id;
  const id = newId();
  insertProject(db, {
    id,
    name,
    domain_id: DEFAULT_DOMAIN,
    parent_id: DEFAULT_DOMAIN,
    is_domain: 0,
    description,
    enabled: 1,
    options: '{}',
    extra: '{}',
    created_at: now,
  });
  return id;
}

function ensureAdmin(db: Db, hash: string | null, projectId: string, now: number): UserRow {
  const found = findUserByName(db, DEFAULT_DOMAIN, ADMIN);
  if (found !== undefined) {
    if (hash === null) return found;
    updateUser(db, {
      ...found,
      password_hash: hash,
      password_changed_at: now,
      password_expires_at: null,
      failed_logins: 0,
      enabled: 1,
    });
    deleteTokensOfUser(db, found.id);
    return found;
  }
  const id = newId();
  insertUser(db, {
    id,
    name: ADMIN,
    domain_id: DEFAULT_DOMAIN,
    default_project_id: projectId,
    enabled: 1,
    password_hash: hash,
    password_changed_at: now,
    password_expires_at: null,
    options: '{}',
    extra: '{}',
    created_at: now,
  });
  return findUser(db, id) as UserRow;
}

function ensureCatalog(db: Db, region: string, services: readonly PublishedService[]): void {
  if (findRegion(db, region) === undefined)
    insertRegion(db, { id: region, description: '', parent_region_id: null });
  for (const { type, name, path } of services) {
    let service = listServices(db, { type }, { limit: 1 })[0];
    if (service === undefined) {
      service = { id: newId(), type, name, description: null, enabled: 1 };
      insertService(db, service);
    }
    for (const face of ['public', 'internal', 'admin'] as const) {
      const there = listEndpoints(
        db,
        { serviceId: service.id, interface: face, regionId: region },
        { limit: 1 },
      );
      if (there.length > 0) continue;
      insertEndpoint(db, {
        id: newId(),
        service_id: service.id,
        interface: face,
        region_id: region,
        url: `$(origin)s${path}`,
        enabled: 1,
      });
    }
  }
}
