import { type Caller, callerOf, endpoint, type Endpoint, mv } from '../../http/index.ts';
import type { GroupSnapshots } from '../app/group-snapshot.ts';
import { nextLinks } from '../app/list-query.ts';
import { AnyQuery, timeText } from '../schemas/common.ts';
import {
  GroupSnapshotCreate,
  GroupSnapshotDetails,
  GroupSnapshotList,
  GroupSnapshotMade,
  GroupSnapshotReset,
  GroupSnapshotShown,
} from '../schemas/group.ts';
import type { GroupSnapshotRow } from '../store/group-snapshot.ts';

const min = mv('3.14');

const summary = ({ id, name }: GroupSnapshotRow) => ({ id, name });
const detail = (caller: Caller, row: GroupSnapshotRow) => ({
  id: row.id,
  group_id: row.group_id,
  group_type_id: row.group_type_id,
  status: row.status,
  created_at: timeText(row.created_at),
  name: row.name,
  description: row.description,
  ...(caller.version >= mv('3.58') && caller.may('group:group_snapshot_project_attribute')
    ? { project_id: row.project_id }
    : {}),
});

/** /group_snapshots (api-ref: "Group snapshots"). */
export const groupSnapshotEndpoints = (snapshots: GroupSnapshots): readonly Endpoint[] => [
  ...(['/group_snapshots', '/group_snapshots/detail'] as const).map((path) =>
    endpoint({
      id: path === '/group_snapshots' ? 'group_snapshots:list' : 'group_snapshots:detail',
      method: 'GET',
      path,
      policy: 'group:get_all_group_snapshots',
      min,
      query: AnyQuery,
      response: path === '/group_snapshots' ? GroupSnapshotList : GroupSnapshotDetails,
      ok: 200,
      handler: (context) => {
        const caller = callerOf(context);
        const { rows } = snapshots.list(caller, context.query);
        const links = nextLinks(caller, context.query, path.slice(1), rows);
        return {
          group_snapshots: rows.map((one) =>
            path === '/group_snapshots' ? summary(one) : detail(caller, one),
          ),
          ...(links === undefined ? {} : { group_snapshot_links: links }),
        };
      },
    }),
  ),
  endpoint({
    id: 'group_snapshots:create',
    method: 'POST',
    path: '/group_snapshots',
    policy: 'group:create_group_snapshot',
    min,
    body: GroupSnapshotCreate,
    response: GroupSnapshotMade,
    ok: 202,
    handler: (context) => {
      const made = snapshots.create(callerOf(context), context.body.group_snapshot);
      return { group_snapshot: { ...summary(made), group_type_id: made.group_type_id } };
    },
  }),
  endpoint({
    id: 'group_snapshots:show',
    method: 'GET',
    path: '/group_snapshots/{group_snapshot_id}',
    policy: 'group:get_group_snapshot',
    min,
    response: GroupSnapshotShown,
    ok: 200,
    target: ({ auth, params }) => snapshots.get(auth, params.group_snapshot_id),
    handler: (context) => ({ group_snapshot: detail(callerOf(context), context.target) }),
  }),
  endpoint({
    id: 'group_snapshots:delete',
    method: 'DELETE',
    path: '/group_snapshots/{group_snapshot_id}',
    policy: 'group:delete_group_snapshot',
    min,
    response: 'none',
    ok: 202,
    target: ({ auth, params }) => snapshots.get(auth, params.group_snapshot_id),
    handler: (context) => snapshots.delete(callerOf(context), context.params.group_snapshot_id),
  }),
  endpoint({
    id: 'group_snapshots:reset_status',
    method: 'POST',
    path: '/group_snapshots/{group_snapshot_id}/action',
    action: 'reset_status',
    policy: 'group:reset_group_snapshot_status',
    min: mv('3.19'),
    body: GroupSnapshotReset,
    response: 'none',
    ok: 202,
    target: ({ auth, params }) => snapshots.get(auth, params.group_snapshot_id),
    handler: (context) => {
      const { status } = context.body.reset_status;
      snapshots.resetStatus(callerOf(context), context.params.group_snapshot_id, status);
    },
  }),
];
