import type { TSchema } from 'typebox';
import { type Caller, callerOf, endpoint, type Endpoint, mv } from '../../http/index.ts';
import type { GroupCopies } from '../app/group-copy.ts';
import type { Groups } from '../app/group.ts';
import { nextLinks } from '../app/list-query.ts';
import { AnyQuery, isTrue, timeText } from '../schemas/common.ts';
import {
  GroupCreate,
  GroupDelete,
  GroupDetails,
  GroupDisableReplication,
  GroupEnableReplication,
  GroupFailover,
  GroupFromSource,
  GroupList,
  GroupListTargets,
  GroupMade,
  GroupReset,
  GroupShown,
  GroupUpdate,
} from '../schemas/group.ts';
import type { Group } from '../store/group.ts';

const min = mv('3.13');

const summary = ({ id, name }: Group) => ({ id, name });

/** @param volumes of the group, where they were asked for. */
const detail = (caller: Caller, group: Group, volumes: readonly string[] | undefined) => ({
  id: group.id,
  status: group.status,
  availability_zone: group.availability_zone,
  created_at: timeText(group.created_at),
  name: group.name,
  description: group.description,
  group_type: group.group_type_id,
  volume_types: group.volume_types,
  ...(caller.version >= mv('3.14')
    ? { group_snapshot_id: group.group_snapshot_id, source_group_id: group.source_group_id }
    : {}),
  ...(volumes === undefined ? {} : { volumes }),
  ...(caller.version >= mv('3.38') ? { replication_status: 'disabled' } : {}),
  ...(caller.version >= mv('3.58') && caller.may('group:group_project_attribute')
    ? { project_id: group.project_id }
    : {}),
});

const details = (groups: Groups, caller: Caller, query: Readonly<Record<string, string>>) => {
  const wanted = caller.version >= mv('3.25') && isTrue(query['list_volume']);
  return (rows: readonly Group[]) => {
    const volumes = wanted ? groups.volumesOf(rows) : undefined;
    return rows.map((one) => detail(caller, one, volumes?.get(one.id)));
  };
};

/** /groups (api-ref: "Generic volume groups"). */
export const groupEndpoints = (groups: Groups, copies: GroupCopies): readonly Endpoint[] => [
  ...(['/groups', '/groups/detail'] as const).map((path) =>
    endpoint({
      id: path === '/groups' ? 'groups:list' : 'groups:detail',
      method: 'GET',
      path,
      policy: 'group:get_all',
      min,
      query: AnyQuery,
      response: path === '/groups' ? GroupList : GroupDetails,
      ok: 200,
      handler: (context) => {
        const caller = callerOf(context);
        const { rows } = groups.list(caller, context.query);
        const links = nextLinks(caller, context.query, path.slice(1), rows);
        return {
          groups: path === '/groups' ? rows.map(summary) : details(groups, caller, context.query)(rows),
          ...(links === undefined ? {} : { group_links: links }),
        };
      },
    }),
  ),
  endpoint({
    id: 'groups:create',
    method: 'POST',
    path: '/groups',
    policy: 'group:create',
    min,
    body: GroupCreate,
    response: GroupMade,
    ok: 202,
    handler: (context) => ({ group: summary(groups.create(callerOf(context), context.body.group)) }),
  }),
  endpoint({
    id: 'groups:create-from-src',
    method: 'POST',
    path: '/groups/action',
    action: 'create-from-src',
    policy: 'group:create',
    min: mv('3.14'),
    body: GroupFromSource,
    response: GroupMade,
    ok: 202,
    handler: (context) => ({
      group: summary(copies.create(callerOf(context), context.body['create-from-src'])),
    }),
  }),
  endpoint({
    id: 'groups:show',
    method: 'GET',
    path: '/groups/{group_id}',
    policy: 'group:get',
    min,
    query: AnyQuery,
    response: GroupShown,
    ok: 200,
    target: ({ auth, params }) => groups.get(auth, params.group_id),
    handler: (context) => ({
      group: details(groups, callerOf(context), context.query)([context.target])[0],
    }),
  }),
  endpoint({
    id: 'groups:update',
    method: 'PUT',
    path: '/groups/{group_id}',
    policy: 'group:update',
    min,
    body: GroupUpdate,
    response: 'none',
    ok: 202,
    target: ({ auth, params }) => groups.get(auth, params.group_id),
    handler: (context) => groups.update(callerOf(context), context.params.group_id, context.body.group),
  }),
  ...groupActionEndpoints(groups),
];

interface Action<Body> {
  readonly name: string;
  readonly min: number;
  readonly body: TSchema;
  /** Nobody succeeds. */
  readonly fails?: boolean;
  readonly handler: (caller: Caller, id: string, body: Body) => unknown;
}

function groupActionEndpoints(groups: Groups): readonly Endpoint[] {
  const action = <Body>(spec: Action<Body>): Endpoint =>
    endpoint({
      id: `groups:${spec.name}`,
      method: 'POST',
      path: '/groups/{group_id}/action',
      action: spec.name,
      policy: `group:${spec.name}`,
      min: spec.min,
      body: spec.body,
      response: spec.fails === true ? 'failure' : 'none',
      ok: spec.fails === true ? 400 : 202,
      target: ({ auth, params }) => groups.get(auth, params.group_id),
      handler: (context) =>
        spec.handler(
          callerOf(context),
          context.params.group_id,
          (context.body as Record<string, Body>)[spec.name] as Body,
        ),
    });
  const replication = (name: string, body: TSchema): Endpoint =>
    action({
      name,
      min: mv('3.38'),
      body,
      fails: true,
      handler: (_caller, id) => groups.refuseReplication(id),
    });
  return [
    action<{ 'delete-volumes'?: string | boolean }>({
      name: 'delete',
      min,
      body: GroupDelete,
      handler: (caller, id, body) => groups.delete(caller, id, isTrue(body['delete-volumes'])),
    }),
    action<{ status: string }>({
      name: 'reset_status',
      min: mv('3.20'),
      body: GroupReset,
      handler: (caller, id, body) => groups.resetStatus(caller, id, body.status),
    }),
    replication('enable_replication', GroupEnableReplication),
    replication('disable_replication', GroupDisableReplication),
    replication('failover_replication', GroupFailover),
    replication('list_replication_targets', GroupListTargets),
  ];
}
