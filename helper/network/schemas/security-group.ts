import { Type, type Static } from 'typebox';
import {
  Flag,
  Id,
  Name,
  OrNull,
  ProjectId,
  Tags,
  Text,
  body,
  owner,
  shown,
  standardShown,
} from './common.ts';

export const GroupCreate = body({
  name: Type.Optional(Name),
  description: Type.Optional(Text),
  stateful: Type.Optional(Flag),
  tags: Type.Optional(Tags),
  ...owner,
});
export type GroupCreate = Static<typeof GroupCreate>;

export const GroupUpdate = body({
  name: Type.Optional(Name),
  description: Type.Optional(Text),
  stateful: Type.Optional(Flag),
});
export type GroupUpdate = Static<typeof GroupUpdate>;

// Older clients write numbers as text.
const PortNumber = Type.Optional(
  OrNull(Type.Union([Type.Integer(), Type.String({ pattern: '^-?\\d{1,6}$' })])),
);

export const RuleCreate = body({
  security_group_id: Id,
  direction: Type.Union([Type.Literal('ingress'), Type.Literal('egress')]),
  ethertype: Type.Optional(OrNull(Type.String({ maxLength: 16 }))),
  protocol: Type.Optional(OrNull(Type.Union([Type.Integer(), Type.String({ maxLength: 32 })]))),
  port_range_min: PortNumber,
  port_range_max: PortNumber,
  remote_ip_prefix: Type.Optional(OrNull(Type.String({ maxLength: 64 }))),
  // neutron looks for what is no id as well, and finds nothing.
  remote_group_id: Type.Optional(OrNull(Type.String({ maxLength: 255, format: 'text' }))),
  remote_address_group_id: Type.Optional(OrNull(Type.String({ maxLength: 255, format: 'text' }))),
  description: Type.Optional(Text),
  project_id: Type.Optional(ProjectId),
  tenant_id: Type.Optional(ProjectId),
});
export type RuleCreate = Static<typeof RuleCreate>;

const ruleShown = {
  ...standardShown,
  security_group_id: Type.String(),
  direction: Type.String(),
  ethertype: Type.String(),
  protocol: OrNull(Type.String()),
  port_range_min: OrNull(Type.Integer()),
  port_range_max: OrNull(Type.Integer()),
  remote_ip_prefix: OrNull(Type.String()),
  normalized_cidr: OrNull(Type.String()),
  remote_group_id: OrNull(Type.String()),
  remote_address_group_id: OrNull(Type.String()),
};
export const RuleShown = shown(ruleShown);

export const GroupShown = shown({
  ...standardShown,
  name: Type.String(),
  stateful: Type.Boolean(),
  shared: Type.Boolean(),
  security_group_rules: Type.Array(RuleShown),
  tags: Type.Array(Type.String()),
});
