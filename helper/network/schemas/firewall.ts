import { Type, type Static } from 'typebox';
import { Flag, Id, Name, OrNull, Text, body, owner, shown } from './common.ts';

const Address = Type.Optional(OrNull(Type.String({ format: 'cidr' })));
const Port = Type.Optional(
  OrNull(Type.Union([Type.Integer(), Type.String({ pattern: '^\\d{1,5}(:\\d{1,5})?$' })])),
);

const named = { name: Type.Optional(Name), description: Type.Optional(Text), shared: Type.Optional(Flag) };

const rule = {
  ...named,
  enabled: Type.Optional(Flag),
  protocol: Type.Optional(
    OrNull(Type.Union([Type.Integer(), Type.String({ maxLength: 40, format: 'text' })])),
  ),
  ip_version: Type.Optional(
    Type.Union([Type.Literal(4), Type.Literal(6), Type.Literal('4'), Type.Literal('6')]),
  ),
  source_ip_address: Address,
  destination_ip_address: Address,
  source_port: Port,
  destination_port: Port,
  action: Type.Optional(
    Type.String({ pattern: '^(?:[Aa][Ll][Ll][Oo][Ww]|[Dd][Ee][Nn][Yy]|[Rr][Ee][Jj][Ee][Cc][Tt])$' }),
  ),
};
export const FirewallRuleCreate = body({ ...rule, ...owner });
export type FirewallRuleCreate = Static<typeof FirewallRuleCreate>;
export const FirewallRuleUpdate = body(rule);
export type FirewallRuleUpdate = Static<typeof FirewallRuleUpdate>;

const Ids = Type.Array(Id, { maxItems: 1000 });

const policy = {
  ...named,
  audited: Type.Optional(Flag),
  firewall_rules: Type.Optional(OrNull(Ids)),
};
export const FirewallPolicyCreate = body({ ...policy, ...owner });
export type FirewallPolicyCreate = Static<typeof FirewallPolicyCreate>;
export const FirewallPolicyUpdate = body(policy);
export type FirewallPolicyUpdate = Static<typeof FirewallPolicyUpdate>;

const IdOrEmpty = Type.Optional(Type.Union([Id, Type.Literal(''), Type.Null()]));
/** Body of insert_rule; which of them are needed is judged by the app. */
export const InsertRule = body({
  firewall_rule_id: Type.Optional(Id),
  insert_before: IdOrEmpty,
  insert_after: IdOrEmpty,
});
export type InsertRule = Static<typeof InsertRule>;
export const RemoveRule = body({ firewall_rule_id: Type.Optional(Id) });
export type RemoveRule = Static<typeof RemoveRule>;

const group = {
  ...named,
  admin_state_up: Type.Optional(Flag),
  ports: Type.Optional(OrNull(Ids)),
  ingress_firewall_policy_id: Type.Optional(OrNull(Id)),
  egress_firewall_policy_id: Type.Optional(OrNull(Id)),
};
export const FirewallGroupCreate = body({ ...group, ...owner });
export type FirewallGroupCreate = Static<typeof FirewallGroupCreate>;
export const FirewallGroupUpdate = body(group);
export type FirewallGroupUpdate = Static<typeof FirewallGroupUpdate>;

const common = {
  id: Type.String(),
  project_id: Type.String(),
  tenant_id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  shared: Type.Boolean(),
};
const TextOrNull = OrNull(Type.String());

export const FirewallRuleShown = shown({
  ...common,
  enabled: Type.Boolean(),
  firewall_policy_id: OrNull(Type.Array(Type.String())),
  protocol: TextOrNull,
  ip_version: Type.Integer(),
  source_ip_address: TextOrNull,
  destination_ip_address: TextOrNull,
  source_port: TextOrNull,
  destination_port: TextOrNull,
  action: Type.String(),
});

const policyShown = { ...common, audited: Type.Boolean(), firewall_rules: Type.Array(Type.String()) };
export const FirewallPolicyShown = shown(policyShown);

export const FirewallGroupShown = shown({
  ...common,
  admin_state_up: Type.Boolean(),
  status: Type.String(),
  ports: Type.Array(Type.String()),
  ingress_firewall_policy_id: TextOrNull,
  egress_firewall_policy_id: TextOrNull,
});
