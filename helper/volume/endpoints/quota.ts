import { callerOf, endpoint, type Endpoint, isAdmin, mv, requirePolicy } from '../../http/index.ts';
import type { Quotas } from '../app/quota.ts';
import { AnyQuery } from '../schemas/common.ts';
import {
  LimitsShown,
  QuotaClassShown,
  QuotaClassUpdate,
  QuotaClassUpdated,
  QuotaShown,
  QuotaUpdate,
  QuotaUpdated,
} from '../schemas/service.ts';

const ofTenant = ({ params }: { readonly params: { readonly tenant_id: string } }) => ({
  project_id: params.tenant_id,
});

/** /os-quota-sets, /os-quota-class-sets and /limits. */
export const quotaEndpoints = (quotas: Quotas): readonly Endpoint[] => [
  endpoint({
    id: 'os-quota-sets:show',
    method: 'GET',
    path: '/os-quota-sets/{tenant_id}',
    policy: 'volume_extension:quotas:show',
    query: AnyQuery,
    response: QuotaShown,
    ok: 200,
    target: ofTenant,
    handler: ({ params, query }) => quotas.show(params.tenant_id, query['usage']),
  }),
  endpoint({
    id: 'os-quota-sets:defaults',
    method: 'GET',
    path: '/os-quota-sets/{tenant_id}/defaults',
    policy: 'volume_extension:quotas:show',
    response: QuotaShown,
    ok: 200,
    target: ofTenant,
    handler: ({ params }) => quotas.defaults(params.tenant_id),
  }),
  endpoint({
    id: 'os-quota-sets:update',
    method: 'PUT',
    path: '/os-quota-sets/{tenant_id}',
    policy: 'volume_extension:quotas:update',
    body: QuotaUpdate,
    response: QuotaUpdated,
    ok: 200,
    handler: ({ params, body }) => quotas.update(params.tenant_id, body.quota_set),
  }),
  endpoint({
    id: 'os-quota-sets:delete',
    method: 'DELETE',
    path: '/os-quota-sets/{tenant_id}',
    policy: 'volume_extension:quotas:delete',
    response: 'none',
    ok: 200,
    handler: ({ params }) => quotas.reset(params.tenant_id),
  }),
  endpoint({
    id: 'os-quota-class-sets:show',
    method: 'GET',
    path: '/os-quota-class-sets/{class_name}',
    policy: 'volume_extension:quota_classes:get',
    response: QuotaClassShown,
    ok: 200,
    handler: ({ params }) => quotas.quotaClass(params.class_name),
  }),
  endpoint({
    id: 'os-quota-class-sets:update',
    method: 'PUT',
    path: '/os-quota-class-sets/{class_name}',
    policy: 'volume_extension:quota_classes:update',
    body: QuotaClassUpdate,
    response: QuotaClassUpdated,
    ok: 200,
    handler: ({ params, body }) => quotas.updateClass(params.class_name, body.quota_class_set),
  }),
  endpoint({
    id: 'limits:show',
    method: 'GET',
    path: '/limits',
    policy: 'limits_extension:used_limits',
    query: AnyQuery,
    response: LimitsShown,
    ok: 200,
    handler: (context) => {
      const caller = callerOf(context);
      const asked =
        context.version >= mv('3.39') && isAdmin(context.auth) ? context.query['project_id'] : undefined;
      if (asked !== undefined) requirePolicy(caller, 'limits_extension:used_limits', { project_id: asked });
      return { limits: { rate: [], absolute: quotas.absolute(asked ?? context.auth.projectId ?? '') } };
    },
  }),
];
