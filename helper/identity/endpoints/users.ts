import { endpoint, type Endpoint } from '../../http/index.ts';
import { Secret } from '../../secret.ts';
import { present } from '../app/attributes.ts';
import type { IdentityContext } from '../app/context.ts';
import { projectViews } from '../app/projects.ts';
import { administrates, listTarget, visibleDomain } from '../app/scope.ts';
import { changeOwnPassword, changeUser, createUser, removeUser, userView } from '../app/users.ts';
import { groupView } from '../app/groups.ts';
import { GroupList } from '../schemas/group.ts';
import { ProjectList } from '../schemas/project.ts';
import { PasswordChange, UserCreate, UserList, UserOne, UserUpdate } from '../schemas/user.ts';
import { listGroups } from '../store/group.ts';
import { listScopesOf } from '../store/project.ts';
import { findUser, listUsers } from '../store/user.ts';
import { ListQuery, flag, listAnswer, listLinks } from './list.ts';

/** Users, and what a user can see of itself. */
export function userEndpoints(identity: IdentityContext): readonly Endpoint[] {
  const { db } = identity;
  // Policy is asked before it is said whether there is such a user.
  const target = ({ params }: { params: { user_id: string } }) => {
    const user = findUser(db, params.user_id);
    return { user_id: params.user_id, domain_id: user?.domain_id ?? null, user };
  };
  const managed = (context: { params: { user_id: string } }) => ({
    ...target(context),
    administrates: administrates(db, { userId: context.params.user_id }),
  });
  return [
    endpoint({
      id: 'users:list',
      method: 'GET',
      path: '/users',
      policy: 'identity:list_users',
      query: ListQuery,
      response: UserList,
      ok: 200,
      target: listTarget,
      handler: (context) => {
        const { name, enabled } = context.query;
        const domainId = visibleDomain(context.auth, context.query.domain_id);
        return listAnswer(
          context,
          'users',
          (page) => listUsers(db, { name, domainId, enabled: flag(enabled) }, page),
          (rows) => rows.map((row) => userView(context.base, row)),
        );
      },
    }),
    endpoint({
      id: 'users:create',
      method: 'POST',
      path: '/users',
      policy: 'identity:create_user',
      body: UserCreate,
      response: UserOne,
      ok: 201,
      target: ({ body, auth }) => ({ domain_id: body.user.domain_id ?? auth.domainId ?? null }),
      handler: async ({ body, auth, base }) => ({
        user: userView(
          base,
          await createUser(identity, body.user, auth.domainId ?? auth.projectDomainId ?? auth.userDomainId),
        ),
      }),
    }),
    endpoint({
      id: 'users:show',
      method: 'GET',
      path: '/users/{user_id}',
      policy: 'identity:get_user',
      response: UserOne,
      ok: 200,
      target,
      handler: ({ target, params, base }) => ({
        user: userView(base, present(target.user, 'user', params.user_id)),
      }),
    }),
    endpoint({
      id: 'users:update',
      method: 'PATCH',
      path: '/users/{user_id}',
      policy: 'identity:update_user',
      body: UserUpdate,
      response: UserOne,
      ok: 200,
      target: managed,
      handler: async ({ params, body, base }) => ({
        user: userView(base, await changeUser(identity, params.user_id, body.user)),
      }),
    }),
    endpoint({
      id: 'users:delete',
      method: 'DELETE',
      path: '/users/{user_id}',
      policy: 'identity:delete_user',
      ok: 204,
      target: managed,
      handler: ({ params }) => removeUser(identity, params.user_id),
    }),
    endpoint({
      id: 'users:password',
      method: 'POST',
      path: '/users/{user_id}/password',
      // Proves itself by the old password; upstream asks for no token here either.
      policy: 'public',
      body: PasswordChange,
      ok: 204,
      handler: ({ params, body }) =>
        changeOwnPassword(identity, params.user_id, {
          original: new Secret(body.user.original_password),
          password: new Secret(body.user.password),
        }),
    }),
    endpoint({
      id: 'users:projects',
      method: 'GET',
      path: '/users/{user_id}/projects',
      policy: 'identity:list_user_projects',
      query: ListQuery,
      response: ProjectList,
      ok: 200,
      target,
      handler: (context) => {
        present(context.target.user, 'user', context.params.user_id);
        return {
          projects: projectViews(db, context.base, listScopesOf(db, context.params.user_id, 'project')),
          links: listLinks(context),
        };
      },
    }),
    endpoint({
      id: 'users:groups',
      method: 'GET',
      path: '/users/{user_id}/groups',
      policy: 'identity:list_groups_for_user',
      query: ListQuery,
      response: GroupList,
      ok: 200,
      target,
      handler: (context) => {
        const { user_id: userId } = context.params;
        present(context.target.user, 'user', userId);
        return listAnswer(
          context,
          'groups',
          (page) => listGroups(db, { userId, name: context.query.name }, page),
          (rows) => rows.map((row) => groupView(context.base, row)),
        );
      },
    }),
  ];
}
