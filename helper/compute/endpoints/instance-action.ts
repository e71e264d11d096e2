import { badRequest } from '../../errors/error.ts';
import { callerOf, endpoint, type Endpoint, mv, nextLink, pageOf } from '../../http/index.ts';
import type { InstanceActionApp } from '../app/instance-action.ts';
import { timeOf } from '../app/server-filter.ts';
import { InstanceAction, InstanceActions, InstanceActionsQuery } from '../schemas/instance-action.ts';

type Query = Readonly<Record<string, string | undefined>>;

/** /servers/{id}/os-instance-actions (api-ref, "Servers actions"). */
export const instanceActionEndpoints = (actions: InstanceActionApp): readonly Endpoint[] => [
  endpoint({
    id: 'os-instance-actions:list',
    method: 'GET',
    path: '/servers/{server_id}/os-instance-actions',
    policy: 'os_compute_api:os-instance-actions:list',
    query: InstanceActionsQuery,
    response: InstanceActions,
    ok: 200,
    target: ({ auth, params, version }) => actions.target(auth, params.server_id, version),
    handler: (context) => {
      const paged = context.version >= mv('2.58');
      const query: Query = paged ? (context.query as Query) : {};
      const page = pageOf(query, { max: 1000, zeroIsEmpty: true });
      const changesSince = timeOf(query['changes-since']);
      const changesBefore = timeOf(query['changes-before']);
      if (changesSince !== undefined && changesBefore !== undefined && changesBefore < changesSince)
        throw badRequest('The value of changes-since must be less than or equal to changes-before.');
      const rows = actions.list(context.target, { ...page, changesSince, changesBefore });
      const last = paged && rows.length === page.limit ? rows.at(-1) : undefined;
      const caller = callerOf(context);
      const path = `/servers/${context.target.row.id}/os-instance-actions`;
      return {
        instanceActions: rows.map((row) => actions.body(caller, row)),
        ...(last === undefined
          ? {}
          : { links: [{ rel: 'next', href: nextLink(context.base, path, query, last.request_id) }] }),
      };
    },
  }),
  endpoint({
    id: 'os-instance-actions:show',
    method: 'GET',
    path: '/servers/{server_id}/os-instance-actions/{request_id}',
    policy: 'os_compute_api:os-instance-actions:show',
    response: InstanceAction,
    ok: 200,
    target: ({ auth, params, version }) => actions.target(auth, params.server_id, version),
    handler: (context) => ({
      instanceAction: actions.show(callerOf(context), context.target, context.params.request_id),
    }),
  }),
];
