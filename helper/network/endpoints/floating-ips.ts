import { endpoint, type Endpoint } from '../../http/index.ts';
import { bodiesOf, checkRevision } from '../app/caller.ts';
import type { FloatingIpApp } from '../app/floating-ip.ts';
import { pick } from '../app/listing.ts';
import { listed, oneOrMany, wrapped } from '../schemas/common.ts';
import { FloatingIpCreate, FloatingIpShown, FloatingIpUpdate } from '../schemas/floating-ip.ts';
import { oneOrManyShown } from './shown.ts';

/** https://docs.openstack.org/api-ref/network/v2/#floating-ips-floatingips */
export const floatingIpEndpoints = (floatingIps: FloatingIpApp): readonly Endpoint[] => {
  const targetOf = (
    context: Parameters<FloatingIpApp['load']>[0] & { params: { floatingip_id: string } },
  ) => {
    const row = floatingIps.load(context, context.params.floatingip_id);
    return { row, project_id: row.project_id };
  };
  return [
    endpoint({
      id: 'floatingips:list',
      method: 'GET',
      path: '/floatingips',
      policy: 'get_floatingip',
      response: listed('floatingips', FloatingIpShown),
      ok: 200,
      handler: (context) => floatingIps.list(context),
    }),
    endpoint({
      id: 'floatingips:create',
      method: 'POST',
      path: '/floatingips',
      policy: 'create_floatingip',
      body: oneOrMany('floatingip', 'floatingips', FloatingIpCreate),
      response: oneOrManyShown('floatingip', 'floatingips', FloatingIpShown),
      ok: 201,
      handler: (context) => {
        const { many, bodies } = bodiesOf(context.body.floatingip, context.body.floatingips);
        const views = floatingIps.views(floatingIps.create(context, bodies));
        return many ? { floatingips: views } : { floatingip: views[0] };
      },
    }),
    endpoint({
      id: 'floatingips:show',
      method: 'GET',
      path: '/floatingips/{floatingip_id}',
      policy: 'get_floatingip',
      response: wrapped('floatingip', FloatingIpShown),
      ok: 200,
      target: targetOf,
      handler: (context) => {
        const [view = {}] = floatingIps.views([context.target.row]);
        return { floatingip: pick(view, context) };
      },
    }),
    endpoint({
      id: 'floatingips:update',
      method: 'PUT',
      path: '/floatingips/{floatingip_id}',
      policy: 'update_floatingip',
      body: wrapped('floatingip', FloatingIpUpdate),
      response: wrapped('floatingip', FloatingIpShown),
      ok: 200,
      target: targetOf,
      handler: (context) => {
        checkRevision(context, context.target.row);
        const row = floatingIps.update(context, context.target.row, context.body.floatingip);
        return { floatingip: floatingIps.views([row])[0] };
      },
    }),
    endpoint({
      id: 'floatingips:delete',
      method: 'DELETE',
      path: '/floatingips/{floatingip_id}',
      policy: 'delete_floatingip',
      ok: 204,
      target: targetOf,
      handler: (context) => {
        checkRevision(context, context.target.row);
        floatingIps.delete(context, context.target.row);
      },
    }),
  ];
};
