import { endpoint, type Endpoint } from '../../http/index.ts';
import { bodiesOf, checkRevision } from '../app/caller.ts';
import { pick } from '../app/listing.ts';
import type { SubnetpoolApp } from '../app/subnetpool.ts';
import { listed, oneOrMany, wrapped } from '../schemas/common.ts';
import { SubnetpoolCreate, SubnetpoolShown, SubnetpoolUpdate } from '../schemas/subnetpool.ts';
import { oneOrManyShown } from './shown.ts';
import type { SubnetpoolAllocation } from '../app/subnetpool-allocation.ts';
import { Onboard, Onboarded, PrefixList } from '../schemas/subnetpool.ts';

/** https://docs.openstack.org/api-ref/network/v2/#subnet-pools-extension-subnetpools */
export const subnetpoolEndpoints = (
  subnetpools: SubnetpoolApp,
  allocation: SubnetpoolAllocation,
): readonly Endpoint[] => {
  const targetOf = (
    context: Parameters<SubnetpoolApp['load']>[0] & { params: { subnetpool_id: string } },
  ) => {
    const row = subnetpools.load(context, context.params.subnetpool_id);
    return { row, ...subnetpools.target(context, row) };
  };
  return [
    endpoint({
      id: 'subnetpools:list',
      method: 'GET',
      path: '/subnetpools',
      policy: 'get_subnetpool',
      response: listed('subnetpools', SubnetpoolShown),
      ok: 200,
      handler: (context) => subnetpools.list(context),
    }),
    endpoint({
      id: 'subnetpools:create',
      method: 'POST',
      path: '/subnetpools',
      policy: 'create_subnetpool',
      body: oneOrMany('subnetpool', 'subnetpools', SubnetpoolCreate),
      response: oneOrManyShown('subnetpool', 'subnetpools', SubnetpoolShown),
      ok: 201,
      handler: (context) => {
        const { many, bodies } = bodiesOf(context.body.subnetpool, context.body.subnetpools);
        const views = subnetpools.views(context, subnetpools.create(context, bodies));
        return many ? { subnetpools: views } : { subnetpool: views[0] };
      },
    }),
    endpoint({
      id: 'subnetpools:show',
      method: 'GET',
      path: '/subnetpools/{subnetpool_id}',
      policy: 'get_subnetpool',
      response: wrapped('subnetpool', SubnetpoolShown),
      ok: 200,
      target: targetOf,
      handler: (context) => {
        const [view = {}] = subnetpools.views(context, [context.target.row]);
        return { subnetpool: pick(view, context) };
      },
    }),
    endpoint({
      id: 'subnetpools:update',
      method: 'PUT',
      path: '/subnetpools/{subnetpool_id}',
      policy: 'update_subnetpool',
      body: wrapped('subnetpool', SubnetpoolUpdate),
      response: wrapped('subnetpool', SubnetpoolShown),
      ok: 200,
      target: targetOf,
      handler: (context) => {
        checkRevision(context, context.target.row);
        const row = subnetpools.update(context, context.target.row, context.body.subnetpool);
        return { subnetpool: subnetpools.views(context, [row])[0] };
      },
    }),
    endpoint({
      id: 'subnetpools:delete',
      method: 'DELETE',
      path: '/subnetpools/{subnetpool_id}',
      policy: 'delete_subnetpool',
      ok: 204,
      target: targetOf,
      handler: (context) => {
        checkRevision(context, context.target.row);
        subnetpools.delete(context.target.row);
      },
    }),
    endpoint({
      id: 'subnetpools:add_prefixes',
      method: 'PUT',
      path: '/subnetpools/{subnetpool_id}/add_prefixes',
      policy: 'add_prefixes',
      body: PrefixList,
      response: PrefixList,
      ok: 200,
      target: targetOf,
      handler: (context) => ({
        prefixes: allocation.addPrefixes(context, context.target.row, context.body.prefixes),
      }),
    }),
    endpoint({
      id: 'subnetpools:remove_prefixes',
      method: 'PUT',
      path: '/subnetpools/{subnetpool_id}/remove_prefixes',
      policy: 'remove_prefixes',
      body: PrefixList,
      response: PrefixList,
      ok: 200,
      target: targetOf,
      handler: (context) => ({
        prefixes: allocation.removePrefixes(context.target.row, context.body.prefixes),
      }),
    }),
    endpoint({
      id: 'subnetpools:onboard_network_subnets',
      method: 'PUT',
      path: '/subnetpools/{subnetpool_id}/onboard_network_subnets',
      policy: 'onboard_network_subnets',
      body: Onboard,
      response: Onboarded,
      ok: 200,
      target: targetOf,
      handler: (context) => allocation.onboard(context, context.target.row, context.body.network_id),
    }),
  ];
};
