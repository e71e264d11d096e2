import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { type AuthContext, callerOf, endpoint, type Endpoint, mv } from '../../http/index.ts';
import type { Attachments } from '../app/attachment.ts';
import type { Connections } from '../app/connection.ts';
import type { VolumeContext } from '../app/context.ts';
import { listQuery } from '../app/list-query.ts';
import { ATTACHMENT_LIST } from '../app/volume-filter.ts';
import {
  AttachmentComplete,
  AttachmentCreate,
  AttachmentDetails,
  AttachmentList,
  AttachmentShown,
  AttachmentUpdate,
} from '../schemas/attachment.ts';
import { AnyQuery, timeText } from '../schemas/common.ts';
import type { AttachmentRow } from '../store/attachment.ts';
import { listRows } from '../store/list.ts';

const SINCE = { min: mv('3.27') };

const summary = (row: AttachmentRow) => ({
  id: row.id,
  status: row.attach_status,
  instance: row.instance_uuid,
  volume_id: row.volume_id,
});

const detail = (row: AttachmentRow, connection_info: object) => ({
  ...summary(row),
  attached_at: row.attached_at === null ? '' : timeText(row.attached_at),
  detached_at: '' as const,
  attach_mode: row.attach_mode,
  connection_info,
});

const word = (connector: object, key: string): string | null => {
  const value = (connector as Record<string, unknown>)[key];
  return typeof value === 'string' && value.length <= 255 ? value : null;
};

/** /attachments (microversion 3.27): volumes' users, also hosts that clients speak for. */
export const attachmentEndpoints = (
  { db }: Pick<VolumeContext, 'db'>,
  attachments: Attachments,
  connections: Connections,
): readonly Endpoint[] => {
  const connect = (auth: AuthContext, id: string, connector: object): void => {
    connections.grant(attachments.get(auth, id), connector);
    attachments.connect(id, {
      host: word(connector, 'host'),
      mountpoint: word(connector, 'mountpoint'),
      connector: JSON.stringify(connector),
    });
  };
  /** Once the target is there; without it, the attachment stays as it was asked for, and PUT tries again. */
  const connected = async (auth: AuthContext, id: string) => {
    const row = attachments.get(auth, id);
    if (row.connector !== null) await connections.ready(row.volume_id);
    return { attachment: detail(row, connections.infoOf(row, true)) };
  };
  return [
    ...(['/attachments', '/attachments/detail'] as const).map((path) =>
      endpoint({
        id: path === '/attachments' ? 'attachments:list' : 'attachments:detail',
        method: 'GET',
        path,
        ...SINCE,
        policy: 'volume:attachment_list',
        query: AnyQuery,
        response: path === '/attachments' ? AttachmentList : AttachmentDetails,
        ok: 200,
        handler: (context) => {
          const query = listQuery(callerOf(context), context.query, ATTACHMENT_LIST, 'project_id');
          const { rows } = listRows<AttachmentRow>(db, 'volume_attachment', query);
          return {
            attachments: rows.map((row) =>
              path === '/attachments' ? summary(row) : detail(row, connections.infoOf(row, false)),
            ),
          };
        },
      }),
    ),
    endpoint({
      id: 'attachments:create',
      method: 'POST',
      path: '/attachments',
      ...SINCE,
      policy: 'volume:attachment_create',
      body: AttachmentCreate,
      response: AttachmentShown,
      ok: 200,
      handler: async ({ auth, body }) => {
        const { attachment } = body as {
          attachment: {
            volume_uuid: string;
            instance_uuid?: string | null;
            connector?: object | null;
            mode?: string | null;
          };
        };
        const id = randomUUID();
        transaction(db, () => {
          attachments.reserve(auth, {
            id,
            volumeId: attachment.volume_uuid,
            serverId: attachment.instance_uuid ?? null,
            ...(attachment.mode === undefined ? {} : { mode: attachment.mode }),
          });
          if (attachment.connector !== undefined && attachment.connector !== null)
            connect(auth, id, attachment.connector);
        });
        return connected(auth, id);
      },
    }),
    endpoint({
      id: 'attachments:show',
      method: 'GET',
      path: '/attachments/{attachment_id}',
      ...SINCE,
      policy: 'volume:attachment_get',
      response: AttachmentShown,
      ok: 200,
      target: ({ auth, params }) => ({ ...attachments.get(auth, params.attachment_id) }),
      handler: (context) => {
        const { target } = context;
        const may = callerOf(context).may('volume:attachment_update', target);
        return { attachment: detail(target, connections.infoOf(target, may)) };
      },
    }),
    endpoint({
      id: 'attachments:update',
      method: 'PUT',
      path: '/attachments/{attachment_id}',
      ...SINCE,
      policy: 'volume:attachment_update',
      body: AttachmentUpdate,
      response: AttachmentShown,
      ok: 200,
      target: ({ auth, params }) => ({ ...attachments.get(auth, params.attachment_id) }),
      handler: ({ auth, params, target, body }) => {
        transaction(db, () => {
          attachments.refuseServers(target);
          connect(auth, params.attachment_id, body.attachment.connector);
        });
        return connected(auth, params.attachment_id);
      },
    }),
    endpoint({
      id: 'attachments:os-complete',
      method: 'POST',
      path: '/attachments/{attachment_id}/action',
      action: 'os-complete',
      min: mv('3.44'),
      policy: 'volume:attachment_complete',
      body: AttachmentComplete,
      ok: 204,
      target: ({ auth, params }) => ({ ...attachments.get(auth, params.attachment_id) }),
      handler: ({ params, target }) =>
        transaction(db, () => {
          attachments.refuseServers(target);
          attachments.complete(params.attachment_id);
        }),
    }),
    endpoint({
      id: 'attachments:delete',
      method: 'DELETE',
      path: '/attachments/{attachment_id}',
      ...SINCE,
      policy: 'volume:attachment_delete',
      response: AttachmentList,
      ok: 200,
      target: ({ auth, params }) => ({ ...attachments.get(auth, params.attachment_id) }),
      handler: ({ params, target }) =>
        transaction(db, () => {
          attachments.refuseServers(target);
          attachments.release(params.attachment_id);
          return { attachments: [] };
        }),
    }),
  ];
};
