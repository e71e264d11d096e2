import { transaction } from '../../db/index.ts';
import { forbidden, notFound } from '../../errors/error.ts';
import { deleteApplicationCredentialsOf } from '../store/application-credential.ts';
import {
  addGrant,
  hasGrant,
  removeGrant,
  type ActorKind,
  type AssignmentRow,
  type NamedAssignmentRow,
  type TargetKind,
} from '../store/assignment.ts';
import { findGroup, memberIds } from '../store/group.ts';
import { findProject, listBelow } from '../store/project.ts';
import { findRole } from '../store/role.ts';
import { findUser } from '../store/user.ts';
import { present } from './attributes.ts';
import type { IdentityContext } from './context.ts';
import { findDomain } from './projects.ts';

/** Actor and target of grants, as a path names them. */
export type GrantPlace = Omit<AssignmentRow, 'role_id'>;

/** @throws {CloudError} notFound for an actor or a target that is not there. */
export function checkPlace({ db }: IdentityContext, place: GrantPlace): void {
  const { actor_id: actorId, target_id: targetId } = place;
  if (place.target_kind === 'project') present(findProject(db, targetId), 'project', targetId);
  if (place.target_kind === 'domain') present(findDomain(db, targetId), 'domain', targetId);
  if (place.actor_kind === 'user') present(findUser(db, actorId), 'user', actorId);
  else present(findGroup(db, actorId), 'group', actorId);
}

function domainOf({ db }: IdentityContext, { target_kind, target_id }: GrantPlace): string | undefined {
  if (target_kind === 'system') return undefined;
  const target = findProject(db, target_id);
  return target?.domain_id ?? target?.id;
}

/** For policy: the domains that a grant joins, and its role. What is not there is in no domain. */
export function grantTarget(
  identity: IdentityContext,
  place: GrantPlace & { readonly role_id?: string | undefined },
): {
  readonly domain_id: string | null;
  readonly actor_domain_id: string | null;
  readonly role_name: string | null;
  readonly role_domain_id: string | null;
} {
  const { db } = identity;
  const { actor_kind, actor_id, role_id } = place;
  const actor = actor_kind === 'user' ? findUser(db, actor_id) : findGroup(db, actor_id);
  const role = role_id === undefined ? undefined : findRole(db, role_id);
  return {
    domain_id: domainOf(identity, place) ?? null,
    actor_domain_id: actor?.domain_id ?? null,
    role_name: role?.name ?? null,
    role_domain_id: role?.domain_id ?? null,
  };
}

const absent = (grant: AssignmentRow) =>
  notFound(
    `Could not find role assignment with role: ${grant.role_id}, user or group: ${grant.actor_id}, project, domain, or system: ${grant.target_id}.`,
  );

export function grantRole(identity: IdentityContext, grant: AssignmentRow): void {
  const { db } = identity;
  transaction(db, () => {
    checkPlace(identity, grant);
    const role = present(findRole(db, grant.role_id), 'role', grant.role_id);
    // Upstream's DomainSpecificRoleNotWithinIdPDomain: a role of a domain is for that domain's projects.
    if (role.domain_id !== null && role.domain_id !== domainOf(identity, grant))
      throw forbidden(`Role ${role.id} belongs to another domain than what it would be granted on.`);
    addGrant(db, grant);
  });
}

export function checkGrant(identity: IdentityContext, grant: AssignmentRow): void {
  checkPlace(identity, grant);
  present(findRole(identity.db, grant.role_id), 'role', grant.role_id);
  if (!hasGrant(identity.db, grant)) throw absent(grant);
}

/** Who loses a role on a project loses the application credentials for it, as upstream has it. */
export function revokeRole(identity: IdentityContext, grant: AssignmentRow): void {
  const { db } = identity;
  transaction(db, () => {
    // The actor may be gone already; its grant can be taken away all the same.
    present(findRole(db, grant.role_id), 'role', grant.role_id);
    if (!removeGrant(db, grant)) throw absent(grant);
    const projects =
      grant.inherited === 1
        ? listBelow(db, grant.target_id).map((project) => project.id)
        : grant.target_kind === 'project'
          ? [grant.target_id]
          : [];
    const users = grant.actor_kind === 'user' ? [grant.actor_id] : memberIds(db, grant.actor_id);
    for (const userId of users) deleteApplicationCredentialsOf(db, userId, projects);
  });
}

/** Path of an assignment's own resource, where it was granted. */
function assignmentPath(row: NamedAssignmentRow): string {
  const target: Record<TargetKind, string> = {
    project: `projects/${row.source_id}`,
    domain: `domains/${row.source_id}`,
    system: 'system',
  };
  const actor: Record<ActorKind, string> = { user: 'users', group: 'groups' };
  const path = `${target[row.source_kind]}/${actor[row.actor_kind]}/${row.actor_id}/roles/${row.role_id}`;
  return row.inherited === 1 ? `OS-INHERIT/${path}/inherited_to_projects` : path;
}

const ref = (id: string | null, name: string | null, named: boolean, domain?: object): object => ({
  id,
  ...(named ? { name, ...(domain === undefined ? {} : { domain }) } : {}),
});

/** One entry of GET /role_assignments. */
export function assignmentView(base: string, row: NamedAssignmentRow, named: boolean): object {
  const actorDomain = { id: row.actor_domain_id, name: row.actor_domain_name };
  // A domain used as a project is in itself.
  const targetDomain = {
    id: row.target_domain_id ?? row.target_id,
    name: row.target_domain_name ?? row.target_name,
  };
  const roleDomain =
    row.role_domain_id === null ? undefined : { id: row.role_domain_id, name: row.role_domain_name };
  const scope: Record<TargetKind, object> = {
    project: { project: ref(row.target_id, row.target_name, named, targetDomain) },
    domain: { domain: ref(row.target_id, row.target_name, named) },
    system: { system: { all: true } },
  };
  // Where it was granted it says so; where it counts it looks like any other.
  const inherited = row.inherited === 1 && row.source_id === row.target_id;
  return {
    role: ref(row.role_id, row.role_name, named, roleDomain),
    scope: { ...scope[row.target_kind], ...(inherited ? { 'OS-INHERIT:inherited_to': 'projects' } : {}) },
    [row.actor_kind]: ref(row.actor_id, row.actor_name, named, actorDomain),
    links: { assignment: `${base}/${assignmentPath(row)}` },
  };
}
