import { callerOf, endpoint, type Endpoint } from '../../http/index.ts';
import type { AggregateApp } from '../app/aggregate.ts';
import {
  AddHost,
  AggregateAnswer,
  AggregateCreate,
  AggregateCreated,
  AggregateList,
  AggregateUpdate,
  RemoveHost,
  SetMetadata,
} from '../schemas/host.ts';

/** /os-aggregates (api-ref, "Host aggregates"). */
export const aggregateEndpoints = (aggregates: AggregateApp): readonly Endpoint[] => [
  endpoint({
    id: 'os-aggregates:index',
    method: 'GET',
    path: '/os-aggregates',
    policy: 'os_compute_api:os-aggregates:index',
    response: AggregateList,
    ok: 200,
    handler: (context) => aggregates.list(callerOf(context)),
  }),
  endpoint({
    id: 'os-aggregates:create',
    method: 'POST',
    path: '/os-aggregates',
    policy: 'os_compute_api:os-aggregates:create',
    body: AggregateCreate,
    response: AggregateCreated,
    ok: 200,
    handler: (context) => aggregates.create(callerOf(context), context.body.aggregate),
  }),
  endpoint({
    id: 'os-aggregates:show',
    method: 'GET',
    path: '/os-aggregates/{aggregate_id}',
    policy: 'os_compute_api:os-aggregates:show',
    response: AggregateAnswer,
    ok: 200,
    handler: (context) => aggregates.show(callerOf(context), context.params.aggregate_id),
  }),
  endpoint({
    id: 'os-aggregates:update',
    method: 'PUT',
    path: '/os-aggregates/{aggregate_id}',
    policy: 'os_compute_api:os-aggregates:update',
    body: AggregateUpdate,
    response: AggregateAnswer,
    ok: 200,
    handler: (context) =>
      aggregates.update(callerOf(context), context.params.aggregate_id, context.body.aggregate),
  }),
  endpoint({
    id: 'os-aggregates:delete',
    method: 'DELETE',
    path: '/os-aggregates/{aggregate_id}',
    policy: 'os_compute_api:os-aggregates:delete',
    response: 'none',
    ok: 200,
    handler: ({ params }) => aggregates.remove(params.aggregate_id),
  }),
  endpoint({
    id: 'os-aggregates:add_host',
    method: 'POST',
    path: '/os-aggregates/{aggregate_id}/action',
    action: 'add_host',
    policy: 'os_compute_api:os-aggregates:add_host',
    body: AddHost,
    response: AggregateAnswer,
    ok: 200,
    handler: (context) =>
      aggregates.addHost(callerOf(context), context.params.aggregate_id, context.body.add_host.host),
  }),
  endpoint({
    id: 'os-aggregates:remove_host',
    method: 'POST',
    path: '/os-aggregates/{aggregate_id}/action',
    action: 'remove_host',
    policy: 'os_compute_api:os-aggregates:remove_host',
    body: RemoveHost,
    response: AggregateAnswer,
    ok: 200,
    handler: (context) =>
      aggregates.removeHost(callerOf(context), context.params.aggregate_id, context.body.remove_host.host),
  }),
  endpoint({
    id: 'os-aggregates:set_metadata',
    method: 'POST',
    path: '/os-aggregates/{aggregate_id}/action',
    action: 'set_metadata',
    policy: 'os_compute_api:os-aggregates:set_metadata',
    body: SetMetadata,
    response: AggregateAnswer,
    ok: 200,
    handler: (context) =>
      aggregates.setMetadata(
        callerOf(context),
        context.params.aggregate_id,
        context.body.set_metadata.metadata,
      ),
  }),
];
