import { Type } from 'typebox';
import { mv } from '../../http/index.ts';
import { Id, Time, Whole, byVersion, nullable, opt, strict } from './common.ts';

const Limits = Type.Record(Type.String(), Whole(-1));
export const QuotaUpdate = strict({ quota_set: Limits });
export const QuotaClassUpdate = strict({ quota_class_set: Limits });
const numbers = { additionalProperties: Type.Integer() };
export const QuotaShown = strict({
  quota_set: Type.Object(
    { id: Id },
    {
      additionalProperties: Type.Union([
        Type.Integer(),
        strict({ limit: Type.Integer(), in_use: Type.Integer(), reserved: Type.Integer() }),
      ]),
    },
  ),
});
export const QuotaUpdated = strict({ quota_set: Type.Object({}, numbers) });
export const QuotaClassShown = strict({ quota_class_set: Type.Object({ id: Id }, numbers) });
export const QuotaClassUpdated = strict({ quota_class_set: Type.Object({}, numbers) });

const ABSOLUTE = [
  'maxTotalVolumes',
  'maxTotalSnapshots',
  'maxTotalVolumeGigabytes',
  'maxTotalBackups',
  'maxTotalBackupGigabytes',
  'totalVolumesUsed',
  'totalSnapshotsUsed',
  'totalGigabytesUsed',
  'totalBackupsUsed',
  'totalBackupGigabytesUsed',
] as const;
/** A list that is always empty here. */
const Nothing = Type.Array(Type.Never(), { maxItems: 0 });

export const LimitsShown = strict({
  limits: strict({
    rate: Nothing,
    absolute: strict(Object.fromEntries(ABSOLUTE.map((name) => [name, Type.Integer()]))),
  }),
});

export const ZoneList = strict({
  availabilityZoneInfo: Type.Array(
    strict({ zoneName: Type.String(), zoneState: strict({ available: Type.Boolean() }) }),
  ),
});

export const ServiceList = byVersion(['3.0', '3.7', '3.49'], (version) =>
  strict({
    services: Type.Array(
      strict({
        binary: Type.String(),
        host: Type.String(),
        zone: Type.String(),
        status: Type.String(),
        state: Type.String(),
        updated_at: Time,
        disabled_reason: nullable(Type.String()),
        replication_status: opt(Type.String()),
        active_backend_id: opt(Type.Null()),
        frozen: opt(Type.Boolean()),
        ...(version >= mv('3.7') ? { cluster: Type.Null() } : {}),
        ...(version >= mv('3.49') ? { backend_state: opt(Type.String()) } : {}),
      }),
    ),
  }),
);
const Host = Type.String({ minLength: 1, maxLength: 255 });
export const ServiceSwitch = strict({
  host: Host,
  binary: opt(Type.String()),
  service: opt(Type.String()),
  disabled_reason: opt(nullable(Type.String({ maxLength: 255, format: 'text' }))),
});
/** With a reason, it has to be one. */
export const ServiceDisable = strict({
  host: Host,
  binary: opt(Type.String()),
  service: opt(Type.String()),
  disabled_reason: Type.String({ minLength: 1, maxLength: 255, format: 'text' }),
});
export const ServiceFreeze = strict({ host: opt(nullable(Host)), cluster: opt(nullable(Type.String())) });
export const ServiceFailover = strict({
  host: opt(nullable(Host)),
  cluster: opt(nullable(Type.String({ maxLength: 255 }))),
  backend_id: opt(nullable(Type.String({ maxLength: 255 }))),
});
export const ClusterSwitch = strict({
  name: Type.String({ minLength: 1, maxLength: 255 }),
  binary: opt(nullable(Type.String({ maxLength: 255 }))),
  disabled_reason: opt(nullable(Type.String({ maxLength: 255, format: 'text' }))),
});
export const ServiceSwitched = strict({
  host: Type.String(),
  service: Type.String(),
  binary: Type.String(),
  status: Type.String(),
  disabled: Type.Boolean(),
  disabled_reason: opt(nullable(Type.String())),
});

export const HostList = strict({
  hosts: Type.Array(
    strict({
      host_name: Type.String(),
      service: Type.String(),
      zone: Type.String(),
      'service-status': Type.String(),
      'service-state': Type.String(),
      'last-update': Time,
    }),
  ),
});
export const HostShown = strict({
  host: Type.Array(
    strict({
      resource: strict({
        host: Type.String(),
        project: Type.String(),
        volume_count: Type.String(),
        total_volume_gb: Type.String(),
        snapshot_count: Type.String(),
        total_snapshot_gb: Type.String(),
      }),
    }),
  ),
});

export const PoolList = strict({
  pools: Type.Array(
    strict({
      name: Type.String(),
      capabilities: opt(
        Type.Record(Type.String(), Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()])),
      ),
    }),
  ),
});
export const Capabilities = strict({
  namespace: Type.String(),
  vendor_name: Type.String(),
  volume_backend_name: Type.String(),
  pool_name: nullable(Type.String()),
  driver_version: Type.String(),
  storage_protocol: Type.String(),
  display_name: nullable(Type.String()),
  description: nullable(Type.String()),
  visibility: nullable(Type.String()),
  replication_targets: Nothing,
  properties: Type.Record(
    Type.String(),
    strict({ type: Type.String(), title: Type.String(), description: Type.String() }),
  ),
});

const extension = strict({
  name: Type.String(),
  alias: Type.String(),
  description: Type.String(),
  updated: Type.String(),
  links: Nothing,
});
export const ExtensionList = strict({ extensions: Type.Array(extension) });
export const ExtensionShown = strict({ extension });

export const ResourceFilters = strict({
  resource_filters: Type.Array(strict({ resource: Type.String(), filters: Type.Array(Type.String()) })),
});
export const ClusterList = strict({ clusters: Nothing });
export const Cleanup = Type.Object(
  {
    cluster_name: opt(nullable(Type.String())),
    disabled: opt(nullable(Type.Union([Type.Boolean(), Type.String()]))),
    host: opt(nullable(Type.String())),
    service_id: opt(nullable(Type.Union([Type.Integer(), Type.String()]))),
    is_up: opt(nullable(Type.Union([Type.Boolean(), Type.String()]))),
    binary: opt(nullable(Type.String())),
    resource_id: opt(nullable(Type.String())),
    resource_type: opt(nullable(Type.String())),
  },
  { additionalProperties: false },
);
export const Cleaned = strict({
  cleaning: Nothing,
  unavailable: Nothing,
});
