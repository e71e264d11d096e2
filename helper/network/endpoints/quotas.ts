import { Type } from 'typebox';
import { transaction } from '../../db/index.ts';
import { badRequest, notFound } from '../../errors/error.ts';
import { endpoint, type Endpoint } from '../../http/index.ts';
import type { NetworkContext } from '../app/context.ts';
import type { Quotas } from '../app/quota.ts';
import { wrapped } from '../schemas/common.ts';
import { Details, Limits, QuotaUpdate } from '../schemas/misc.ts';

/** https://docs.openstack.org/api-ref/network/v2/#quotas-extension-quotas */
export const quotaEndpoints = (context: NetworkContext, quotas: Quotas): readonly Endpoint[] => [
  endpoint({
    id: 'quotas:list',
    method: 'GET',
    path: '/quotas',
    policy: 'update_quota',
    response: wrapped('quotas', Type.Array(Limits)),
    ok: 200,
    handler: () => ({
      quotas: quotas
        .all(context.db)
        .map(({ project_id, limits }) => ({ ...limits, project_id, tenant_id: project_id })),
    }),
  }),
  endpoint({
    id: 'quotas:show',
    method: 'GET',
    path: '/quotas/{project_id}',
    policy: 'get_quota',
    response: wrapped('quota', Limits),
    ok: 200,
    target: ({ params }) => ({ project_id: params.project_id }),
    handler: ({ params }) => ({ quota: quotas.limits(context.db, params.project_id) }),
  }),
  endpoint({
    id: 'quotas:default',
    method: 'GET',
    path: '/quotas/{project_id}/default',
    policy: 'get_quota',
    response: wrapped('quota', Limits),
    ok: 200,
    target: ({ params }) => ({ project_id: params.project_id }),
    handler: () => ({ quota: quotas.defaults() }),
  }),
  // neutron takes '.json' behind any path; OpenStack's own tests write it here.
  ...(['details', 'details.json'] as const).map((name) =>
    endpoint({
      id: `quotas:${name}`,
      method: 'GET',
      path: `/quotas/{project_id}/${name}` as '/quotas/{project_id}/details',
      policy: 'get_quota',
      response: wrapped('quota', Details),
      ok: 200,
      target: ({ params }) => ({ project_id: params.project_id }),
      handler: ({ params }) => ({ quota: quotas.details(context.db, params.project_id) }),
    }),
  ),
  endpoint({
    id: 'quotas:update',
    method: 'PUT',
    path: '/quotas/{project_id}',
    policy: 'update_quota',
    body: wrapped('quota', QuotaUpdate),
    response: wrapped('quota', Limits),
    ok: 200,
    handler: ({ params, body }) => {
      const { force: _force, check_limit, ...limits } = body.quota;
      const asked = limits as Record<string, number>;
      const unknown = Object.keys(asked).find((name) => !quotas.resources.includes(name));
      if (unknown !== undefined) throw badRequest(`Unrecognized attribute(s) '${unknown.slice(0, 80)}'`);
      return transaction(context.db, () => {
        if (check_limit === true) checkUse(quotas, context, params.project_id, asked);
        quotas.set(context.db, params.project_id, asked);
        return { quota: quotas.limits(context.db, params.project_id) };
      });
    },
  }),
  endpoint({
    id: 'quotas:delete',
    method: 'DELETE',
    path: '/quotas/{project_id}',
    policy: 'delete_quota',
    ok: 204,
    handler: ({ params }) => {
      if (!quotas.reset(context.db, params.project_id)) {
        throw notFound(`Quota for tenant ${params.project_id} could not be found.`, {
          type: 'TenantQuotaNotFound',
        });
      }
    },
  }),
];

function checkUse(
  quotas: Quotas,
  context: NetworkContext,
  projectId: string,
  asked: Readonly<Record<string, number>>,
): void {
  const details = quotas.details(context.db, projectId);
  for (const [resource, limit] of Object.entries(asked)) {
    const used = details[resource]?.used ?? 0;
    if (limit >= 0 && used > limit)
      throw badRequest(`Quota limit for ${resource} is below the current use of ${used}.`, {
        type: 'InvalidQuotaValue',
      });
  }
}
