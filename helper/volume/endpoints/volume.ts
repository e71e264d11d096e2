import { type Caller, callerOf, endpoint, type Endpoint, mv, type RequestContext } from '../../http/index.ts';
import { nextLinks } from '../app/list-query.ts';
import { volumeDetail, volumeSummary, volumeView } from '../app/view.ts';
import type { VolumeLists, VolumePage } from '../app/volume-list.ts';
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

/** One page of volumes at a path. */
function page<Row extends { readonly id: string }>(
  context: RequestContext<unknown, unknown, Readonly<Record<string, string>>>,
  path: string,
  { rows, count }: VolumePage<Row>,
  view: (caller: Caller, row: Row) => unknown,
) {
  const caller = callerOf(context);
  const links = nextLinks(caller, context.query, path, rows);
  return {
    volumes: rows.map((row) => view(caller, row)),
    ...(links === undefined ? {} : { volumes_links: links }),
    ...(count === undefined ? {} : { count }),
  };
}

/** /volumes (api-ref: block-storage/v3, "Volumes"). */
export const volumeEndpoints = (volumes: Volumes, lists: VolumeLists): readonly Endpoint[] => [
  endpoint({
    id: 'volumes:list',
    method: 'GET',
    path: '/volumes',
    policy: 'volume:get_all',
    query: AnyQuery,
    response: VolumeList,
    ok: 200,
    handler: (context) =>
      page(context, 'volumes', lists.rows(callerOf(context), context.query), volumeSummary),
  }),
  endpoint({
    id: 'volumes:detail',
    method: 'GET',
    path: '/volumes/detail',
    policy: 'volume:get_all',
    query: AnyQuery,
    response: VolumeDetails,
    ok: 200,
    handler: (context) =>
      page(context, 'volumes/detail', lists.details(callerOf(context), context.query), volumeDetail),
  }),
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
      const caller = callerOf(context);
      const { count, size } = lists.summary(caller, context.query);
      return {
        'volume-summary': {
          total_count: count,
          total_size: size,
          ...(context.version >= mv('3.36')
            ? { metadata: lists.summaryOfMetadata(caller, context.query) }
            : {}),
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
