import { notFound } from '../../errors/error.ts';
import { endpoint, type Endpoint } from '../../http/index.ts';
import { present } from '../app/attributes.ts';
import type { IdentityContext } from '../app/context.ts';
import { changeGroup, createGroup, groupView, joinGroup, leaveGroup, removeGroup } from '../app/groups.ts';
import { administrates, listTarget, visibleDomain } from '../app/scope.ts';
import { userView } from '../app/users.ts';
import { GroupCreate, GroupList, GroupOne, GroupUpdate } from '../schemas/group.ts';
import { UserList } from '../schemas/user.ts';
import { findGroup, isMember, listGroups } from '../store/group.ts';
import { listMembers } from '../store/user.ts';
import { findUser } from '../store/user.ts';
import { ListQuery, flag, listAnswer } from './list.ts';

export function groupEndpoints(identity: IdentityContext): readonly Endpoint[] {
  const { db } = identity;
  const target = ({ params }: { params: { group_id: string } }) => ({
    domain_id: findGroup(db, params.group_id)?.domain_id ?? null,
    administrates: administrates(db, { groupId: params.group_id }),
  });
  // A domain's manager puts users of its own domain into its groups.
  const member = ({ params }: { params: { group_id: string; user_id: string } }) => {
    const group = target({ params });
    const same = findUser(db, params.user_id)?.domain_id === group.domain_id;
    return { ...group, domain_id: same ? group.domain_id : null };
  };
  return [
    endpoint({
      id: 'groups:list',
      method: 'GET',
      path: '/groups',
      policy: 'identity:list_groups',
      query: ListQuery,
      response: GroupList,
      ok: 200,
      target: listTarget,
      handler: (context) =>
        listAnswer(
          context,
          'groups',
          (page) =>
            listGroups(
              db,
              {
                name: context.query.name,
                domainId: visibleDomain(context.auth, context.query.domain_id),
              },
              page,
            ),
          (rows) => rows.map((row) => groupView(context.base, row)),
        ),
    }),
    endpoint({
      id: 'groups:create',
      method: 'POST',
      path: '/groups',
      policy: 'identity:create_group',
      body: GroupCreate,
      response: GroupOne,
      ok: 201,
      target: ({ body, auth }) => ({ domain_id: body.group.domain_id ?? auth.domainId ?? null }),
      handler: ({ body, auth, base }) => ({
        group: groupView(
          base,
          createGroup(identity, body.group, auth.domainId ?? auth.projectDomainId ?? auth.userDomainId),
        ),
      }),
    }),
    endpoint({
      id: 'groups:show',
      method: 'GET',
      path: '/groups/{group_id}',
      policy: 'identity:get_group',
      response: GroupOne,
      ok: 200,
      target,
      handler: ({ params, base }) => ({
        group: groupView(base, present(findGroup(db, params.group_id), 'group', params.group_id)),
      }),
    }),
    endpoint({
      id: 'groups:update',
      method: 'PATCH',
      path: '/groups/{group_id}',
      policy: 'identity:update_group',
      body: GroupUpdate,
      response: GroupOne,
      ok: 200,
      target,
      handler: ({ params, body, base }) => ({
        group: groupView(base, changeGroup(identity, params.group_id, body.group)),
      }),
    }),
    endpoint({
      id: 'groups:delete',
      method: 'DELETE',
      path: '/groups/{group_id}',
      policy: 'identity:delete_group',
      ok: 204,
      target,
      handler: ({ params }) => removeGroup(identity, params.group_id),
    }),
    endpoint({
      id: 'groups:users',
      method: 'GET',
      path: '/groups/{group_id}/users',
      policy: 'identity:list_users_in_group',
      query: ListQuery,
      response: UserList,
      ok: 200,
      target,
      handler: (context) => {
        const { group_id: groupId } = context.params;
        present(findGroup(db, groupId), 'group', groupId);
        const { name, enabled } = context.query;
        return listAnswer(
          context,
          'users',
          (page) => listMembers(db, groupId, { name, enabled: flag(enabled) }, page),
          (rows) => rows.map((row) => userView(context.base, row)),
        );
      },
    }),
    endpoint({
      id: 'groups:add-user',
      method: 'PUT',
      path: '/groups/{group_id}/users/{user_id}',
      policy: 'identity:add_user_to_group',
      ok: 204,
      target: member,
      handler: ({ params }) => joinGroup(identity, params.group_id, params.user_id),
    }),
    endpoint({
      id: 'groups:check-user',
      method: 'GET',
      path: '/groups/{group_id}/users/{user_id}',
      policy: 'identity:check_user_in_group',
      ok: 204,
      target,
      handler: ({ params }) => {
        if (!isMember(db, params.group_id, params.user_id))
          throw notFound(`User '${params.user_id}' not found in group '${params.group_id}'.`);
      },
    }),
    endpoint({
      id: 'groups:remove-user',
      method: 'DELETE',
      path: '/groups/{group_id}/users/{user_id}',
      policy: 'identity:remove_user_from_group',
      ok: 204,
      target: member,
      handler: ({ params }) => leaveGroup(identity, params.group_id, params.user_id),
    }),
  ];
}
