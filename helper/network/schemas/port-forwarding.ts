import { Type, type Static } from 'typebox';
import { Id, Ip, OrNull, ProjectId, Text, body, shown } from './common.ts';

// Numbers also as text, as neutron takes them; what they may be is judged by the app in neutron's words.
const PortNumber = Type.Optional(
  OrNull(Type.Union([Type.Integer(), Type.String({ pattern: '^\\d{1,8}$' })])),
);
const PortRange = Type.Optional(
  OrNull(Type.Union([Type.Integer(), Type.String({ pattern: '^\\d{1,8}(:\\d{1,8})?$' })])),
);

const settable = {
  external_port: PortNumber,
  external_port_range: PortRange,
  internal_port: PortNumber,
  internal_port_range: PortRange,
  internal_ip_address: Type.Optional(Ip),
  description: Type.Optional(Text),
};

const Protocol = Type.String({ maxLength: 16, format: 'text' });

export const PortForwardingCreate = body({
  ...settable,
  protocol: Protocol,
  internal_port_id: Id,
  project_id: Type.Optional(ProjectId),
  tenant_id: Type.Optional(ProjectId),
});
export type PortForwardingCreate = Static<typeof PortForwardingCreate>;

export const PortForwardingUpdate = body({
  ...settable,
  protocol: Type.Optional(Protocol),
  internal_port_id: Type.Optional(Id),
});
export type PortForwardingUpdate = Static<typeof PortForwardingUpdate>;

const brief = {
  id: Type.String(),
  protocol: Type.String(),
  internal_port_id: Type.String(),
  internal_ip_address: Type.String(),
  external_port: Type.Optional(Type.Integer()),
  internal_port: Type.Optional(Type.Integer()),
};

/** As a floating IP shows what it forwards. */
export const PortForwardingBrief = body(brief);

export const PortForwardingShown = shown({
  ...brief,
  description: Type.String(),
  external_port_range: Type.String(),
  internal_port_range: Type.String(),
});
