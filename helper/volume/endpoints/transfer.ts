import { type Caller, callerOf, endpoint, type Endpoint, mv } from '../../http/index.ts';
import { linksOf, nextLinks } from '../app/list-query.ts';
import type { TransferRequest, Transfers } from '../app/transfer.ts';
import { AnyQuery, timeText } from '../schemas/common.ts';
import {
  TransferAccept,
  TransferAccepted,
  TransferCreate,
  TransferDetails,
  TransferList,
  TransferMade,
  TransferShown,
} from '../schemas/transfer.ts';
import type { TransferRow } from '../store/transfer.ts';

const summary = (caller: Caller, transfer: TransferRow) => ({
  id: transfer.id,
  volume_id: transfer.volume_id,
  name: transfer.name,
  links: linksOf(caller, 'volume-transfers', transfer.id),
});

const detail = (caller: Caller, transfer: TransferRow) => ({
  ...summary(caller, transfer),
  created_at: timeText(transfer.created_at),
  ...(caller.version >= mv('3.55') ? { no_snapshots: transfer.no_snapshots === 1 } : {}),
  ...(caller.version >= mv('3.57')
    ? {
        source_project_id: transfer.source_project_id,
        destination_project_id: transfer.destination_project_id,
        accepted: transfer.accepted === 1,
      }
    : {}),
});

const BASES = [
  { base: '/os-volume-transfer', prefix: 'os-volume-transfer', min: undefined },
  { base: '/volume-transfers', prefix: 'volume-transfers', min: mv('3.55') },
] as const;

/** /os-volume-transfer, and the same as /volume-transfers from microversion 3.55 on. */
export const transferEndpoints = (transfers: Transfers): readonly Endpoint[] =>
  BASES.flatMap(({ base, prefix, min }) => {
    const since = min === undefined ? {} : { min };
    return [
      ...([base, `${base}/detail`] as const).map((path) =>
        endpoint({
          id: `${prefix}:${path === base ? 'list' : 'detail'}`,
          method: 'GET',
          path,
          ...since,
          policy: 'volume:get_all_transfers',
          query: AnyQuery,
          response: path === base ? TransferList : TransferDetails,
          ok: 200,
          handler: (context) => {
            const caller = callerOf(context);
            const { rows } = transfers.list(caller, context.query);
            const links =
              context.version >= mv('3.59')
                ? nextLinks(caller, context.query, path.slice(1), rows)
                : undefined;
            const view = path === base ? summary : detail;
            return {
              transfers: rows.map((one) => view(caller, one)),
              ...(links === undefined ? {} : { transfers_links: links }),
            };
          },
        }),
      ),
      endpoint({
        id: `${prefix}:create`,
        method: 'POST',
        path: base,
        ...since,
        policy: 'volume:create_transfer',
        body: TransferCreate,
        response: TransferMade,
        ok: 202,
        handler: (context) => {
          const caller = callerOf(context);
          const { transfer, key } = transfers.create(
            caller,
            (context.body as { transfer: TransferRequest }).transfer,
          );
          return { transfer: { ...detail(caller, transfer), auth_key: key } };
        },
      }),
      endpoint({
        id: `${prefix}:show`,
        method: 'GET',
        path: `${base}/{transfer_id}`,
        ...since,
        policy: 'volume:get_transfer',
        response: TransferShown,
        ok: 200,
        target: ({ auth, params }) => ofSource(transfers.get(auth, params.transfer_id)),
        handler: (context) => ({ transfer: detail(callerOf(context), context.target) }),
      }),
      endpoint({
        id: `${prefix}:accept`,
        method: 'POST',
        path: `${base}/{transfer_id}/accept`,
        ...since,
        policy: 'volume:accept_transfer',
        body: TransferAccept,
        response: TransferAccepted,
        ok: 202,
        handler: (context) => {
          const caller = callerOf(context);
          const { transfer_id } = context.params;
          return {
            transfer: summary(caller, transfers.accept(caller, transfer_id, context.body.accept.auth_key)),
          };
        },
      }),
      endpoint({
        id: `${prefix}:delete`,
        method: 'DELETE',
        path: `${base}/{transfer_id}`,
        ...since,
        policy: 'volume:delete_transfer',
        response: 'none',
        ok: 202,
        target: ({ auth, params }) => ofSource(transfers.get(auth, params.transfer_id)),
        handler: (context) => transfers.delete(callerOf(context), context.params.transfer_id),
      }),
    ];
  });

/** For policies: whose it is. */
const ofSource = (transfer: TransferRow) => ({ ...transfer, project_id: transfer.source_project_id });
