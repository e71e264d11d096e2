import { endpoint, type Endpoint } from '../../http/index.ts';
import { bodiesOf, checkRevision } from '../app/caller.ts';
import { pick } from '../app/listing.ts';
import type { NetworkApp } from '../app/network.ts';
import { listed, oneOrMany, wrapped } from '../schemas/common.ts';
import { NetworkCreate, NetworkShown, NetworkUpdate } from '../schemas/network.ts';
import { oneOrManyShown } from './shown.ts';

/** https://docs.openstack.org/api-ref/network/v2/#networks */
export const networkEndpoints = (networks: NetworkApp): readonly Endpoint[] => [
  endpoint({
    id: 'networks:list',
    method: 'GET',
    path: '/networks',
    policy: 'get_network',
    response: listed('networks', NetworkShown),
    ok: 200,
    handler: (context) => networks.list(context),
  }),
  endpoint({
    id: 'networks:create',
    method: 'POST',
    path: '/networks',
    policy: 'create_network',
    body: oneOrMany('network', 'networks', NetworkCreate),
    response: oneOrManyShown('network', 'networks', NetworkShown),
    ok: 201,
    handler: (context) => {
      const { many, bodies } = bodiesOf(context.body.network, context.body.networks);
      const views = networks.views(context, networks.create(context, bodies));
      return many ? { networks: views } : { network: views[0] };
    },
  }),
  endpoint({
    id: 'networks:show',
    method: 'GET',
    path: '/networks/{network_id}',
    policy: 'get_network',
    response: wrapped('network', NetworkShown),
    ok: 200,
    target: (context) => {
      const row = networks.load(context, context.params.network_id);
      return { row, ...networks.target(context, row) };
    },
    handler: (context) => {
      const [view = {}] = networks.views(context, [context.target.row]);
      return { network: pick(view, context) };
    },
  }),
  endpoint({
    id: 'networks:update',
    method: 'PUT',
    path: '/networks/{network_id}',
    policy: 'update_network',
    body: wrapped('network', NetworkUpdate),
    response: wrapped('network', NetworkShown),
    ok: 200,
    target: (context) => {
      const row = networks.load(context, context.params.network_id);
      return { row, project_id: row.project_id };
    },
    handler: (context) => {
      checkRevision(context, context.target.row);
      const row = networks.update(context, context.target.row, context.body.network);
      return { network: networks.views(context, [row])[0] };
    },
  }),
  endpoint({
    id: 'networks:delete',
    method: 'DELETE',
    path: '/networks/{network_id}',
    policy: 'delete_network',
    ok: 204,
    target: (context) => {
      const row = networks.load(context, context.params.network_id);
      return { row, project_id: row.project_id };
    },
    handler: (context) => {
      checkRevision(context, context.target.row);
      networks.delete(context.target.row);
    },
  }),
];
