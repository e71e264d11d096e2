import { Type } from 'typebox';
import { mv } from '../../http/index.ts';
import { Links, Time, Uuid, nullable, strict } from './common.ts';

const text = Type.Optional(Type.String());
const period = { start: text, end: text };
const paging = { limit: text, marker: text };

/** Unknown parameters are ignored up to 2.74. */
export const UsagesQuery = [
  { from: mv('2.1'), schema: Type.Object({ ...period, detailed: text }, { additionalProperties: true }) },
  { from: mv('2.75'), schema: strict({ ...period, ...paging, detailed: text }) },
] as const;
export const UsageQuery = [
  { from: mv('2.1'), schema: Type.Object(period, { additionalProperties: true }) },
  { from: mv('2.75'), schema: strict({ ...period, ...paging }) },
] as const;

const ServerUsage = strict({
  hours: Type.Number(),
  flavor: Type.String(),
  instance_id: Uuid,
  name: Type.String(),
  tenant_id: Type.String(),
  memory_mb: Type.Integer(),
  local_gb: Type.Integer(),
  vcpus: Type.Integer(),
  started_at: Time,
  ended_at: nullable(Time),
  state: Type.String(),
  uptime: Type.Integer(),
});
const Summary = strict({
  tenant_id: Type.String(),
  total_local_gb_usage: Type.Number(),
  total_vcpus_usage: Type.Number(),
  total_memory_mb_usage: Type.Number(),
  total_hours: Type.Number(),
  start: Time,
  stop: Time,
  server_usages: Type.Optional(Type.Array(ServerUsage)),
});

export const UsageList = strict({
  tenant_usages: Type.Array(Summary),
  tenant_usages_links: Type.Optional(Links),
});
export const UsageAnswer = strict({
  tenant_usage: Type.Union([Summary, strict({})]),
  tenant_usage_links: Type.Optional(Links),
});

const AuditLog = strict({
  period_beginning: Type.String(),
  period_ending: Type.String(),
  num_hosts: Type.Integer(),
  num_hosts_done: Type.Integer(),
  num_hosts_running: Type.Integer(),
  num_hosts_not_run: Type.Integer(),
  hosts_not_run: Type.Array(Type.String()),
  total_instances: Type.Integer(),
  total_errors: Type.Integer(),
  overall_status: Type.String(),
  log: Type.Record(
    Type.String(),
    strict({
      state: Type.String(),
      instances: Type.Integer(),
      errors: Type.Integer(),
      message: Type.String(),
    }),
  ),
});
export const AuditLogs = strict({ instance_usage_audit_logs: AuditLog });
export const AuditLogAnswer = strict({ instance_usage_audit_log: AuditLog });
