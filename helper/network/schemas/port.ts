import { Type, type Static } from 'typebox';
import { limits } from '../config.ts';
import { TrunkDetails } from './trunk.ts';
import { QosPolicyId } from './qos.ts';
import {
  DnsDomain,
  Flag,
  Id,
  Ip,
  Mac,
  Name,
  OrNull,
  Tags,
  Text,
  body,
  owner,
  shown,
  standardShown,
} from './common.ts';

const FixedIp = body({ subnet_id: Type.Optional(Id), ip_address: Type.Optional(Ip) });

const settable = {
  qos_policy_id: QosPolicyId,
  name: Type.Optional(Name),
  description: Type.Optional(Text),
  admin_state_up: Type.Optional(Flag),
  fixed_ips: Type.Optional(OrNull(Type.Array(FixedIp, { maxItems: limits.fixedIps }))),
  mac_address: Type.Optional(OrNull(Mac)),
  security_groups: Type.Optional(OrNull(Type.Array(Id, { maxItems: 50 }))),
  port_security_enabled: Type.Optional(Flag),
  allowed_address_pairs: Type.Optional(
    OrNull(
      Type.Array(
        body({ ip_address: Type.String({ format: 'cidr' }), mac_address: Type.Optional(Mac) }),
        // One over the limit still reaches the app, which has neutron's own error for it.
        { maxItems: 100 },
      ),
    ),
  ),
  extra_dhcp_opts: Type.Optional(
    OrNull(
      Type.Array(
        body({
          opt_name: Type.String({ minLength: 1, maxLength: 64 }),
          opt_value: OrNull(Type.String({ maxLength: 255 })),
          ip_version: Type.Optional(
            Type.Union([Type.Literal(4), Type.Literal(6), Type.Literal('4'), Type.Literal('6')]),
          ),
        }),
        { maxItems: limits.extraDhcpOpts },
      ),
    ),
  ),
  device_id: Type.Optional(Type.String({ maxLength: 255, format: 'text' })),
  device_owner: Type.Optional(Type.String({ maxLength: 255, format: 'text' })),
  dns_name: Type.Optional(Type.String({ maxLength: 63 })),
  dns_domain: Type.Optional(DnsDomain),
  'binding:vnic_type': Type.Optional(Type.String({ maxLength: 32 })),
  'binding:host_id': Type.Optional(OrNull(Type.String({ maxLength: 255, format: 'text' }))),
  'binding:profile': Type.Optional(OrNull(Type.Record(Type.String(), Type.Unknown(), { maxProperties: 32 }))),
};

export const PortCreate = body({
  ...settable,
  ...owner,
  network_id: Id,
  tags: Type.Optional(Tags),
});
export type PortCreate = Static<typeof PortCreate>;

export const PortUpdate = body(settable);
export type PortUpdate = Static<typeof PortUpdate>;

export const PortShown = shown({
  ...standardShown,
  name: Type.String(),
  network_id: Type.String(),
  mac_address: Type.String(),
  admin_state_up: Type.Boolean(),
  status: Type.String(),
  device_id: Type.String(),
  device_owner: Type.String(),
  fixed_ips: Type.Array(body({ subnet_id: Type.String(), ip_address: Type.String() })),
  security_groups: Type.Array(Type.String()),
  port_security_enabled: Type.Boolean(),
  allowed_address_pairs: Type.Array(body({ ip_address: Type.String(), mac_address: Type.String() })),
  extra_dhcp_opts: Type.Array(
    body({ opt_name: Type.String(), opt_value: Type.String(), ip_version: Type.Integer() }),
  ),
  dns_name: Type.String(),
  dns_domain: Type.String(),
  dns_assignment: Type.Array(
    body({ ip_address: Type.String(), hostname: Type.String(), fqdn: Type.String() }),
  ),
  'binding:vnic_type': Type.String(),
  // For administrators.
  'binding:host_id': Type.Optional(Type.String()),
  'binding:vif_type': Type.Optional(Type.String()),
  'binding:vif_details': Type.Optional(
    Type.Union([body({}), body({ port_filter: Type.Boolean(), connectivity: Type.String() })]),
  ),
  'binding:profile': Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  qos_policy_id: OrNull(Type.String()),
  qos_network_policy_id: OrNull(Type.String()),
  trunk_details: Type.Optional(TrunkDetails),
  tags: Type.Array(Type.String()),
});
