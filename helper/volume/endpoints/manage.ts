import { callerOf, endpoint, type Endpoint, mv, type Caller } from '../../http/index.ts';
import type { Manageable, ManageRequest, ManageSnapshotRequest, Managing } from '../app/manage.ts';
import type { Snapshots } from '../app/snapshot.ts';
import { snapshotView, volumeDetail } from '../app/view.ts';
import type { Volumes } from '../app/volume.ts';
import { AnyQuery } from '../schemas/common.ts';
import {
  ManageableSnapshotDetails,
  ManageableSnapshots,
  ManageableVolumeDetails,
  ManageableVolumes,
  SnapshotManage,
  Unmanage,
  VolumeManage,
} from '../schemas/manage.ts';
import { PlainSnapshot } from '../schemas/snapshot.ts';
import { PlainVolume } from '../schemas/volume.ts';

/** Upstream shows what was taken in as before there were microversions. */
const plain = (caller: Caller): Caller => ({ ...caller, version: mv('3.0') });

function volumeRow(one: Manageable, detail: boolean) {
  const { source_reference: _source, ...full } = one;
  const { reference, size, safe_to_manage } = full;
  return detail ? full : { reference, size, safe_to_manage };
}
function snapshotRow(one: Manageable, detail: boolean) {
  const { reference, size, safe_to_manage, source_reference } = one;
  return detail ? one : { reference, size, safe_to_manage, source_reference };
}

/** Both paths of a resource: its old one, and from microversion 3.8 on its new one. */
const PATHS = {
  volume: [
    { path: '/os-volume-manage', name: 'os-volume-manage', min: mv('3.0') },
    { path: '/manageable_volumes', name: 'manageable_volumes', min: mv('3.8') },
  ],
  snapshot: [
    { path: '/os-snapshot-manage', name: 'os-snapshot-manage', min: mv('3.0') },
    { path: '/manageable_snapshots', name: 'manageable_snapshots', min: mv('3.8') },
  ],
} as const;

/** Volumes and snapshots that were made elsewhere (api-ref: "Volume manage extension", "Manageable volumes", ...). */
export const manageEndpoints = (
  managing: Managing,
  { volumes, snapshots }: { readonly volumes: Volumes; readonly snapshots: Snapshots },
): readonly Endpoint[] => [
  ...PATHS.volume.flatMap((one) => [
    ...[false, true].map((detail) =>
      endpoint({
        id: `${one.name}:${detail ? 'detail' : 'list'}`,
        method: 'GET',
        path: detail ? `${one.path}/detail` : one.path,
        policy: 'volume_extension:list_manageable',
        min: one.min,
        query: AnyQuery,
        response: detail ? ManageableVolumeDetails : ManageableVolumes,
        ok: 200,
        handler: async (context) => ({
          'manageable-volumes': (await managing.list(callerOf(context), 'volume', context.query)).map((row) =>
            volumeRow(row, detail),
          ),
        }),
      }),
    ),
    endpoint({
      id: `${one.name}:create`,
      method: 'POST',
      path: one.path,
      policy: 'volume_extension:volume_manage',
      min: one.min,
      body: VolumeManage,
      response: PlainVolume,
      ok: 202,
      handler: async (context) => {
        const caller = callerOf(context);
        const { volume } = context.body as { volume: ManageRequest };
        return { volume: volumeDetail(plain(caller), await managing.manage(caller, volume)) };
      },
    }),
  ]),
  ...PATHS.snapshot.flatMap((one) => [
    ...[false, true].map((detail) =>
      endpoint({
        id: `${one.name}:${detail ? 'detail' : 'list'}`,
        method: 'GET',
        path: detail ? `${one.path}/detail` : one.path,
        policy: 'snapshot_extension:list_manageable',
        min: one.min,
        query: AnyQuery,
        response: detail ? ManageableSnapshotDetails : ManageableSnapshots,
        ok: 200,
        handler: async (context) => ({
          'manageable-snapshots': (await managing.list(callerOf(context), 'snapshot', context.query)).map(
            (row) => snapshotRow(row, detail),
          ),
        }),
      }),
    ),
    endpoint({
      id: `${one.name}:create`,
      method: 'POST',
      path: one.path,
      policy: 'snapshot_extension:snapshot_manage',
      min: one.min,
      body: SnapshotManage,
      response: PlainSnapshot,
      ok: 202,
      handler: async (context) => {
        const caller = callerOf(context);
        const { snapshot } = context.body as { snapshot: ManageSnapshotRequest };
        const made = await managing.manageSnapshot(caller, snapshot);
        return { snapshot: snapshotView(plain(caller), made, false) };
      },
    }),
  ]),
  endpoint({
    id: 'volumes:os-unmanage',
    method: 'POST',
    path: '/volumes/{volume_id}/action',
    action: 'os-unmanage',
    policy: 'volume_extension:volume_unmanage',
    body: Unmanage,
    response: 'none',
    ok: 202,
    target: ({ auth, params }) => volumes.get(auth, params.volume_id),
    handler: (context) => managing.unmanage(callerOf(context), context.params.volume_id),
  }),
  endpoint({
    id: 'snapshots:os-unmanage',
    method: 'POST',
    path: '/snapshots/{snapshot_id}/action',
    action: 'os-unmanage',
    policy: 'snapshot_extension:snapshot_unmanage',
    body: Unmanage,
    response: 'none',
    ok: 202,
    target: ({ auth, params }) => snapshots.get(auth, params.snapshot_id),
    handler: (context) => managing.unmanageSnapshot(callerOf(context), context.params.snapshot_id),
  }),
];
