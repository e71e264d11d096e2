import { endpoint, type Endpoint } from '../../http/index.ts';
import { bodiesOf } from '../app/caller.ts';
import { pick } from '../app/listing.ts';
import { rbacView, type RbacApp } from '../app/rbac.ts';
import { listed, oneOrMany, wrapped } from '../schemas/common.ts';
import { RbacCreate, RbacShown, RbacUpdate } from '../schemas/rbac.ts';
import { oneOrManyShown } from './shown.ts';

/** https://docs.openstack.org/api-ref/network/v2/#rbac-policies */
export const rbacEndpoints = (policies: RbacApp): readonly Endpoint[] => {
  const targetOf = (context: Parameters<RbacApp['load']>[0] & { params: { rbac_policy_id: string } }) => {
    const row = policies.load(context, context.params.rbac_policy_id);
    return { row, project_id: row.project_id };
  };
  return [
    endpoint({
      id: 'rbac_policies:list',
      method: 'GET',
      path: '/rbac-policies',
      policy: 'get_rbac_policy',
      response: listed('rbac_policies', RbacShown),
      ok: 200,
      handler: (context) => policies.list(context),
    }),
    endpoint({
      id: 'rbac_policies:create',
      method: 'POST',
      path: '/rbac-policies',
      policy: 'create_rbac_policy',
      body: oneOrMany('rbac_policy', 'rbac_policies', RbacCreate),
      response: oneOrManyShown('rbac_policy', 'rbac_policies', RbacShown),
      ok: 201,
      handler: (context) => {
        const { many, bodies } = bodiesOf(context.body.rbac_policy, context.body.rbac_policies);
        const views = policies.create(context, bodies).map(rbacView);
        return many ? { rbac_policies: views } : { rbac_policy: views[0] };
      },
    }),
    endpoint({
      id: 'rbac_policies:show',
      method: 'GET',
      path: '/rbac-policies/{rbac_policy_id}',
      policy: 'get_rbac_policy',
      response: wrapped('rbac_policy', RbacShown),
      ok: 200,
      target: targetOf,
      handler: (context) => ({ rbac_policy: pick(rbacView(context.target.row), context) }),
    }),
    endpoint({
      id: 'rbac_policies:update',
      method: 'PUT',
      path: '/rbac-policies/{rbac_policy_id}',
      policy: 'update_rbac_policy',
      body: wrapped('rbac_policy', RbacUpdate),
      response: wrapped('rbac_policy', RbacShown),
      ok: 200,
      target: targetOf,
      handler: (context) => ({
        rbac_policy: rbacView(policies.update(context, context.target.row, context.body.rbac_policy)),
      }),
    }),
    endpoint({
      id: 'rbac_policies:delete',
      method: 'DELETE',
      path: '/rbac-policies/{rbac_policy_id}',
      policy: 'delete_rbac_policy',
      ok: 204,
      target: targetOf,
      handler: (context) => {
        policies.delete(context.target.row);
      },
    }),
  ];
};
