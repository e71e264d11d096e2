import { endpoint, type Endpoint } from '../../http/index.ts';
import { bodiesOf, checkRevision, isAdmin } from '../app/caller.ts';
import { pick } from '../app/listing.ts';
import type { SubnetApp, SubnetTarget } from '../app/subnet.ts';
import { subnetView } from '../app/view.ts';
import { listed, oneOrMany, wrapped } from '../schemas/common.ts';
import { SubnetCreate, SubnetShown, SubnetUpdate } from '../schemas/subnet.ts';
import { oneOrManyShown } from './shown.ts';

const targetOf = (row: SubnetTarget) => ({
  project_id: row.project_id,
  network_project_id: row.network_project_id,
  shared: row.shared,
});

/** https://docs.openstack.org/api-ref/network/v2/#subnets */
export const subnetEndpoints = (subnets: SubnetApp): readonly Endpoint[] => [
  endpoint({
    id: 'subnets:list',
    method: 'GET',
    path: '/subnets',
    policy: 'get_subnet',
    response: listed('subnets', SubnetShown),
    ok: 200,
    handler: (context) => subnets.list(context),
  }),
  endpoint({
    id: 'subnets:create',
    method: 'POST',
    path: '/subnets',
    // Whose network it is decides: the app asks 'create_subnet'.
    policy: 'create_subnet:request',
    body: oneOrMany('subnet', 'subnets', SubnetCreate),
    response: oneOrManyShown('subnet', 'subnets', SubnetShown),
    ok: 201,
    handler: (context) => {
      const { many, bodies } = bodiesOf(context.body.subnet, context.body.subnets);
      const views = subnets.create(context, bodies).map((row) => subnetView(row, isAdmin(context)));
      return many ? { subnets: views } : { subnet: views[0] };
    },
  }),
  endpoint({
    id: 'subnets:show',
    method: 'GET',
    path: '/subnets/{subnet_id}',
    policy: 'get_subnet',
    response: wrapped('subnet', SubnetShown),
    ok: 200,
    target: (context) => {
      const row = subnets.load(context, context.params.subnet_id);
      return { ...targetOf(row), row };
    },
    handler: (context) => {
      return { subnet: pick(subnetView(context.target.row, isAdmin(context)), context) };
    },
  }),
  endpoint({
    id: 'subnets:update',
    method: 'PUT',
    path: '/subnets/{subnet_id}',
    policy: 'update_subnet',
    body: wrapped('subnet', SubnetUpdate),
    response: wrapped('subnet', SubnetShown),
    ok: 200,
    target: (context) => {
      const row = subnets.load(context, context.params.subnet_id);
      return { ...targetOf(row), row };
    },
    handler: (context) => {
      checkRevision(context, context.target.row);
      const row = subnets.update(context, context.target.row, context.body.subnet);
      return { subnet: subnetView(row, isAdmin(context)) };
    },
  }),
  endpoint({
    id: 'subnets:delete',
    method: 'DELETE',
    path: '/subnets/{subnet_id}',
    policy: 'delete_subnet',
    ok: 204,
    target: (context) => {
      const row = subnets.load(context, context.params.subnet_id);
      return { ...targetOf(row), row };
    },
    handler: (context) => {
      checkRevision(context, context.target.row);
      subnets.delete(context.target.row);
    },
  }),
];
