import type { AuthContext } from '../../http/index.ts';
import type { Db } from '../../db/index.ts';
import { listAssignments } from '../store/assignment.ts';
import { findRoleByName } from '../store/role.ts';
import { ADMIN } from './bootstrap.ts';

/** The domain that a list is narrowed to: who looks by role of a domain sees that one. */
export const visibleDomain = (auth: AuthContext, asked: string | undefined): string | undefined =>
  auth.roles.has(ADMIN) || auth.system === true ? asked : auth.domainId;

/** For policy: the domain of a list that names none is the caller's. */
export const listTarget = ({
  auth,
  query,
}: {
  auth: AuthContext;
  query: { domain_id?: string };
}): { domain_id: string | null } => ({ domain_id: query.domain_id ?? auth.domainId ?? null });

/** Whether a user, or whoever is in a group, has role admin anywhere. */
export function administrates(db: Db, actor: { userId: string } | { groupId: string }): boolean {
  const role = findRoleByName(db, ADMIN);
  if (role === undefined) return false;
  const effective = 'userId' in actor;
  return listAssignments(db, { ...actor, roleId: role.id, effective }, 1).length > 0;
}
