import { randomUUID } from 'node:crypto';
import { transaction } from '../../db/index.ts';
import { callerOf, endpoint, type Endpoint, mv } from '../../http/index.ts';
import type { Attachments } from '../app/attachment.ts';
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

/** Where the disk is on the host is nobody's business: this host's own servers are all that can reach it. */
const detail = (row: AttachmentRow) => ({
  ...summary(row),
  attached_at: row.attached_at === null ? '' : timeText(row.attached_at),
  detached_at: '' as const,
  attach_mode: row.attach_mode,
  connection_info:
    row.connector === null
      ? {}
      : {
          driver_volume_type: 'local',
          access_mode: row.attach_mode,
          attachment_id: row.id,
          volume_id: row.volume_id,
        },
});

const word = (connector: object, key: string): string | null => {
  const value = (connector as Record<string, unknown>)[key];
  return typeof value === 'string' && value.length <= 255 ? value : null;
};

/** /attachments (microversion 3.27): volumes' users, also hosts that clients speak for. */
export const attachmentEndpoints = (
  { db }: Pick<VolumeContext, 'db'>,
  attachments: Attachments,
): readonly Endpoint[] => {
  const connect = (id: string, connector: object): void =>
    attachments.connect(id, {
      host: word(connector, 'host'),
      mountpoint: word(connector, 'mountpoint'),
      connector: JSON.stringify(connector),
    });
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
          return { attachments: rows.map(path === '/attachments' ? summary : detail) };
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
      handler: ({ auth, body }) => {
        const { attachment } = body as {
          attachment: {
            volume_uuid: string;
            instance_uuid?: string | null;
            connector?: object | null;
            mode?: string | null;
          };
        };
        const id = randomUUID();
        return transaction(db, () => {
          attachments.reserve(auth, {
            id,
            volumeId: attachment.volume_uuid,
            serverId: attachment.instance_uuid ?? null,
            ...(attachment.mode === undefined ? {} : { mode: attachment.mode }),
          });
          if (attachment.connector !== undefined && attachment.connector !== null)
            connect(id, attachment.connector);
          return { attachment: detail(attachments.get(auth, id)) };
        });
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
      handler: ({ target }) => ({ attachment: detail(target) }),
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
      handler: ({ auth, params, target, body }) =>
        transaction(db, () => {
          attachments.refuseServers(target);
          connect(params.attachment_id, body.attachment.connector);
          return { attachment: detail(attachments.get(auth, params.attachment_id)) };
        }),
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
