import { Type, type Static } from 'typebox';
import { Flag, Id, Name, OrNull, Text, body, owner, shown } from './common.ts';

export const MeteringLabelCreate = body({
  ...owner,
  name: Type.Optional(Name),
  description: Type.Optional(Text),
  shared: Type.Optional(Flag),
});
export type MeteringLabelCreate = Static<typeof MeteringLabelCreate>;

export const MeteringLabelShown = shown({
  id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  project_id: Type.String(),
  tenant_id: Type.String(),
  shared: Type.Boolean(),
});

const Prefix = Type.Optional(OrNull(Type.String({ format: 'cidr' })));

export const MeteringLabelRuleCreate = body({
  ...owner,
  metering_label_id: Id,
  direction: Type.Union([Type.Literal('ingress'), Type.Literal('egress')]),
  excluded: Type.Optional(Flag),
  remote_ip_prefix: Prefix,
  source_ip_prefix: Prefix,
  destination_ip_prefix: Prefix,
});
export type MeteringLabelRuleCreate = Static<typeof MeteringLabelRuleCreate>;

export const MeteringLabelRuleShown = shown({
  id: Type.String(),
  metering_label_id: Type.String(),
  direction: Type.String(),
  excluded: Type.Boolean(),
  remote_ip_prefix: OrNull(Type.String()),
  source_ip_prefix: OrNull(Type.String()),
  destination_ip_prefix: OrNull(Type.String()),
});

const counted = { packets: Type.Integer(), bytes: Type.Integer() };

/** Deskcloud's own: what a label has counted, in all and at each router. */
export const MeteringCounters = body({
  ...counted,
  routers: Type.Array(body({ router_id: Type.String(), ...counted })),
});
