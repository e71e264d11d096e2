import { endpoint, type Endpoint } from '../../http/index.ts';
import { bodiesOf, checkRevision } from '../app/caller.ts';
import { pick } from '../app/listing.ts';
import type { AddressGroupApp } from '../app/address-group.ts';
import { listed, oneOrMany, wrapped } from '../schemas/common.ts';
import { AddressGroupCreate, AddressGroupShown, AddressGroupUpdate } from '../schemas/address-group.ts';
import { oneOrManyShown } from './shown.ts';
import { AddressList } from '../schemas/address-group.ts';

/** https://docs.openstack.org/api-ref/network/v2/#address-groups */
export const addressGroupEndpoints = (addressGroups: AddressGroupApp): readonly Endpoint[] => {
  const targetOf = (
    context: Parameters<AddressGroupApp['load']>[0] & { params: { address_group_id: string } },
  ) => {
    const row = addressGroups.load(context, context.params.address_group_id);
    return { row, ...addressGroups.target(context, row) };
  };
  const ownTargetOf = (
    context: Parameters<AddressGroupApp['load']>[0] & { params: { address_group_id: string } },
  ) => {
    const row = addressGroups.loadOwn(context, context.params.address_group_id);
    return { row, ...addressGroups.target(context, row) };
  };
  return [
    endpoint({
      id: 'address_groups:list',
      method: 'GET',
      path: '/address-groups',
      policy: 'get_address_group',
      response: listed('address_groups', AddressGroupShown),
      ok: 200,
      handler: (context) => addressGroups.list(context),
    }),
    endpoint({
      id: 'address_groups:create',
      method: 'POST',
      path: '/address-groups',
      policy: 'create_address_group',
      body: oneOrMany('address_group', 'address_groups', AddressGroupCreate),
      response: oneOrManyShown('address_group', 'address_groups', AddressGroupShown),
      ok: 201,
      handler: (context) => {
        const { many, bodies } = bodiesOf(context.body.address_group, context.body.address_groups);
        const views = addressGroups.views(addressGroups.create(context, bodies));
        return many ? { address_groups: views } : { address_group: views[0] };
      },
    }),
    endpoint({
      id: 'address_groups:show',
      method: 'GET',
      path: '/address-groups/{address_group_id}',
      policy: 'get_address_group',
      response: wrapped('address_group', AddressGroupShown),
      ok: 200,
      target: targetOf,
      handler: (context) => {
        const [view = {}] = addressGroups.views([context.target.row]);
        return { address_group: pick(view, context) };
      },
    }),
    endpoint({
      id: 'address_groups:update',
      method: 'PUT',
      path: '/address-groups/{address_group_id}',
      policy: 'update_address_group',
      body: wrapped('address_group', AddressGroupUpdate),
      response: wrapped('address_group', AddressGroupShown),
      ok: 200,
      target: ownTargetOf,
      handler: (context) => {
        checkRevision(context, context.target.row);
        const row = addressGroups.update(context.target.row, context.body.address_group);
        return { address_group: addressGroups.views([row])[0] };
      },
    }),
    endpoint({
      id: 'address_groups:delete',
      method: 'DELETE',
      path: '/address-groups/{address_group_id}',
      policy: 'delete_address_group',
      ok: 204,
      target: ownTargetOf,
      handler: (context) => {
        checkRevision(context, context.target.row);
        addressGroups.delete(context.target.row);
      },
    }),
    ...(['add', 'remove'] as const).map((how) =>
      endpoint({
        id: `address_groups:${how}_addresses`,
        method: 'PUT',
        path: `/address-groups/{address_group_id}/${how}_addresses` as '/address-groups/{address_group_id}/add_addresses',
        policy: 'update_address_group',
        body: AddressList,
        response: wrapped('address_group', AddressGroupShown),
        ok: 200,
        target: ownTargetOf,
        handler: (context) => {
          const row = addressGroups.change(context.target.row, how, context.body.addresses);
          return { address_group: addressGroups.views([row])[0] };
        },
      }),
    ),
  ];
};
