import { badRequest } from '../../errors/error.ts';
import { endpoint, type Endpoint, type RequestContext } from '../../http/index.ts';
import {
  assignmentView,
  checkGrant,
  checkPlace,
  grantTarget,
  grantRole,
  revokeRole,
  type GrantPlace,
} from '../app/assignments.ts';
import { ADMIN } from '../app/bootstrap.ts';
import type { IdentityContext } from '../app/context.ts';
import { roleView } from '../app/roles.ts';
import { AssignmentList, AssignmentQuery, RoleList } from '../schemas/role.ts';
import {
  grantedRoles,
  listAssignments,
  type ActorKind,
  type AssignmentFilter,
  type TargetKind,
} from '../store/assignment.ts';
import { flag, listLinks } from './list.ts';

const MOST = 10_000;
const TARGETS: readonly TargetKind[] = ['project', 'domain', 'system'];
/** OS-INHERIT: grants for all projects below. */
const INHERITED: readonly TargetKind[] = ['project', 'domain'];
const ACTORS: readonly ActorKind[] = ['user', 'group'];

type Context = Pick<RequestContext, 'base' | 'path' | 'origin'> & { readonly params: unknown };

/** Grants of roles: the same five operations for each kind of target and of actor. */
export function assignmentEndpoints(identity: IdentityContext): readonly Endpoint[] {
  return [
    ...TARGETS.flatMap((target) => ACTORS.flatMap((actor) => grantEndpoints(identity, target, actor, false))),
    ...INHERITED.flatMap((target) =>
      ACTORS.flatMap((actor) => grantEndpoints(identity, target, actor, true)),
    ),
    listEndpoint(identity),
  ];
}

function grantEndpoints(
  identity: IdentityContext,
  targetKind: TargetKind,
  actorKind: ActorKind,
  inherited: boolean,
): readonly Endpoint[] {
  const { db } = identity;
  const head = targetKind === 'system' ? '/system' : `/${targetKind}s/{target_id}`;
  const before = inherited ? '/OS-INHERIT' : '';
  const after = inherited ? '/inherited_to_projects' : '';
  const roles = `${before}${head}/${actorKind}s/{actor_id}/roles`;
  const id = `${inherited ? 'inherited-' : ''}${targetKind}-${actorKind}-grants`;
  const rule = (verb: string): string =>
    targetKind === 'system' ? `identity:${verb}_system_grant_for_${actorKind}` : `identity:${verb}_grant`;
  const listRule =
    targetKind === 'system' ? `identity:list_system_grants_for_${actorKind}` : 'identity:list_grants';
  // The paths are put together above, so that their names are no literal types.
  const place = ({ params }: Context): GrantPlace => {
    const named = params as { target_id?: string; actor_id: string };
    return {
      actor_kind: actorKind,
      actor_id: named.actor_id,
      target_kind: targetKind,
      target_id: named.target_id ?? 'all',
      inherited: inherited ? 1 : 0,
    };
  };
  const grant = (context: Context) => ({
    ...place(context),
    role_id: (context.params as { role_id: string }).role_id,
  });
  // Grants on the system are in no domain.
  const target = (context: Context) =>
    grantTarget(identity, { ...place(context), ...(context.params as { role_id?: string }) });
  const one = `${roles}/{role_id}${after}`;
  return [
    endpoint({
      id: `${id}:list`,
      method: 'GET',
      path: `${roles}${after}`,
      policy: listRule,
      response: RoleList,
      ok: 200,
      target,
      handler: (context) => {
        const asked = place(context);
        checkPlace(identity, asked);
        return {
          roles: grantedRoles(db, asked).map((row) => roleView(context.base, row)),
          links: listLinks(context),
        };
      },
    }),
    endpoint({
      id: `${id}:check`,
      method: 'GET',
      path: one,
      policy: rule('check'),
      ok: 204,
      target,
      handler: (context) => checkGrant(identity, grant(context)),
    }),
    endpoint({
      id: `${id}:create`,
      method: 'PUT',
      path: one,
      policy: rule('create'),
      ok: 204,
      target,
      handler: (context) => grantRole(identity, grant(context)),
    }),
    endpoint({
      id: `${id}:revoke`,
      method: 'DELETE',
      path: one,
      policy: rule('revoke'),
      ok: 204,
      target,
      handler: (context) => revokeRole(identity, grant(context)),
    }),
  ];
}

const listEndpoint = ({ db }: IdentityContext): Endpoint =>
  endpoint({
    id: 'role-assignments:list',
    method: 'GET',
    path: '/role_assignments',
    policy: 'identity:list_role_assignments',
    query: AssignmentQuery,
    response: AssignmentList,
    ok: 200,
    handler: (context) => {
      const query = context.query as Readonly<Record<string, string | undefined>>;
      const filter = filterOf(query);
      const named = flag(query['include_names']) ?? false;
      const { auth } = context;
      const everything = auth.roles.has(ADMIN) || auth.system === true;
      const rows = listAssignments(
        db,
        everything ? filter : { ...filter, withinDomain: auth.domainId ?? '' },
        MOST,
      );
      return {
        role_assignments: rows.map((row) => assignmentView(context.base, row, named)),
        links: listLinks(context),
      };
    },
  });

/** @throws {CloudError} badRequest for filters that exclude each other. */
function filterOf(query: Readonly<Record<string, string | undefined>>): AssignmentFilter {
  const project = query['scope.project.id'];
  const domain = query['scope.domain.id'];
  const system = query['scope.system'];
  const userId = query['user.id'];
  const groupId = query['group.id'];
  const effective = flag(query['effective']) ?? false;
  if ([project, domain, system].filter((one) => one !== undefined).length > 1)
    throw badRequest('Specify only one of scope.project.id, scope.domain.id and scope.system.');
  if (userId !== undefined && groupId !== undefined) throw badRequest('Specify a user or group, not both.');
  if (effective && groupId !== undefined)
    throw badRequest('Combining effective and group filter will always result in an empty list.');
  const targets: readonly (readonly [TargetKind, string | undefined])[] = [
    ['project', project],
    ['domain', domain],
    ['system', system === undefined ? undefined : 'all'],
  ];
  const target = targets.find(([, id]) => id !== undefined);
  const subtree = flag(query['include_subtree']) ?? false;
  if (subtree && project === undefined)
    throw badRequest('scope.project.id must be specified if include_subtree is also specified');
  const inherited = query['scope.OS-INHERIT:inherited_to'];
  if (effective && inherited !== undefined)
    throw badRequest('Combining effective and inherited filter will always result in an empty list.');
  return {
    userId,
    groupId,
    roleId: query['role.id'],
    targetKind: target?.[0],
    targetId: target?.[1],
    subtree,
    inherited: inherited === undefined ? undefined : inherited === 'projects',
    effective,
  };
}
