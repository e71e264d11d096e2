/** Bodies of services, hypervisors, availability zones and aggregates: what administrators see of hosts. */
import { Type } from 'typebox';
import { mv, type Microversion } from '../../http/index.ts';
import { Bool, Links, Time, Uuid, byVersion, nullable, strict } from './common.ts';

const since = (version: Microversion, first: `${number}.${number}`) => version >= mv(first);
const idOf = (version: Microversion) => (since(version, '2.53') ? Uuid : Type.Integer());

const HostName = Type.String({ minLength: 1, maxLength: 255, pattern: '^[a-zA-Z0-9-._]*$' });
const Reason = Type.String({ minLength: 1, maxLength: 255, format: 'text' });

const ServiceOf = (version: Microversion) =>
  strict({
    id: idOf(version),
    binary: Type.String(),
    host: Type.String(),
    zone: Type.String(),
    status: Type.Enum(['enabled', 'disabled']),
    state: Type.Enum(['up', 'down']),
    updated_at: nullable(Time),
    disabled_reason: nullable(Type.String()),
    ...(since(version, '2.11') ? { forced_down: Type.Boolean() } : {}),
  });

const SERVICE_CHANGES = ['2.1', '2.11', '2.53'] as const;
export const ServiceList = byVersion(SERVICE_CHANGES, (version) =>
  strict({ services: Type.Array(ServiceOf(version)) }),
);
export const ServiceUpdated = strict({ service: ServiceOf(mv('2.53')) });
const serviceQuery = { host: Type.Optional(Type.String()), binary: Type.Optional(Type.String()) };
export const ServiceQuery = [
  { from: mv('2.1'), schema: Type.Object(serviceQuery, { additionalProperties: true }) },
  { from: mv('2.75'), schema: strict(serviceQuery) },
] as const;

/** Before 2.53: PUT /os-services/enable and its siblings. */
export const ServiceAction = strict({
  host: HostName,
  binary: Type.String({ minLength: 1, maxLength: 255 }),
  disabled_reason: Type.Optional(Reason),
  forced_down: Type.Optional(Bool),
});
export const ServiceActionDone = strict({
  service: strict({
    host: Type.String(),
    binary: Type.String(),
    status: Type.Optional(Type.String()),
    disabled_reason: Type.Optional(Type.String()),
    forced_down: Type.Optional(Type.Boolean()),
  }),
});
export const ServiceUpdate = Type.Object(
  {
    status: Type.Optional(Type.Enum(['enabled', 'disabled'])),
    disabled_reason: Type.Optional(Reason),
    forced_down: Type.Optional(Bool),
  },
  { additionalProperties: false, minProperties: 1 },
);

const Servers = Type.Array(strict({ uuid: Uuid, name: Type.String() }));

const BriefMembers = (version: Microversion) => ({
  id: idOf(version),
  hypervisor_hostname: Type.String(),
  state: Type.Enum(['up', 'down']),
  status: Type.Enum(['enabled', 'disabled']),
  ...(since(version, '2.53') ? { servers: Type.Optional(Servers) } : {}),
});

const CpuInfo = strict({
  arch: Type.String(),
  model: Type.String(),
  vendor: Type.String(),
  features: Type.Array(Type.String()),
  topology: strict({ cores: Type.Integer(), threads: Type.Integer(), sockets: Type.Integer() }),
});

const Totals = {
  vcpus: Type.Integer(),
  vcpus_used: Type.Integer(),
  memory_mb: Type.Integer(),
  memory_mb_used: Type.Integer(),
  local_gb: Type.Integer(),
  local_gb_used: Type.Integer(),
  free_ram_mb: Type.Integer(),
  free_disk_gb: Type.Integer(),
  disk_available_least: nullable(Type.Integer()),
  current_workload: Type.Integer(),
  running_vms: Type.Integer(),
};

const DetailOf = (version: Microversion) =>
  strict({
    ...BriefMembers(version),
    hypervisor_type: Type.String(),
    hypervisor_version: Type.Integer(),
    host_ip: Type.String({ format: 'ip' }),
    service: strict({ id: idOf(version), host: Type.String(), disabled_reason: nullable(Type.String()) }),
    ...(since(version, '2.88')
      ? { uptime: nullable(Type.String()) }
      : { ...Totals, cpu_info: since(version, '2.28') ? CpuInfo : Type.String() }),
  });

const HYPERVISOR_CHANGES = ['2.1', '2.28', '2.53', '2.88'] as const;
export const HypervisorList = byVersion(HYPERVISOR_CHANGES, (version) =>
  strict({ hypervisors: Type.Array(strict(BriefMembers(version))), hypervisors_links: Type.Optional(Links) }),
);
export const HypervisorDetailList = byVersion(HYPERVISOR_CHANGES, (version) =>
  strict({ hypervisors: Type.Array(DetailOf(version)), hypervisors_links: Type.Optional(Links) }),
);
export const HypervisorAnswer = byVersion(HYPERVISOR_CHANGES, (version) =>
  strict({ hypervisor: DetailOf(version) }),
);
export const HypervisorStatistics = strict({
  hypervisor_statistics: strict({ count: Type.Integer(), ...Totals }),
});
export const HypervisorUptime = byVersion(HYPERVISOR_CHANGES, (version) =>
  strict({ hypervisor: strict({ ...BriefMembers(version), uptime: Type.String() }) }),
);
export const HypervisorServers = strict({
  hypervisors: Type.Array(strict({ ...BriefMembers(mv('2.1')), servers: Type.Optional(Servers) })),
});
const paging = { limit: Type.Optional(Type.String()), marker: Type.Optional(Type.String()) };
export const HypervisorQuery = [
  { from: mv('2.1'), schema: Type.Object({}, { additionalProperties: true }) },
  { from: mv('2.33'), schema: Type.Object(paging, { additionalProperties: true }) },
  {
    from: mv('2.53'),
    schema: strict({
      ...paging,
      hypervisor_hostname_pattern: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
      with_servers: Type.Optional(
        Type.String({ pattern: '^([Tt]rue|1|[Ff]alse|0|[Oo]n|[Oo]ff|[Yy]es|[Nn]o)$' }),
      ),
    }),
  },
] as const;
export const HypervisorShowQuery = [
  { from: mv('2.1'), schema: Type.Object({}, { additionalProperties: true }) },
  {
    from: mv('2.53'),
    schema: strict({
      with_servers: Type.Optional(
        Type.String({ pattern: '^([Tt]rue|1|[Ff]alse|0|[Oo]n|[Oo]ff|[Yy]es|[Nn]o)$' }),
      ),
    }),
  },
] as const;

const ServiceHealth = strict({
  active: Type.Boolean(),
  available: Type.Boolean(),
  updated_at: nullable(Time),
});
export const Zones = strict({
  availabilityZoneInfo: Type.Array(
    strict({
      zoneName: Type.String(),
      zoneState: strict({ available: Type.Boolean() }),
      hosts: nullable(Type.Record(Type.String(), Type.Record(Type.String(), ServiceHealth))),
    }),
  ),
});

const AggregateName = Type.String({ minLength: 1, maxLength: 255, format: 'name' });
const ZoneName = Type.String({ minLength: 1, maxLength: 255, pattern: '^[^:]*$', format: 'name' });
const brief = (version: Microversion) => ({
  id: Type.Integer(),
  name: Type.String(),
  availability_zone: nullable(Type.String()),
  created_at: Time,
  updated_at: nullable(Time),
  deleted: Type.Boolean(),
  deleted_at: nullable(Time),
  ...(since(version, '2.41') ? { uuid: Uuid } : {}),
});
const full = (version: Microversion) =>
  strict({
    ...brief(version),
    hosts: Type.Array(Type.String()),
    metadata: Type.Record(Type.String(), Type.String()),
  });
const AGGREGATE_CHANGES = ['2.1', '2.41'] as const;
export const AggregateCreated = byVersion(AGGREGATE_CHANGES, (version) =>
  strict({ aggregate: strict(brief(version)) }),
);
export const AggregateAnswer = byVersion(AGGREGATE_CHANGES, (version) =>
  strict({ aggregate: full(version) }),
);
export const AggregateList = byVersion(AGGREGATE_CHANGES, (version) =>
  strict({ aggregates: Type.Array(full(version)) }),
);
export const AggregateCreate = strict({
  aggregate: strict({ name: AggregateName, availability_zone: Type.Optional(nullable(ZoneName)) }),
});
export const AggregateUpdate = strict({
  aggregate: Type.Object(
    { name: Type.Optional(AggregateName), availability_zone: Type.Optional(nullable(ZoneName)) },
    { additionalProperties: false, minProperties: 1 },
  ),
});
export const AddHost = strict({ add_host: strict({ host: HostName }) });
export const RemoveHost = strict({ remove_host: strict({ host: HostName }) });
export const SetMetadata = strict({
  set_metadata: strict({
    metadata: Type.Record(
      Type.String({ pattern: '^[a-zA-Z0-9-_:. ]{1,255}$' }),
      nullable(Type.String({ maxLength: 255, format: 'text' })),
      { additionalProperties: false },
    ),
  }),
});
