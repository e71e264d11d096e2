import { endpoint, type Endpoint } from '../../http/index.ts';
import type { TrunkApp } from '../app/trunk.ts';
import { SubportList, SubportsShown, TrunkCreate, TrunkShown, TrunkUpdate } from '../schemas/trunk.ts';
import { crud } from './crud.ts';

/** https://docs.openstack.org/api-ref/network/v2/#trunk-networking */
export const trunkEndpoints = (trunks: TrunkApp): readonly Endpoint[] => {
  const target = (context: Parameters<TrunkApp['load']>[0] & { params: { readonly id: string } }) => {
    const row = trunks.load(context, context.params.id);
    return { project_id: row.project_id, row };
  };
  return [
    ...crud({
      single: 'trunk',
      plural: 'trunks',
      path: '/trunks',
      create: TrunkCreate,
      update: TrunkUpdate,
      shown: TrunkShown,
      load: (asked, id) => trunks.load(asked, id),
      targetOf: (row) => ({ project_id: row.project_id }),
      views: (_asked, rows) => trunks.views(rows),
      list: (asked) => trunks.list(asked),
      make: (asked, bodies) => trunks.create(asked, bodies),
      change: (_asked, row, body) => trunks.update(row, body),
      remove: (_asked, row) => trunks.delete(row),
    }),
    endpoint({
      id: 'trunks:get_subports',
      method: 'GET',
      path: '/trunks/{id}/get_subports',
      policy: 'get_subports',
      response: SubportsShown,
      ok: 200,
      target,
      handler: (context) => trunks.subports(context.target.row),
    }),
    endpoint({
      id: 'trunks:add_subports',
      method: 'PUT',
      path: '/trunks/{id}/add_subports',
      policy: 'add_subports',
      body: SubportList,
      response: TrunkShown,
      ok: 200,
      target,
      handler: (context) =>
        trunks.views([trunks.addSubports(context, context.target.row, context.body.sub_ports)])[0],
    }),
    endpoint({
      id: 'trunks:remove_subports',
      method: 'PUT',
      path: '/trunks/{id}/remove_subports',
      policy: 'remove_subports',
      body: SubportList,
      response: TrunkShown,
      ok: 200,
      target,
      handler: (context) =>
        trunks.views([trunks.removeSubports(context.target.row, context.body.sub_ports)])[0],
    }),
  ];
};
