import { Type, type Static } from 'typebox';
import { Flag, Id, Ip, Name, OrNull, Tags, Text, body, owner, shown, standardShown } from './common.ts';

const Pool = body({ start: Ip, end: Ip });
const Route = body({
  destination: Type.String({ format: 'cidr' }),
  nexthop: Ip,
});

const Mode = Type.Union([
  Type.Literal('slaac'),
  Type.Literal('dhcpv6-stateful'),
  Type.Literal('dhcpv6-stateless'),
]);

// Lists and addresses are judged by the app, which has neutron's own errors for them.
const settable = {
  name: Type.Optional(Name),
  description: Type.Optional(Text),
  gateway_ip: Type.Optional(OrNull(Ip)),
  allocation_pools: Type.Optional(OrNull(Type.Array(Pool, { maxItems: 100 }))),
  dns_nameservers: Type.Optional(OrNull(Type.Array(Ip, { maxItems: 100 }))),
  host_routes: Type.Optional(OrNull(Type.Array(Route, { maxItems: 100 }))),
  enable_dhcp: Type.Optional(Flag),
  service_types: Type.Optional(Type.Array(Name, { maxItems: 16 })),
};

export const SubnetCreate = body({
  ...settable,
  ...owner,
  network_id: Id,
  cidr: Type.Optional(OrNull(Type.String({ maxLength: 64 }))),
  ip_version: Type.Union([Type.Literal(4), Type.Literal(6), Type.Literal('4'), Type.Literal('6')]),
  // Older clients write numbers as text.
  prefixlen: Type.Optional(
    OrNull(Type.Union([Type.Integer({ minimum: 0, maximum: 128 }), Type.String({ pattern: '^\\d{1,3}$' })])),
  ),
  subnetpool_id: Type.Optional(OrNull(Type.String({ maxLength: 64 }))),
  use_default_subnetpool: Type.Optional(Flag),
  ipv6_ra_mode: Type.Optional(OrNull(Mode)),
  ipv6_address_mode: Type.Optional(OrNull(Mode)),
  segment_id: Type.Optional(OrNull(Id)),
  tags: Type.Optional(Tags),
});
export type SubnetCreate = Static<typeof SubnetCreate>;

export const SubnetUpdate = body({ ...settable, segment_id: Type.Optional(OrNull(Id)) });
export type SubnetUpdate = Static<typeof SubnetUpdate>;

export const SubnetShown = shown({
  ...standardShown,
  name: Type.String(),
  network_id: Type.String(),
  ip_version: Type.Integer(),
  cidr: Type.String(),
  gateway_ip: OrNull(Type.String()),
  enable_dhcp: Type.Boolean(),
  ipv6_ra_mode: OrNull(Type.String()),
  ipv6_address_mode: OrNull(Type.String()),
  subnetpool_id: OrNull(Type.String()),
  // For administrators.
  segment_id: Type.Optional(OrNull(Type.String())),
  allocation_pools: Type.Array(body({ start: Type.String(), end: Type.String() })),
  dns_nameservers: Type.Array(Type.String()),
  host_routes: Type.Array(body({ destination: Type.String(), nexthop: Type.String() })),
  service_types: Type.Array(Type.String()),
  tags: Type.Array(Type.String()),
});
