import type { AuthContext } from './auth.ts';

/** What a rule looks at besides the caller: the owner of the resource that is asked for. */
export interface PolicyTarget {
  readonly project_id?: string | null;
  readonly user_id?: string | null;
  readonly domain_id?: string | null;
  readonly [attribute: string]: unknown;
}

/** One check of a caller against a target. */
export type Check = (auth: AuthContext, target: PolicyTarget) => boolean;

/** Rules by upstream's name ('os_compute_api:servers:create'). A name that is not here denies (S19). */
export type PolicyRules = Readonly<Record<string, Check>>;

const role =
  (name: string): Check =>
  (auth) =>
    auth.roles.has(name);

/** `role:admin`, as upstream's default rules have it. */
export const admin: Check = role('admin');

/** Any token at all. */
export const anyone: Check = () => true;

/** The target's project is the caller's; a target that has no project belongs to who asks. */
export const sameProject: Check = (auth, target) =>
  auth.projectId !== undefined && (target.project_id === undefined || target.project_id === auth.projectId);

/** The target's user is the caller. */
export const sameUser: Check = (auth, target) => target.user_id === auth.userId;

export const all =
  (...checks: readonly Check[]): Check =>
  (auth, target) =>
    checks.every((check) => check(auth, target));

export const either =
  (...checks: readonly Check[]): Check =>
  (auth, target) =>
    checks.some((check) => check(auth, target));

/** Upstream's PROJECT_READER_OR_ADMIN. Admin implies member implies reader. */
export const projectReader: Check = either(admin, all(role('reader'), sameProject));

/** Upstream's PROJECT_MEMBER_OR_ADMIN. */
export const projectMember: Check = either(admin, all(role('member'), sameProject));
