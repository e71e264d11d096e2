import { callerOf, endpoint, type Endpoint } from '../../http/index.ts';
import type { ConsistencyGroups } from '../app/consistency-group.ts';
import type { GroupSnapshots } from '../app/group-snapshot.ts';
import type { Groups } from '../app/group.ts';
import { nextLinks } from '../app/list-query.ts';
import { AnyQuery, isTrue, timeText } from '../schemas/common.ts';
import {
  CgsnapshotCreate,
  CgsnapshotDetails,
  CgsnapshotList,
  CgsnapshotMade,
  CgsnapshotShown,
  ConsistencyGroupCreate,
  ConsistencyGroupDelete,
  ConsistencyGroupDetails,
  ConsistencyGroupFromSource,
  ConsistencyGroupList,
  ConsistencyGroupMade,
  ConsistencyGroupShown,
  ConsistencyGroupUpdate,
} from '../schemas/consistency-group.ts';
import type { GroupSnapshotRow } from '../store/group-snapshot.ts';
import type { Group } from '../store/group.ts';

const summary = ({ id, name }: Pick<Group, 'id' | 'name'>) => ({ id, name });

const groupDetail = (group: Group) => ({
  id: group.id,
  status: group.status,
  availability_zone: group.availability_zone,
  created_at: timeText(group.created_at),
  name: group.name,
  description: group.description,
  volume_types: group.volume_types,
});

const snapshotDetail = (row: GroupSnapshotRow) => ({
  id: row.id,
  consistencygroup_id: row.group_id,
  status: row.status,
  created_at: timeText(row.created_at),
  name: row.name,
  description: row.description,
});

/** /consistencygroups (api-ref: "Consistency groups (DEPRECATED)"): groups in the words of that API. */
export const consistencyGroupEndpoints = (
  consistencyGroups: ConsistencyGroups,
  groups: Groups,
): readonly Endpoint[] => [
  ...(['/consistencygroups', '/consistencygroups/detail'] as const).map((path) =>
    endpoint({
      id: path === '/consistencygroups' ? 'consistencygroups:list' : 'consistencygroups:detail',
      method: 'GET',
      path,
      policy: 'group:get_all',
      query: AnyQuery,
      response: path === '/consistencygroups' ? ConsistencyGroupList : ConsistencyGroupDetails,
      ok: 200,
      handler: (context) => {
        const caller = callerOf(context);
        const { rows } = groups.list(caller, context.query);
        const links = nextLinks(caller, context.query, path.slice(1), rows);
        return {
          consistencygroups: rows.map((one) =>
            path === '/consistencygroups' ? summary(one) : groupDetail(one),
          ),
          ...(links === undefined ? {} : { consistencygroup_links: links }),
        };
      },
    }),
  ),
  endpoint({
    id: 'consistencygroups:create',
    method: 'POST',
    path: '/consistencygroups',
    policy: 'group:create',
    body: ConsistencyGroupCreate,
    response: ConsistencyGroupMade,
    ok: 202,
    handler: (context) => ({
      consistencygroup: summary(consistencyGroups.create(callerOf(context), context.body.consistencygroup)),
    }),
  }),
  endpoint({
    id: 'consistencygroups:create_from_src',
    method: 'POST',
    path: '/consistencygroups/create_from_src',
    policy: 'group:create',
    body: ConsistencyGroupFromSource,
    response: ConsistencyGroupMade,
    ok: 202,
    handler: (context) => ({
      consistencygroup: summary(
        consistencyGroups.createFromSource(callerOf(context), context.body['consistencygroup-from-src']),
      ),
    }),
  }),
  endpoint({
    id: 'consistencygroups:show',
    method: 'GET',
    path: '/consistencygroups/{consistencygroup_id}',
    policy: 'group:get',
    response: ConsistencyGroupShown,
    ok: 200,
    target: ({ auth, params }) => groups.get(auth, params.consistencygroup_id),
    handler: (context) => ({ consistencygroup: groupDetail(context.target) }),
  }),
  endpoint({
    id: 'consistencygroups:delete',
    method: 'POST',
    path: '/consistencygroups/{consistencygroup_id}/delete',
    policy: 'group:delete',
    body: ConsistencyGroupDelete,
    response: 'none',
    ok: 202,
    target: ({ auth, params }) => groups.get(auth, params.consistencygroup_id),
    handler: (context) =>
      groups.delete(
        callerOf(context),
        context.params.consistencygroup_id,
        isTrue(context.body.consistencygroup?.force),
      ),
  }),
  endpoint({
    id: 'consistencygroups:update',
    method: 'PUT',
    path: '/consistencygroups/{consistencygroup_id}/update',
    policy: 'group:update',
    body: ConsistencyGroupUpdate,
    response: 'none',
    ok: 202,
    target: ({ auth, params }) => groups.get(auth, params.consistencygroup_id),
    handler: (context) =>
      consistencyGroups.update(
        callerOf(context),
        context.params.consistencygroup_id,
        context.body.consistencygroup,
      ),
  }),
];

/** /cgsnapshots (api-ref: "Consistency group snapshots (DEPRECATED)"). */
export const cgsnapshotEndpoints = (snapshots: GroupSnapshots): readonly Endpoint[] => [
  ...(['/cgsnapshots', '/cgsnapshots/detail'] as const).map((path) =>
    endpoint({
      id: path === '/cgsnapshots' ? 'cgsnapshots:list' : 'cgsnapshots:detail',
      method: 'GET',
      path,
      policy: 'group:get_all_group_snapshots',
      query: AnyQuery,
      response: path === '/cgsnapshots' ? CgsnapshotList : CgsnapshotDetails,
      ok: 200,
      handler: (context) => {
        const { rows } = snapshots.list(callerOf(context), context.query);
        return {
          cgsnapshots: rows.map((one) => (path === '/cgsnapshots' ? summary(one) : snapshotDetail(one))),
        };
      },
    }),
  ),
  endpoint({
    id: 'cgsnapshots:create',
    method: 'POST',
    path: '/cgsnapshots',
    policy: 'group:create_group_snapshot',
    body: CgsnapshotCreate,
    response: CgsnapshotMade,
    ok: 202,
    handler: (context) => {
      const { consistencygroup_id: id, name, description } = context.body.cgsnapshot;
      const naming = { name: name ?? null, description: description ?? null };
      return { cgsnapshot: summary(snapshots.create(callerOf(context), { group_id: id, ...naming })) };
    },
  }),
  endpoint({
    id: 'cgsnapshots:show',
    method: 'GET',
    path: '/cgsnapshots/{cgsnapshot_id}',
    policy: 'group:get_group_snapshot',
    response: CgsnapshotShown,
    ok: 200,
    target: ({ auth, params }) => snapshots.get(auth, params.cgsnapshot_id),
    handler: (context) => ({ cgsnapshot: snapshotDetail(context.target) }),
  }),
  endpoint({
    id: 'cgsnapshots:delete',
    method: 'DELETE',
    path: '/cgsnapshots/{cgsnapshot_id}',
    policy: 'group:delete_group_snapshot',
    response: 'none',
    ok: 202,
    target: ({ auth, params }) => snapshots.get(auth, params.cgsnapshot_id),
    handler: (context) => snapshots.delete(callerOf(context), context.params.cgsnapshot_id),
  }),
];
