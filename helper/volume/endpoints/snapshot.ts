import { callerOf, endpoint, type Endpoint } from '../../http/index.ts';
import { nextLinks } from '../app/list-query.ts';
import type { Snapshots } from '../app/snapshot.ts';
import { snapshotView } from '../app/view.ts';
import { AnyQuery } from '../schemas/common.ts';
import {
  SnapshotCreate,
  SnapshotDetails,
  SnapshotForceDelete,
  SnapshotList,
  SnapshotMade,
  SnapshotReset,
  SnapshotShown,
  SnapshotStatus,
  SnapshotUpdate,
} from '../schemas/snapshot.ts';

/** /snapshots (api-ref: "Volume snapshots"). */
export const snapshotEndpoints = (snapshots: Snapshots): readonly Endpoint[] => [
  ...(['/snapshots', '/snapshots/detail'] as const).map((path) =>
    endpoint({
      id: path === '/snapshots' ? 'snapshots:list' : 'snapshots:detail',
      method: 'GET',
      path,
      policy: 'volume:get_all_snapshots',
      query: AnyQuery,
      response: path === '/snapshots' ? SnapshotList : SnapshotDetails,
      ok: 200,
      handler: (context) => {
        const caller = callerOf(context);
        const { rows, count } = snapshots.list(caller, context.query);
        const links = nextLinks(caller, context.query, path.slice(1), rows);
        return {
          snapshots: rows.map((one) => snapshotView(caller, one, path !== '/snapshots')),
          ...(links === undefined ? {} : { snapshots_links: links }),
          ...(count === undefined ? {} : { count }),
        };
      },
    }),
  ),
  endpoint({
    id: 'snapshots:create',
    method: 'POST',
    path: '/snapshots',
    policy: 'volume:create_snapshot',
    body: SnapshotCreate,
    response: SnapshotMade,
    ok: 202,
    handler: (context) => {
      const caller = callerOf(context);
      const { snapshot } = context.body;
      return { snapshot: snapshotView(caller, snapshots.create(caller, snapshot), false) };
    },
  }),
  endpoint({
    id: 'snapshots:show',
    method: 'GET',
    path: '/snapshots/{snapshot_id}',
    policy: 'volume:get_snapshot',
    response: SnapshotShown,
    ok: 200,
    target: ({ auth, params }) => snapshots.get(auth, params.snapshot_id),
    handler: (context) => ({ snapshot: snapshotView(callerOf(context), context.target, true) }),
  }),
  endpoint({
    id: 'snapshots:update',
    method: 'PUT',
    path: '/snapshots/{snapshot_id}',
    policy: 'volume:update_snapshot',
    body: SnapshotUpdate,
    response: SnapshotMade,
    ok: 200,
    target: ({ auth, params }) => snapshots.get(auth, params.snapshot_id),
    handler: (context) => {
      const caller = callerOf(context);
      const { snapshot } = context.body;
      return {
        snapshot: snapshotView(caller, snapshots.update(caller, context.params.snapshot_id, snapshot), false),
      };
    },
  }),
  endpoint({
    id: 'snapshots:delete',
    method: 'DELETE',
    path: '/snapshots/{snapshot_id}',
    policy: 'volume:delete_snapshot',
    response: 'none',
    ok: 202,
    target: ({ auth, params }) => snapshots.get(auth, params.snapshot_id),
    handler: (context) => snapshots.delete(callerOf(context), context.params.snapshot_id, false),
  }),
  endpoint({
    id: 'snapshots:os-reset_status',
    method: 'POST',
    path: '/snapshots/{snapshot_id}/action',
    action: 'os-reset_status',
    policy: 'volume_extension:snapshot_admin_actions:reset_status',
    body: SnapshotReset,
    response: 'none',
    ok: 202,
    target: ({ auth, params }) => snapshots.get(auth, params.snapshot_id),
    handler: (context) => {
      const { status } = context.body['os-reset_status'];
      snapshots.resetStatus(callerOf(context), context.params.snapshot_id, status);
    },
  }),
  endpoint({
    id: 'snapshots:os-force_delete',
    method: 'POST',
    path: '/snapshots/{snapshot_id}/action',
    action: 'os-force_delete',
    policy: 'volume_extension:snapshot_admin_actions:force_delete',
    body: SnapshotForceDelete,
    response: 'none',
    ok: 202,
    target: ({ auth, params }) => snapshots.get(auth, params.snapshot_id),
    handler: (context) => snapshots.delete(callerOf(context), context.params.snapshot_id, true),
  }),
  endpoint({
    id: 'snapshots:os-update_snapshot_status',
    method: 'POST',
    path: '/snapshots/{snapshot_id}/action',
    action: 'os-update_snapshot_status',
    policy: 'snapshot_extension:snapshot_actions:update_snapshot_status',
    body: SnapshotStatus,
    response: 'none',
    ok: 202,
    target: ({ auth, params }) => snapshots.get(auth, params.snapshot_id),
    handler: (context) => {
      const body = context.body['os-update_snapshot_status'];
      snapshots.updateStatus(callerOf(context), context.params.snapshot_id, body.status, body.progress);
    },
  }),
];
