import { Type } from 'typebox';
import { badRequest } from '../../errors/error.ts';
import {
  callerOf,
  endpoint,
  requirePolicy,
  type Endpoint,
  type Microversion,
  mv,
  naturalOf,
} from '../../http/index.ts';
import type { AttachmentChanges, AttachmentRequest, ServerVolumes } from '../app/server-volume.ts';
import type { ServerApp } from '../app/server.ts';
import { Tag, Uuid, byVersion, nullable, strict } from '../schemas/common.ts';
import type { ServerVolumeRow } from '../store/server-volume.ts';

const CHANGES = ['2.1', '2.70', '2.79', '2.89'] as const;

const Attachment = (version: Microversion) =>
  strict({
    ...(version >= mv('2.89') ? { attachment_id: Uuid, bdm_uuid: Uuid } : { id: Uuid }),
    serverId: Uuid,
    volumeId: Uuid,
    device: Type.String(),
    ...(version >= mv('2.70') ? { tag: nullable(Type.String()) } : {}),
    ...(version >= mv('2.79') ? { delete_on_termination: Type.Boolean() } : {}),
  });

/** By the request's microversion; `made` is what POST says, which had its id to the end. */
const view = (version: Microversion, row: ServerVolumeRow, made = false) => ({
  ...(version >= mv('2.89') && !made
    ? { attachment_id: row.attachment_id, bdm_uuid: row.bdm_uuid }
    : { id: row.volume_id }),
  serverId: row.server_id,
  volumeId: row.volume_id,
  device: `/dev/${row.target}`,
  ...(version >= mv('2.70') ? { tag: row.tag } : {}),
  ...(version >= mv('2.79') ? { delete_on_termination: row.delete_on_termination === 1 } : {}),
});

const Create = byVersion(['2.1', '2.49', '2.79'], (version) =>
  strict({
    volumeAttachment: strict({
      volumeId: Uuid,
      device: Type.Optional(
        nullable(Type.String({ pattern: '(^/dev/x{0,1}[a-z]{0,1}d{0,1})([a-z]+)[0-9]*$' })),
      ),
      ...(version >= mv('2.49') ? { tag: Type.Optional(Tag) } : {}),
      ...(version >= mv('2.79') ? { delete_on_termination: Type.Optional(Type.Boolean()) } : {}),
    }),
  }),
);

const Update = byVersion(['2.1', '2.85'], (version) =>
  strict({
    volumeAttachment: strict({
      volumeId: Uuid,
      ...(version >= mv('2.85')
        ? {
            id: Type.Optional(Type.String()),
            serverId: Type.Optional(Type.String()),
            device: Type.Optional(nullable(Type.String())),
            tag: Type.Optional(nullable(Type.String())),
            delete_on_termination: Type.Optional(Type.Boolean()),
          }
        : {}),
    }),
  }),
);

/** /servers/{id}/os-volume_attachments (api-ref, "Servers with volume attachments"). */
export const serverVolumeEndpoints = (servers: ServerApp, volumes: ServerVolumes): readonly Endpoint[] => [
  endpoint({
    id: 'os-volumes-attachments:index',
    method: 'GET',
    path: '/servers/{server_id}/os-volume_attachments',
    policy: 'os_compute_api:os-volumes-attachments:index',
    query: Type.Object({ limit: Type.Optional(Type.String()), offset: Type.Optional(Type.String()) }),
    response: byVersion(CHANGES, (version) => strict({ volumeAttachments: Type.Array(Attachment(version)) })),
    ok: 200,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: ({ target, version, query }) => {
      const offset = whole(query.offset, 0);
      const rows = volumes.list(target).slice(offset, offset + whole(query.limit, 1000));
      return { volumeAttachments: rows.map((row) => view(version, row)) };
    },
  }),
  endpoint({
    id: 'os-volumes-attachments:show',
    method: 'GET',
    path: '/servers/{server_id}/os-volume_attachments/{volume_id}',
    policy: 'os_compute_api:os-volumes-attachments:show',
    response: byVersion(CHANGES, (version) => strict({ volumeAttachment: Attachment(version) })),
    ok: 200,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: ({ target, version, params }) => ({
      volumeAttachment: view(version, volumes.get(target, params.volume_id)),
    }),
  }),
  endpoint({
    id: 'os-volumes-attachments:create',
    method: 'POST',
    path: '/servers/{server_id}/os-volume_attachments',
    policy: 'os_compute_api:os-volumes-attachments:create',
    body: Create,
    response: byVersion(['2.1', '2.70', '2.79'], (version) =>
      strict({ volumeAttachment: Attachment(Math.min(version, mv('2.88'))) }),
    ),
    ok: 200,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      const { volumeAttachment } = context.body as { volumeAttachment: AttachmentRequest };
      const row = volumes.attach(callerOf(context), context.target, volumeAttachment);
      return { volumeAttachment: view(context.version, row, true) };
    },
  }),
  endpoint({
    id: 'os-volumes-attachments:update',
    method: 'PUT',
    path: '/servers/{server_id}/os-volume_attachments/{volume_id}',
    policy: 'os_compute_api:os-volumes-attachments:update',
    body: Update,
    response: 'none',
    ok: 202,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      const { target, params, version } = context;
      const caller = callerOf(context);
      const { volumeAttachment } = context.body as { volumeAttachment: AttachmentChanges };
      const { volumeId: next } = volumeAttachment;
      // Before 2.85 there was nothing else to change.
      const swap = version < mv('2.85') || next !== params.volume_id;
      if (swap) requirePolicy(caller, 'os_compute_api:os-volumes-attachments:swap', {});
      if (version >= mv('2.85')) volumes.update(target, params.volume_id, volumeAttachment);
      if (swap) volumes.swap(caller, target, { old: params.volume_id, next });
    },
  }),
  endpoint({
    id: 'os-volumes-attachments:delete',
    method: 'DELETE',
    path: '/servers/{server_id}/os-volume_attachments/{volume_id}',
    policy: 'os_compute_api:os-volumes-attachments:delete',
    response: 'none',
    ok: 202,
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: (context) => {
      volumes.detach(callerOf(context), context.target, context.params.volume_id);
    },
  }),
];

/** @throws {CloudError} badRequest for what is no whole number. */
export function whole(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const number = naturalOf(text, 9);
  if (number === undefined)
    throw badRequest(`Invalid input for query parameters limit or offset. Value: ${text.slice(0, 40)}`);
  return number;
}
