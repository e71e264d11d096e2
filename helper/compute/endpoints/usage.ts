import { notFound } from '../../errors/error.ts';
import { callerOf, endpoint, type Endpoint } from '../../http/index.ts';
import type { UsageApp, UsageQueryValues } from '../app/usage.ts';
import {
  AuditLogAnswer,
  AuditLogs,
  UsageAnswer,
  UsageList,
  UsageQuery,
  UsagesQuery,
} from '../schemas/usage.ts';

/** /os-simple-tenant-usage, /os-instance_usage_audit_log (api-ref, "Usage reports", "Server usage audit log"). */
export const usageEndpoints = (usage: UsageApp): readonly Endpoint[] => [
  endpoint({
    id: 'os-simple-tenant-usage:list',
    method: 'GET',
    path: '/os-simple-tenant-usage',
    policy: 'os_compute_api:os-simple-tenant-usage:list',
    query: UsagesQuery,
    response: UsageList,
    ok: 200,
    handler: (context) => usage.list(callerOf(context), context.query as UsageQueryValues),
  }),
  endpoint({
    id: 'os-simple-tenant-usage:show',
    method: 'GET',
    path: '/os-simple-tenant-usage/{tenant_id}',
    policy: 'os_compute_api:os-simple-tenant-usage:show',
    query: UsageQuery,
    response: UsageAnswer,
    ok: 200,
    target: ({ params }) => {
      // A path that ends in '/' names no project.
      if (params.tenant_id === '') throw notFound('The resource could not be found.');
      return { project_id: params.tenant_id };
    },
    handler: (context) =>
      usage.show(callerOf(context), context.params.tenant_id, context.query as UsageQueryValues),
  }),
  endpoint({
    id: 'os-instance-usage-audit-log:list',
    method: 'GET',
    path: '/os-instance_usage_audit_log',
    policy: 'os_compute_api:os-instance-usage-audit-log:list',
    response: AuditLogs,
    ok: 200,
    handler: () => ({ instance_usage_audit_logs: usage.audit(null) }),
  }),
  endpoint({
    id: 'os-instance-usage-audit-log:show',
    method: 'GET',
    path: '/os-instance_usage_audit_log/{before_timestamp}',
    policy: 'os_compute_api:os-instance-usage-audit-log:show',
    response: AuditLogAnswer,
    ok: 200,
    handler: ({ params }) => ({ instance_usage_audit_log: usage.audit(params.before_timestamp) }),
  }),
];
