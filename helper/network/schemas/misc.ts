import { Type } from 'typebox';
import { Flag, OrNull, Tags, body, shown } from './common.ts';

export const Extension = body({
  name: Type.String(),
  alias: Type.String(),
  description: Type.String(),
  updated: Type.String(),
  links: Type.Array(Type.Never(), { maxItems: 0 }),
});

export const Agent = shown({
  id: Type.String(),
  agent_type: Type.String(),
  binary: Type.String(),
  topic: Type.String(),
  host: Type.String(),
  admin_state_up: Flag,
  alive: Flag,
  availability_zone: OrNull(Type.String()),
  description: OrNull(Type.String()),
  configurations: Type.Record(Type.String(), Type.Unknown()),
  resources_synced: Type.Null(),
  created_at: Type.String(),
  started_at: Type.String(),
  heartbeat_timestamp: Type.String(),
});

export const RouterAgent = shown({ ...Agent.properties, ha_state: OrNull(Type.String()) });

export const Zone = shown({ name: Type.String(), resource: Type.String(), state: Type.String() });

export const ServiceProvider = shown({
  service_type: Type.String(),
  name: Type.String(),
  default: Type.Boolean(),
});

export const Limits = Type.Record(Type.String(), Type.Union([Type.Integer(), Type.String()]));

const Limit = Type.Integer({ minimum: -1, maximum: 2_147_483_647 });
export const QuotaUpdate = Type.Object(
  { force: Type.Optional(Flag), check_limit: Type.Optional(Flag) },
  { additionalProperties: Limit },
);

export const Details = Type.Record(
  Type.String(),
  body({ limit: Type.Integer(), used: Type.Integer(), reserved: Type.Integer() }),
);

/** Also one that is too large for a double and goes into the JSON text as it is. */
const BigNumber = Type.Number({ minimum: 0 });

export const SubnetAvailability = body({
  subnet_id: Type.String(),
  subnet_name: Type.String(),
  cidr: Type.String(),
  ip_version: Type.Integer(),
  total_ips: BigNumber,
  used_ips: Type.Integer(),
});

export const Availability = shown({
  network_id: Type.String(),
  network_name: Type.String(),
  project_id: Type.String(),
  tenant_id: Type.String(),
  total_ips: BigNumber,
  used_ips: Type.Integer(),
  subnet_ip_availability: Type.Array(SubnetAvailability),
});

export const TagList = body({ tags: Tags });
