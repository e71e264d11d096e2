import { endpoint, type Endpoint } from '../../http/index.ts';
import { bodiesOf } from '../app/caller.ts';
import { pick } from '../app/listing.ts';
import type { AddressScopeApp } from '../app/address-scope.ts';
import { listed, oneOrMany, wrapped } from '../schemas/common.ts';
import { AddressScopeCreate, AddressScopeShown, AddressScopeUpdate } from '../schemas/address-scope.ts';
import { oneOrManyShown } from './shown.ts';

/** https://docs.openstack.org/api-ref/network/v2/#address-scopes */
export const addressScopeEndpoints = (addressScopes: AddressScopeApp): readonly Endpoint[] => {
  const targetOf = (
    context: Parameters<AddressScopeApp['load']>[0] & { params: { address_scope_id: string } },
  ) => {
    const row = addressScopes.load(context, context.params.address_scope_id);
    return { row, ...addressScopes.target(context, row) };
  };
  return [
    endpoint({
      id: 'address_scopes:list',
      method: 'GET',
      path: '/address-scopes',
      policy: 'get_address_scope',
      response: listed('address_scopes', AddressScopeShown),
      ok: 200,
      handler: (context) => addressScopes.list(context),
    }),
    endpoint({
      id: 'address_scopes:create',
      method: 'POST',
      path: '/address-scopes',
      policy: 'create_address_scope',
      body: oneOrMany('address_scope', 'address_scopes', AddressScopeCreate),
      response: oneOrManyShown('address_scope', 'address_scopes', AddressScopeShown),
      ok: 201,
      handler: (context) => {
        const { many, bodies } = bodiesOf(context.body.address_scope, context.body.address_scopes);
        const views = addressScopes.views(context, addressScopes.create(context, bodies));
        return many ? { address_scopes: views } : { address_scope: views[0] };
      },
    }),
    endpoint({
      id: 'address_scopes:show',
      method: 'GET',
      path: '/address-scopes/{address_scope_id}',
      policy: 'get_address_scope',
      response: wrapped('address_scope', AddressScopeShown),
      ok: 200,
      target: targetOf,
      handler: (context) => {
        const [view = {}] = addressScopes.views(context, [context.target.row]);
        return { address_scope: pick(view, context) };
      },
    }),
    endpoint({
      id: 'address_scopes:update',
      method: 'PUT',
      path: '/address-scopes/{address_scope_id}',
      policy: 'update_address_scope',
      body: wrapped('address_scope', AddressScopeUpdate),
      response: wrapped('address_scope', AddressScopeShown),
      ok: 200,
      target: targetOf,
      handler: (context) => {
        const row = addressScopes.update(context, context.target.row, context.body.address_scope);
        return { address_scope: addressScopes.views(context, [row])[0] };
      },
    }),
    endpoint({
      id: 'address_scopes:delete',
      method: 'DELETE',
      path: '/address-scopes/{address_scope_id}',
      policy: 'delete_address_scope',
      ok: 204,
      target: targetOf,
      handler: (context) => {
        addressScopes.delete(context.target.row);
      },
    }),
  ];
};
