import { Type } from 'typebox';
import { badRequest, notFound } from '../../errors/error.ts';
import { endpoint, mv, type Endpoint } from '../../http/index.ts';
import type { ComputeNetworks, ProxyGroup, ProxyRule } from '../../network/face.ts';
import type { ServerApp } from '../app/server.ts';
import { Name, nullable, strict } from '../schemas/common.ts';

/** Up to here compute speaks for the network service. */
const OLD = { max: mv('2.35') } as const;

const Rule = strict({
  id: Type.String(),
  parent_group_id: Type.String(),
  ip_protocol: nullable(Type.String()),
  from_port: nullable(Type.Integer()),
  to_port: nullable(Type.Integer()),
  ip_range: Type.Object({ cidr: Type.Optional(Type.String()) }, { additionalProperties: false }),
  group: Type.Object(
    { name: Type.Optional(Type.String()), tenant_id: Type.Optional(Type.String()) },
    { additionalProperties: false },
  ),
});

export const SecurityGroup = strict({
  id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  tenant_id: Type.String(),
  rules: Type.Array(Rule),
});

const ruleBody = (rule: ProxyRule) => ({
  id: rule.id,
  parent_group_id: rule.groupId,
  ip_protocol: rule.protocol,
  from_port: rule.fromPort,
  to_port: rule.toPort,
  ip_range: rule.cidr === undefined ? {} : { cidr: rule.cidr },
  group: rule.group === undefined ? {} : { name: rule.group.name, tenant_id: rule.group.projectId },
});

/** A group in nova's words. */
export const groupBody = (group: ProxyGroup) => ({
  id: group.id,
  name: group.name,
  description: group.description,
  tenant_id: group.projectId,
  rules: group.rules.map(ruleBody),
});

const Description = Type.Optional(nullable(Type.String({ maxLength: 255 })));
const GroupText = Type.String({ minLength: 1, maxLength: 255 });
const GroupCreate = strict({
  security_group: Type.Object({ name: GroupText, description: Description }, { additionalProperties: false }),
});
const GroupAnswer = strict({ security_group: SecurityGroup });

const PortNumber = Type.Optional(
  nullable(Type.Union([Type.Integer(), Type.String({ pattern: '^-?[0-9]{1,5}$' })])),
);
const RuleCreate = strict({
  security_group_rule: Type.Object(
    {
      parent_group_id: Type.String(),
      ip_protocol: Type.Optional(nullable(Type.String({ maxLength: 32 }))),
      from_port: PortNumber,
      to_port: PortNumber,
      cidr: Type.Optional(nullable(Type.String({ maxLength: 64 }))),
      group_id: Type.Optional(nullable(Type.String())),
    },
    { additionalProperties: false },
  ),
});

const ACTION = {
  method: 'POST',
  path: '/servers/{server_id}/action',
  response: 'none',
  ok: 202,
} as const;
const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

function groupId(id: string): string {
  // A path that ends in '/' names no group at all.
  if (id === '') throw notFound('The resource could not be found.');
  if (!UUID.test(id)) throw badRequest('Security group id should be uuid');
  return id;
}

const portOf = (value: number | string | null | undefined): number | null =>
  value === undefined || value === null ? null : Number(value);

/** Security groups of servers, and the proxy of the old microversions (api-ref, "Security groups"). */
export const securityGroupEndpoints = (servers: ServerApp, network: ComputeNetworks): readonly Endpoint[] => [
  endpoint({
    ...ACTION,
    id: 'os-security-groups:add',
    action: 'addSecurityGroup',
    policy: 'os_compute_api:os-security-groups:add',
    body: strict({ addSecurityGroup: strict({ name: Name }) }),
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: ({ target, body }) =>
      network.addToServer(target.row.id, target.project_id, body.addSecurityGroup.name),
  }),
  endpoint({
    ...ACTION,
    id: 'os-security-groups:remove',
    action: 'removeSecurityGroup',
    policy: 'os_compute_api:os-security-groups:remove',
    body: strict({ removeSecurityGroup: strict({ name: Name }) }),
    target: ({ auth, params }) => servers.target(auth, params.server_id),
    handler: ({ target, body }) =>
      network.removeFromServer(target.row.id, target.project_id, body.removeSecurityGroup.name),
  }),
  endpoint({
    ...OLD,
    id: 'os-security-groups:get',
    method: 'GET',
    path: '/os-security-groups',
    policy: 'os_compute_api:os-security-groups:get',
    response: strict({ security_groups: Type.Array(SecurityGroup) }),
    ok: 200,
    handler: (context) => {
      const everybodys =
        context.auth.roles.has('admin') && context.queryAll('all_tenants').some((one) => one !== '0');
      return { security_groups: network.listGroups(context, everybodys).map(groupBody) };
    },
  }),
  endpoint({
    ...OLD,
    id: 'os-security-groups:create',
    method: 'POST',
    path: '/os-security-groups',
    policy: 'os_compute_api:os-security-groups:create',
    body: GroupCreate,
    response: GroupAnswer,
    ok: 200,
    handler: (context) => {
      const { name, description } = context.body.security_group;
      if (name.trim() === '') throw badRequest('Security group name cannot be empty.');
      const made = network.createGroup(context, { name, description: description ?? '' });
      return { security_group: groupBody(made) };
    },
  }),
  endpoint({
    ...OLD,
    id: 'os-security-groups:show',
    method: 'GET',
    path: '/os-security-groups/{id}',
    policy: 'os_compute_api:os-security-groups:show',
    response: GroupAnswer,
    ok: 200,
    handler: (context) => ({
      security_group: groupBody(network.showGroup(context, groupId(context.params.id))),
    }),
  }),
  endpoint({
    ...OLD,
    id: 'os-security-groups:update',
    method: 'PUT',
    path: '/os-security-groups/{id}',
    policy: 'os_compute_api:os-security-groups:update',
    body: GroupCreate,
    response: GroupAnswer,
    ok: 200,
    handler: (context) => {
      const { name, description } = context.body.security_group;
      if (name.trim() === '') throw badRequest('Security group name cannot be empty.');
      const changed = network.updateGroup(context, groupId(context.params.id), {
        name,
        ...(description === undefined ? {} : { description: description ?? '' }),
      });
      return { security_group: groupBody(changed) };
    },
  }),
  endpoint({
    ...OLD,
    id: 'os-security-groups:delete',
    method: 'DELETE',
    path: '/os-security-groups/{id}',
    policy: 'os_compute_api:os-security-groups:delete',
    response: 'none',
    ok: 202,
    handler: (context) => network.deleteGroup(context, groupId(context.params.id)),
  }),
  endpoint({
    ...OLD,
    id: 'os-security-groups:rule:create',
    method: 'POST',
    path: '/os-security-group-rules',
    policy: 'os_compute_api:os-security-groups:rule:create',
    body: RuleCreate,
    response: strict({ security_group_rule: Rule }),
    ok: 200,
    handler: (context) => {
      const rule = context.body.security_group_rule;
      const remote = rule.group_id ?? undefined;
      const made = network.createRule(context, {
        groupId: groupId(rule.parent_group_id),
        protocol: rule.ip_protocol ?? null,
        fromPort: portOf(rule.from_port),
        toPort: portOf(rule.to_port),
        cidr: rule.cidr ?? undefined,
        remoteGroupId: remote === undefined ? undefined : groupId(remote),
      });
      return { security_group_rule: ruleBody(made) };
    },
  }),
  endpoint({
    ...OLD,
    id: 'os-security-groups:rule:delete',
    method: 'DELETE',
    path: '/os-security-group-rules/{id}',
    policy: 'os_compute_api:os-security-groups:rule:delete',
    response: 'none',
    ok: 202,
    handler: (context) => network.deleteRule(context, groupId(context.params.id)),
  }),
];
