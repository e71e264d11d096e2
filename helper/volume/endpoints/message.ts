import { transaction } from '../../db/index.ts';
import { type Caller, callerOf, endpoint, type Endpoint, mv } from '../../http/index.ts';
import { notThere, sees, type VolumeContext } from '../app/context.ts';
import { linksOf, listQuery, nextLinks } from '../app/list-query.ts';
import { MESSAGE_LIST } from '../app/volume-filter.ts';
import { AnyQuery, timeText } from '../schemas/common.ts';
import { MessageList, MessageShown } from '../schemas/transfer.ts';
import { deleteMessage, findMessage, listMessages, type MessageRow } from '../store/message.ts';

const messageView = (caller: Caller, message: MessageRow) => ({
  id: message.id,
  event_id: message.event_id,
  message_level: message.message_level,
  created_at: timeText(message.created_at),
  guaranteed_until: timeText(message.expires_at),
  request_id: message.request_id,
  resource_type: message.resource_type,
  resource_uuid: message.resource_uuid,
  user_message: message.user_message,
  links: linksOf(caller, 'messages', message.id),
});

/** /messages (microversion 3.3): what failed behind accepted requests. */
export function messageEndpoints({ db }: Pick<VolumeContext, 'db'>): readonly Endpoint[] {
  const get = (auth: Caller['auth'], id: string): MessageRow => {
    const message = findMessage(db, id);
    if (message === undefined || !sees(auth, message.project_id)) throw notThere('Message', id);
    return message;
  };
  return [
    endpoint({
      id: 'messages:list',
      method: 'GET',
      path: '/messages',
      policy: 'message:get_all',
      min: mv('3.3'),
      query: AnyQuery,
      response: MessageList,
      ok: 200,
      handler: (context) => {
        const caller = callerOf(context);
        const { rows } = listMessages(db, listQuery(caller, context.query, MESSAGE_LIST, 'project_id'));
        const links =
          context.version >= mv('3.5') ? nextLinks(caller, context.query, 'messages', rows) : undefined;
        return {
          messages: rows.map((one) => messageView(caller, one)),
          ...(links === undefined ? {} : { messages_links: links }),
        };
      },
    }),
    endpoint({
      id: 'messages:show',
      method: 'GET',
      path: '/messages/{message_id}',
      policy: 'message:get',
      min: mv('3.3'),
      response: MessageShown,
      ok: 200,
      target: ({ auth, params }) => get(auth, params.message_id),
      handler: (context) => ({ message: messageView(callerOf(context), context.target) }),
    }),
    endpoint({
      id: 'messages:delete',
      method: 'DELETE',
      path: '/messages/{message_id}',
      policy: 'message:delete',
      min: mv('3.3'),
      ok: 204,
      target: ({ auth, params }) => get(auth, params.message_id),
      handler: ({ params }) => transaction(db, () => deleteMessage(db, params.message_id)),
    }),
  ];
}
