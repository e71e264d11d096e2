import { callerOf, endpoint, type Endpoint, mv, Reply, type RequestContext } from '../../http/index.ts';
import type { ServerChanges } from '../app/server-change.ts';
import type { ServerApp, ServerTarget } from '../app/server.ts';
import {
  ConfirmResize,
  CreateBackup,
  CreateImage,
  ImageCreated,
  Rebuild,
  Rebuilt,
  Resize,
  RevertResize,
  type RebuildRequest,
} from '../schemas/server-change.ts';

const ACTION = {
  method: 'POST',
  path: '/servers/{server_id}/action',
  response: 'none',
  ok: 202,
} as const;

/** Before 2.45 an image is told by its place, since then in the body. */
const imageReply = (context: RequestContext, imageId: string): object =>
  context.version >= mv('2.45')
    ? { image_id: imageId }
    : new Reply({ headers: { location: `${context.origin}/image/v2/images/${imageId}` } });

/** Actions that change what a server is made of, and images of servers (api-ref, "Servers - run an action"). */
export const serverChangeEndpoints = (servers: ServerApp, changes: ServerChanges): readonly Endpoint[] => [
  endpoint({
    ...ACTION,
    id: 'servers:rebuild',
    action: 'rebuild',
    policy: 'os_compute_api:servers:rebuild',
    body: Rebuild,
    response: Rebuilt,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      const caller = callerOf(context);
      const { rebuild } = context.body as { readonly rebuild: RebuildRequest };
      const adminPass = changes.rebuild(caller, context.target, rebuild);
      const row = servers.reload(context.target.row.id);
      const target: ServerTarget = { ...context.target, row };
      // Shown without its prefix here (2.57), so not a second time with it (2.75).
      const { 'OS-EXT-SRV-ATTR:user_data': _, ...shown } = servers.body(caller, target) as Record<
        string,
        unknown
      >;
      return new Reply({
        headers: { location: `${context.base}/servers/${row.id}` },
        body: {
          server: {
            ...shown,
            adminPass,
            ...(context.version >= mv('2.54') ? { key_name: row.key_name } : {}),
            ...(context.version >= mv('2.57') ? { user_data: row.user_data } : {}),
          },
        },
      });
    },
  }),
  endpoint({
    ...ACTION,
    id: 'servers:resize',
    action: 'resize',
    policy: 'os_compute_api:servers:resize',
    body: Resize,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      const { flavorRef, 'OS-DCF:diskConfig': diskConfig } = context.body.resize;
      changes.resize(callerOf(context), context.target, String(flavorRef), diskConfig);
    },
  }),
  endpoint({
    ...ACTION,
    id: 'servers:confirm_resize',
    action: 'confirmResize',
    policy: 'os_compute_api:servers:confirm_resize',
    body: ConfirmResize,
    ok: 204,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      changes.confirmResize(callerOf(context), context.target);
    },
  }),
  endpoint({
    ...ACTION,
    id: 'servers:revert_resize',
    action: 'revertResize',
    policy: 'os_compute_api:servers:revert_resize',
    body: RevertResize,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      changes.revertResize(callerOf(context), context.target);
    },
  }),
  endpoint({
    ...ACTION,
    id: 'servers:create_image',
    action: 'createImage',
    policy: 'os_compute_api:servers:create_image',
    body: CreateImage,
    response: ImageCreated,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) =>
      imageReply(context, changes.createImage(callerOf(context), context.target, context.body.createImage)),
  }),
  endpoint({
    ...ACTION,
    id: 'os-create-backup',
    action: 'createBackup',
    policy: 'os_compute_api:os-create-backup',
    body: CreateBackup,
    response: ImageCreated,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      const { name, metadata, backup_type, rotation } = context.body.createBackup;
      const imageId = changes.createImage(callerOf(context), context.target, {
        name,
        ...(metadata === undefined ? {} : { metadata }),
        backup: { type: backup_type, rotation: Number(rotation) },
      });
      return imageReply(context, imageId);
    },
  }),
];
