import { callerOf, endpoint, type Endpoint, mv } from '../../http/index.ts';
import { nextLinks } from '../app/list-query.ts';
import { volumeDetail, volumeSummary, volumeView } from '../app/view.ts';
import type { VolumeRequest } from '../app/volume-request.ts';
import type { Volumes } from '../app/volume.ts';
import { AnyQuery } from '../schemas/common.ts';
import {
  VolumeCreate,
  VolumeEncryption,
  VolumeDetails,
  VolumeList,
  VolumeMade,
  VolumeShown,
  VolumeSummary,
  VolumeUpdate,
} from '../schemas/volume.ts';
import { flag } from './flag.ts';

/** /volumes (api-ref: block-storage/v3, "Volumes"). */
export const volumeEndpoints = (volumes: Volumes): readonly Endpoint[] => [
  ...(['/volumes', '/volumes/detail'] as const).map((path) =>
    endpoint({
      id: path === '/volumes' ? 'volumes:list' : 'volumes:detail',
      method: 'GET',
      path,
      policy: 'volume:get_all',
      query: AnyQuery,
      response: path === '/volumes' ? VolumeList : VolumeDetails,
      ok: 200,
      handler: (context) => {
        const caller = callerOf(context);
        const { rows, count } = volumes.list(caller, context.query);
        const links = nextLinks(caller, context.query, path.slice(1), rows);
        const view = path === '/volumes' ? volumeSummary : volumeDetail;
        return {
          volumes: rows.map((one) => view(caller, one)),
          ...(links === undefined ? {} : { volumes_links: links }),
          ...(count === undefined ? {} : { count }),
        };
      },
    }),
  ),
  endpoint({
    id: 'volumes:summary',
    method: 'GET',
    path: '/volumes/summary',
    policy: 'volume:get_all',
    min: mv('3.12'),
    query: AnyQuery,
    response: VolumeSummary,
    ok: 200,
    handler: (context) => {
      const { count, size, metadata } = volumes.summary(callerOf(context), context.query);
      return {
        'volume-summary': {
          total_count: count,
          total_size: size,
          ...(context.version >= mv('3.36') ? { metadata } : {}),
        },
      };
    },
  }),
  endpoint({
    id: 'volumes:create',
    method: 'POST',
    path: '/volumes',
    policy: 'volume:create',
    body: VolumeCreate,
    response: VolumeMade,
    ok: 202,
    handler: (context) => {
      const caller = callerOf(context);
      const body = context.body as {
        volume: VolumeRequest & { readonly scheduler_hints?: object };
        'OS-SCH-HNT:scheduler_hints'?: Record<string, unknown> | null;
      };
      // Before 3.47 it was not known, and passed over.
      const { backup_id, ...volume } = body.volume;
      const source = backup_id == null || context.version < mv('3.47') ? {} : { backup_id };
      const made = volumes.create(caller, { ...volume, ...source }, body['OS-SCH-HNT:scheduler_hints'] ?? {});
      return { volume: volumeView(caller, made) };
    },
  }),
  endpoint({
    id: 'volumes:show',
    method: 'GET',
    path: '/volumes/{volume_id}',
    policy: 'volume:get',
    response: VolumeShown,
    ok: 200,
    target: ({ auth, params }) => volumes.get(auth, params.volume_id),
    handler: (context) => ({ volume: volumeDetail(callerOf(context), context.target) }),
  }),
  endpoint({
    id: 'volumes:encryption',
    method: 'GET',
    path: '/volumes/{volume_id}/encryption',
    policy: 'volume_extension:volume_encryption_metadata',
    response: VolumeEncryption,
    ok: 200,
    target: ({ auth, params }) => volumes.get(auth, params.volume_id),
    handler: ({ target }) => volumes.encryption(target),
  }),
  endpoint({
    id: 'volumes:update',
    method: 'PUT',
    path: '/volumes/{volume_id}',
    policy: 'volume:update',
    body: VolumeUpdate,
    response: VolumeMade,
    ok: 200,
    target: ({ auth, params }) => volumes.get(auth, params.volume_id),
    handler: (context) => {
      const caller = callerOf(context);
      const { volume } = context.body as { volume: VolumeRequest };
      return { volume: volumeView(caller, volumes.update(caller, context.params.volume_id, volume)) };
    },
  }),
  endpoint({
    id: 'volumes:delete',
    method: 'DELETE',
    path: '/volumes/{volume_id}',
    policy: 'volume:delete',
    query: AnyQuery,
    response: 'none',
    ok: 202,
    target: ({ auth, params }) => volumes.get(auth, params.volume_id),
    handler: (context) => {
      const { query, params, version, may } = context;
      const force = version >= mv('3.23') && flag(query, 'force');
      volumes.delete(callerOf(context), params.volume_id, {
        cascade: flag(query, 'cascade'),
        force: force && may('volume:force_delete'),
      });
    },
  }),
];
