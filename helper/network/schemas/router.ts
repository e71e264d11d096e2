import { Type, type Static } from 'typebox';
import { QosPolicyId } from './qos.ts';
import { ConntrackHelperBrief } from './conntrack-helper.ts';
import { Flag, Id, Ip, Name, OrNull, Tags, Text, body, owner, shown, standardShown } from './common.ts';

const Route = body({ destination: Type.String({ format: 'cidr' }), nexthop: Ip });
// How many there may be is judged by the app, which has neutron's own error for it.
const Routes = Type.Array(Route, { maxItems: 1000 });
export type Route = Static<typeof Route>;

const GatewayInfo = body({
  network_id: Type.Optional(OrNull(Id)),
  enable_snat: Type.Optional(Flag),
  external_fixed_ips: Type.Optional(
    OrNull(
      Type.Array(body({ subnet_id: Type.Optional(Id), ip_address: Type.Optional(Ip) }), { maxItems: 16 }),
    ),
  ),
  qos_policy_id: QosPolicyId,
});
export type GatewayInfo = Static<typeof GatewayInfo>;

const settable = {
  name: Type.Optional(Name),
  description: Type.Optional(Text),
  admin_state_up: Type.Optional(Flag),
  external_gateway_info: Type.Optional(OrNull(GatewayInfo)),
  distributed: Type.Optional(OrNull(Flag)),
  ha: Type.Optional(OrNull(Flag)),
};

export const RouterCreate = body({
  ...settable,
  ...owner,
  flavor_id: Type.Optional(Type.Null()),
  availability_zone_hints: Type.Optional(Type.Array(Name, { maxItems: 16 })),
  tags: Type.Optional(Tags),
});
export type RouterCreate = Static<typeof RouterCreate>;

export const RouterUpdate = body({ ...settable, routes: Type.Optional(OrNull(Routes)) });
export type RouterUpdate = Static<typeof RouterUpdate>;

/** Body of add_extraroutes and remove_extraroutes. */
export const ExtraRoutes = body({ routes: Routes });

/** Body of add_router_interface and remove_router_interface; the app judges which of them are needed. */
export const InterfaceRequest = body({
  subnet_id: Type.Optional(OrNull(Id)),
  port_id: Type.Optional(OrNull(Id)),
});
export type InterfaceRequest = Static<typeof InterfaceRequest>;

const ShownFixedIp = body({ subnet_id: Type.String(), ip_address: Type.String() });

export const RouterShown = shown({
  ...standardShown,
  name: Type.String(),
  admin_state_up: Type.Boolean(),
  status: Type.String(),
  external_gateway_info: OrNull(
    body({
      network_id: Type.String(),
      enable_snat: Type.Boolean(),
      qos_policy_id: OrNull(Type.String()),
      external_fixed_ips: Type.Array(ShownFixedIp),
    }),
  ),
  routes: Type.Array(body({ destination: Type.String(), nexthop: Type.String() })),
  availability_zone_hints: Type.Array(Type.String()),
  availability_zones: Type.Array(Type.String()),
  flavor_id: Type.Null(),
  conntrack_helpers: Type.Array(ConntrackHelperBrief),
  // For administrators.
  distributed: Type.Optional(Type.Boolean()),
  ha: Type.Optional(Type.Boolean()),
  tags: Type.Array(Type.String()),
});

export const InterfaceShown = body({
  id: Type.String(),
  project_id: Type.String(),
  tenant_id: Type.String(),
  network_id: Type.String(),
  port_id: Type.String(),
  subnet_id: Type.String(),
  subnet_ids: Type.Array(Type.String()),
  tags: Type.Array(Type.String()),
});
