import { Type, type Static } from 'typebox';
import { PhysicalNetwork, ProviderSegment, SegmentationId } from './segment.ts';
import { QosPolicyId } from './qos.ts';
import { DnsDomain, Flag, Name, OrNull, Tags, Text, body, owner, shown, standardShown } from './common.ts';

const settable = {
  qos_policy_id: QosPolicyId,
  name: Type.Optional(Name),
  description: Type.Optional(Text),
  admin_state_up: Type.Optional(Flag),
  shared: Type.Optional(Flag),
  'router:external': Type.Optional(Flag),
  is_default: Type.Optional(Flag),
  // OpenStack's own command line sends text.
  mtu: Type.Optional(
    OrNull(
      Type.Union([Type.Integer({ minimum: 0, maximum: 65_535 }), Type.String({ pattern: '^\\d{1,5}$' })]),
    ),
  ),
  port_security_enabled: Type.Optional(Flag),
  dns_domain: Type.Optional(DnsDomain),
};

export const NetworkCreate = body({
  ...settable,
  ...owner,
  availability_zone_hints: Type.Optional(Type.Array(Name, { maxItems: 16 })),
  tags: Type.Optional(Tags),
  'provider:network_type': Type.Optional(OrNull(Type.String({ maxLength: 32 }))),
  'provider:physical_network': Type.Optional(PhysicalNetwork),
  'provider:segmentation_id': Type.Optional(SegmentationId),
  segments: Type.Optional(Type.Array(ProviderSegment, { minItems: 1, maxItems: 64 })),
});
export type NetworkCreate = Static<typeof NetworkCreate>;

export const NetworkUpdate = body(settable);
export type NetworkUpdate = Static<typeof NetworkUpdate>;

const shownSegment = {
  'provider:network_type': OrNull(Type.String()),
  'provider:physical_network': OrNull(Type.String()),
  'provider:segmentation_id': OrNull(Type.Integer()),
};

export const NetworkShown = shown({
  ...standardShown,
  name: Type.String(),
  admin_state_up: Type.Boolean(),
  status: Type.String(),
  subnets: Type.Array(Type.String()),
  shared: Type.Boolean(),
  'router:external': Type.Boolean(),
  // Of external networks.
  is_default: Type.Optional(Type.Boolean()),
  mtu: Type.Integer(),
  port_security_enabled: Type.Boolean(),
  dns_domain: Type.String(),
  availability_zone_hints: Type.Array(Type.String()),
  availability_zones: Type.Array(Type.String()),
  ipv4_address_scope: OrNull(Type.String()),
  ipv6_address_scope: OrNull(Type.String()),
  qos_policy_id: OrNull(Type.String()),
  tags: Type.Array(Type.String()),
  // Administrators see one or the other.
  ...Type.Partial(Type.Object(shownSegment)).properties,
  segments: Type.Optional(Type.Array(body(shownSegment))),
});
