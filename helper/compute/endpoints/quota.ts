import { callerOf, endpoint, type Endpoint, requirePolicy } from '../../http/index.ts';
import type { LimitChanges, QuotaApp } from '../app/quota.ts';
import {
  LimitsAnswer,
  LimitsQuery,
  QuotaClassAnswer,
  QuotaClassUpdate,
  QuotaClassUpdated,
  QuotaQuery,
  QuotaSetAnswer,
  QuotaSetDetail,
  QuotaSetUpdate,
  QuotaSetUpdated,
} from '../schemas/quota.ts';

const ofTenant = ({ params }: { readonly params: { readonly tenant_id: string } }) => ({
  project_id: params.tenant_id,
});

/** Whose limits: one user's when `user_id` says so. */
const userOf = (query: unknown): string | null => (query as { user_id?: string }).user_id ?? null;

/** /os-quota-sets, /os-quota-class-sets and /limits (api-ref). */
export const quotaEndpoints = (quotas: QuotaApp): readonly Endpoint[] => [
  endpoint({
    id: 'os-quota-sets:show',
    method: 'GET',
    path: '/os-quota-sets/{tenant_id}',
    policy: 'os_compute_api:os-quota-sets:show',
    query: QuotaQuery,
    response: QuotaSetAnswer,
    ok: 200,
    target: ofTenant,
    handler: (context) => quotas.set(callerOf(context), context.params.tenant_id, userOf(context.query)),
  }),
  endpoint({
    id: 'os-quota-sets:defaults',
    method: 'GET',
    path: '/os-quota-sets/{tenant_id}/defaults',
    policy: 'os_compute_api:os-quota-sets:defaults',
    response: QuotaSetAnswer,
    ok: 200,
    handler: (context) => quotas.defaults(callerOf(context), context.params.tenant_id),
  }),
  endpoint({
    id: 'os-quota-sets:detail',
    method: 'GET',
    path: '/os-quota-sets/{tenant_id}/detail',
    policy: 'os_compute_api:os-quota-sets:detail',
    query: QuotaQuery,
    response: QuotaSetDetail,
    ok: 200,
    target: ofTenant,
    handler: (context) => quotas.detail(callerOf(context), context.params.tenant_id, userOf(context.query)),
  }),
  endpoint({
    id: 'os-quota-sets:update',
    method: 'PUT',
    path: '/os-quota-sets/{tenant_id}',
    policy: 'os_compute_api:os-quota-sets:update',
    query: QuotaQuery,
    body: QuotaSetUpdate,
    response: QuotaSetUpdated,
    ok: 200,
    target: ofTenant,
    handler: (context) => {
      const { quota_set } = context.body as { quota_set: LimitChanges };
      return quotas.update(callerOf(context), context.params.tenant_id, userOf(context.query), quota_set);
    },
  }),
  endpoint({
    id: 'os-quota-sets:delete',
    method: 'DELETE',
    path: '/os-quota-sets/{tenant_id}',
    policy: 'os_compute_api:os-quota-sets:delete',
    query: QuotaQuery,
    response: 'none',
    ok: 202,
    target: ofTenant,
    handler: ({ params, query }) => quotas.reset(params.tenant_id, userOf(query)),
  }),
  endpoint({
    id: 'os-quota-class-sets:show',
    method: 'GET',
    path: '/os-quota-class-sets/{id}',
    policy: 'os_compute_api:os-quota-class-sets:show',
    response: QuotaClassAnswer,
    ok: 200,
    handler: (context) => quotas.quotaClass(callerOf(context), context.params.id),
  }),
  endpoint({
    id: 'os-quota-class-sets:update',
    method: 'PUT',
    path: '/os-quota-class-sets/{id}',
    policy: 'os_compute_api:os-quota-class-sets:update',
    body: QuotaClassUpdate,
    response: QuotaClassUpdated,
    ok: 200,
    handler: (context) => {
      const { quota_class_set } = context.body as { quota_class_set: LimitChanges };
      return quotas.updateClass(callerOf(context), context.params.id, quota_class_set);
    },
  }),
  endpoint({
    id: 'limits:index',
    method: 'GET',
    path: '/limits',
    policy: 'os_compute_api:limits',
    query: LimitsQuery,
    response: LimitsAnswer,
    ok: 200,
    handler: (context) => {
      const caller = callerOf(context);
      const { tenant_id: asked } = context.query as { tenant_id?: string };
      if (asked !== undefined) requirePolicy(caller, 'os_compute_api:limits:other_project');
      return {
        limits: { rate: [], absolute: quotas.absolute(caller, asked ?? context.auth.projectId ?? '') },
      };
    },
  }),
];
