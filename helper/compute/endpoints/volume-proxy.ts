import { Type } from 'typebox';
import { callerOf, endpoint, mv, type Endpoint } from '../../http/index.ts';
import type { ComputeVolumes } from '../../volume/face.ts';
import { nullable, strict } from '../schemas/common.ts';
import { whole } from './server-volume.ts';

/** Up to here compute speaks for block storage. */
const OLD = { max: mv('2.35') } as const;
const PAGE = Type.Object({ limit: Type.Optional(Type.String()), offset: Type.Optional(Type.String()) });

const Text = Type.String({ maxLength: 255 });
const Volume = strict({
  id: Type.String(),
  status: Type.String(),
  size: Type.Integer(),
  availabilityZone: nullable(Type.String()),
  createdAt: Type.String(),
  attachments: Type.Array(
    strict({
      id: Type.Optional(Type.String()),
      volumeId: Type.Optional(Type.String()),
      serverId: Type.Optional(Type.String()),
      device: Type.Optional(Type.String()),
    }),
  ),
  displayName: nullable(Type.String()),
  displayDescription: nullable(Type.String()),
  volumeType: nullable(Type.String()),
  snapshotId: nullable(Type.String()),
  metadata: Type.Record(Type.String(), Type.String()),
});
const VolumeCreate = strict({
  volume: strict({
    size: Type.Union([Type.Integer({ minimum: 1 }), Type.String({ pattern: '^[0-9]{1,9}$' })]),
    volume_type: Type.Optional(Text),
    metadata: Type.Optional(Type.Record(Text, Text)),
    snapshot_id: Type.Optional(Text),
    availability_zone: Type.Optional(Text),
    display_name: Type.Optional(Text),
    display_description: Type.Optional(Text),
  }),
});
const Snapshot = strict({
  id: Type.String(),
  volumeId: Type.String(),
  status: Type.String(),
  size: Type.Integer(),
  createdAt: Type.String(),
  displayName: nullable(Type.String()),
  displayDescription: nullable(Type.String()),
});
const SnapshotCreate = strict({
  snapshot: strict({
    volume_id: Type.String({ maxLength: 64 }),
    force: Type.Optional(
      Type.Union([
        Type.Boolean(),
        Type.Enum(['True', 'true', 'TRUE', '1', 'on', 'yes', 'False', 'false', 'FALSE', '0', 'off', 'no']),
      ]),
    ),
    display_name: Type.Optional(Text),
    display_description: Type.Optional(Text),
  }),
});

const page = ({ limit, offset }: { readonly limit?: string; readonly offset?: string }) => ({
  limit: Math.min(whole(limit, 1000), 1000),
  offset: whole(offset, 0),
});

/** Volumes and their snapshots of the old microversions (api-ref, "Volume extension (os-volumes, os-snapshots)"). */
export const volumeProxyEndpoints = (proxy: ComputeVolumes): readonly Endpoint[] => [
  ...(['', '/detail'] as const).flatMap((suffix) => {
    const rule = suffix === '' ? 'list' : 'detail';
    return [
      endpoint({
        ...OLD,
        id: `os-volumes:${rule}`,
        method: 'GET',
        path: `/os-volumes${suffix}`,
        policy: `os_compute_api:os-volumes:${rule}`,
        query: PAGE,
        response: strict({ volumes: Type.Array(Volume) }),
        ok: 200,
        handler: (context) => ({ volumes: proxy.volumes(callerOf(context), page(context.query)) }),
      }),
      endpoint({
        ...OLD,
        id: `os-snapshots:${rule}`,
        method: 'GET',
        path: `/os-snapshots${suffix}`,
        policy: `os_compute_api:os-volumes:snapshots:${rule}`,
        query: PAGE,
        response: strict({ snapshots: Type.Array(Snapshot) }),
        ok: 200,
        handler: (context) => ({ snapshots: proxy.snapshots(callerOf(context), page(context.query)) }),
      }),
    ];
  }),
  endpoint({
    ...OLD,
    id: 'os-volumes:create',
    method: 'POST',
    path: '/os-volumes',
    policy: 'os_compute_api:os-volumes:create',
    body: VolumeCreate,
    response: strict({ volume: Volume }),
    ok: 200,
    handler: (context) => ({ volume: proxy.createVolume(callerOf(context), context.body.volume) }),
  }),
  endpoint({
    ...OLD,
    id: 'os-volumes:show',
    method: 'GET',
    path: '/os-volumes/{id}',
    policy: 'os_compute_api:os-volumes:show',
    response: strict({ volume: Volume }),
    ok: 200,
    handler: (context) => ({ volume: proxy.volume(callerOf(context), context.params.id) }),
  }),
  endpoint({
    ...OLD,
    id: 'os-volumes:delete',
    method: 'DELETE',
    path: '/os-volumes/{id}',
    policy: 'os_compute_api:os-volumes:delete',
    response: 'none',
    ok: 202,
    handler: (context) => proxy.deleteVolume(callerOf(context), context.params.id),
  }),
  endpoint({
    ...OLD,
    id: 'os-snapshots:create',
    method: 'POST',
    path: '/os-snapshots',
    policy: 'os_compute_api:os-volumes:snapshots:create',
    body: SnapshotCreate,
    response: strict({ snapshot: Snapshot }),
    ok: 200,
    handler: (context) => ({
      snapshot: proxy.createSnapshot(callerOf(context), context.body.snapshot),
    }),
  }),
  endpoint({
    ...OLD,
    id: 'os-snapshots:show',
    method: 'GET',
    path: '/os-snapshots/{id}',
    policy: 'os_compute_api:os-volumes:snapshots:show',
    response: strict({ snapshot: Snapshot }),
    ok: 200,
    handler: (context) => ({ snapshot: proxy.snapshot(callerOf(context), context.params.id) }),
  }),
  endpoint({
    ...OLD,
    id: 'os-snapshots:delete',
    method: 'DELETE',
    path: '/os-snapshots/{id}',
    policy: 'os_compute_api:os-volumes:snapshots:delete',
    response: 'none',
    ok: 202,
    handler: (context) => proxy.deleteSnapshot(callerOf(context), context.params.id),
  }),
];
