import { Type, type Static } from 'typebox';
import { QosPolicyId } from './qos.ts';
import { PortForwardingBrief } from './port-forwarding.ts';
import { Id, Ip, OrNull, Tags, Text, body, owner, shown, standardShown } from './common.ts';

// What is empty is none: older clients write "" to disassociate.
const IdOrNone = Type.Union([Id, Type.Null(), Type.Literal('')]);
const DnsName = Type.String({
  maxLength: 255,
  pattern: '^([A-Za-z0-9_-]{1,63}(\\.[A-Za-z0-9_-]{1,63})*\\.?)?$',
});

const settable = {
  port_id: Type.Optional(IdOrNone),
  fixed_ip_address: Type.Optional(OrNull(Ip)),
  description: Type.Optional(Text),
  qos_policy_id: QosPolicyId,
};

export const FloatingIpCreate = body({
  ...settable,
  ...owner,
  floating_network_id: Id,
  subnet_id: Type.Optional(OrNull(Id)),
  floating_ip_address: Type.Optional(OrNull(Ip)),
  dns_name: Type.Optional(DnsName),
  dns_domain: Type.Optional(DnsName),
  tags: Type.Optional(Tags),
});
export type FloatingIpCreate = Static<typeof FloatingIpCreate>;

export const FloatingIpUpdate = body(settable);
export type FloatingIpUpdate = Static<typeof FloatingIpUpdate>;

export const FloatingIpShown = shown({
  ...standardShown,
  floating_network_id: Type.String(),
  floating_ip_address: Type.String(),
  port_id: OrNull(Type.String()),
  fixed_ip_address: OrNull(Type.String()),
  router_id: OrNull(Type.String()),
  status: Type.String(),
  dns_name: Type.String(),
  dns_domain: Type.String(),
  qos_policy_id: OrNull(Type.String()),
  port_details: OrNull(
    body({
      name: Type.String(),
      network_id: Type.String(),
      mac_address: Type.String(),
      admin_state_up: Type.Boolean(),
      status: Type.String(),
      device_id: Type.String(),
      device_owner: Type.String(),
    }),
  ),
  port_forwardings: Type.Array(PortForwardingBrief),
  tags: Type.Array(Type.String()),
});

/** A subnet that floating IPs are taken from. */
export const FloatingIpPool = shown({
  subnet_id: Type.String(),
  subnet_name: Type.String(),
  network_id: Type.String(),
  cidr: Type.String(),
  project_id: Type.String(),
  tenant_id: Type.String(),
});
