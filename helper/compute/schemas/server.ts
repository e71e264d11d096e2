import { Type, type TSchema } from 'typebox';
import { mv, type Microversion } from '../../http/index.ts';
import {
  Description,
  DiskConfig,
  Hostname,
  Links,
  Metadata,
  Name,
  Tag,
  Time,
  Uuid,
  byVersion,
  nullable,
  strict,
} from './common.ts';

/** Answers with servers and the query of their lists. */

/** Versions at which the body of a server changes. */
export const CHANGES = [
  '2.1',
  '2.3',
  '2.9',
  '2.16',
  '2.19',
  '2.26',
  '2.47',
  '2.63',
  '2.71',
  '2.73',
  '2.75',
  '2.90',
] as const;

export const Addresses = Type.Record(
  Type.String(),
  Type.Array(
    Type.Object(
      {
        version: Type.Union([Type.Literal(4), Type.Literal(6)]),
        addr: Type.String({ format: 'ip' }),
        'OS-EXT-IPS:type': Type.Optional(Type.Enum(['fixed', 'floating'])),
        'OS-EXT-IPS-MAC:mac_addr': Type.Optional(Type.String({ format: 'mac' })),
      },
      { additionalProperties: false },
    ),
  ),
);

const Fault = Type.Object(
  {
    code: Type.Integer(),
    created: Time,
    message: Type.String(),
    details: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);

const Flavor = (version: Microversion): TSchema =>
  version < mv('2.47')
    ? strict({ id: Type.String(), links: Links })
    : Type.Object(
        {
          vcpus: Type.Integer(),
          ram: Type.Integer(),
          disk: Type.Integer(),
          ephemeral: Type.Integer(),
          swap: Type.Integer(),
          original_name: Type.String(),
          extra_specs: Type.Optional(Type.Record(Type.String(), Type.String())),
        },
        { additionalProperties: false },
      );

/** What is in every answer with a server, also of update before 2.75. */
export const basicProperties = (version: Microversion): Record<string, TSchema> => ({
  id: Uuid,
  name: Type.String(),
  status: Type.String(),
  tenant_id: Type.String(),
  user_id: Type.String(),
  metadata: Metadata,
  hostId: Type.String(),
  image: Type.Union([strict({ id: Uuid, links: Links }), Type.Literal('')]),
  flavor: Flavor(version),
  created: Time,
  updated: Time,
  addresses: Addresses,
  accessIPv4: Type.Union([Type.String({ format: 'ipv4' }), Type.Literal('')]),
  accessIPv6: Type.Union([Type.String({ format: 'ipv6' }), Type.Literal('')]),
  links: Links,
  'OS-DCF:diskConfig': DiskConfig,
  progress: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
  fault: Type.Optional(Fault),
  ...(version >= mv('2.9') ? { locked: Type.Boolean() } : {}),
  ...(version >= mv('2.19') ? { description: Description } : {}),
  ...(version >= mv('2.26') ? { tags: Type.Array(Tag) } : {}),
  ...(version >= mv('2.63') ? { trusted_image_certificates: nullable(Type.Array(Type.String())) } : {}),
  ...(version >= mv('2.73') ? { locked_reason: nullable(Type.String()) } : {}),
});

export const detailProperties = (version: Microversion): Record<string, TSchema> => ({
  ...basicProperties(version),
  key_name: nullable(Type.String()),
  config_drive: Type.String(),
  security_groups: Type.Optional(Type.Array(strict({ name: Type.String() }))),
  'OS-EXT-AZ:availability_zone': Type.String(),
  'OS-EXT-STS:task_state': nullable(Type.String()),
  'OS-EXT-STS:vm_state': Type.String(),
  'OS-EXT-STS:power_state': Type.Enum([0, 1, 3, 4, 6, 7]),
  'OS-SRV-USG:launched_at': nullable(Time),
  'OS-SRV-USG:terminated_at': nullable(Time),
  'os-extended-volumes:volumes_attached': Type.Array(
    strict(version >= mv('2.3') ? { id: Uuid, delete_on_termination: Type.Boolean() } : { id: Uuid }),
  ),
  'OS-EXT-SRV-ATTR:host': Type.Optional(nullable(Type.String())),
  'OS-EXT-SRV-ATTR:instance_name': Type.Optional(Type.String()),
  'OS-EXT-SRV-ATTR:hypervisor_hostname': Type.Optional(nullable(Type.String())),
  ...(version >= mv('2.3')
    ? {
        'OS-EXT-SRV-ATTR:hostname': Type.Optional(Type.String()),
        'OS-EXT-SRV-ATTR:kernel_id': Type.Optional(Type.String()),
        'OS-EXT-SRV-ATTR:launch_index': Type.Optional(Type.Integer()),
        'OS-EXT-SRV-ATTR:ramdisk_id': Type.Optional(Type.String()),
        'OS-EXT-SRV-ATTR:reservation_id': Type.Optional(Type.String()),
        'OS-EXT-SRV-ATTR:root_device_name': Type.Optional(Type.String()),
        'OS-EXT-SRV-ATTR:user_data': Type.Optional(nullable(Type.String())),
      }
    : {}),
  ...(version >= mv('2.16') ? { host_status: Type.Optional(Type.String()) } : {}),
});

export const groups = (version: Microversion): Record<string, TSchema> =>
  version >= mv('2.71') ? { server_groups: Type.Array(Uuid, { maxItems: 1 }) } : {};

export const ServerShown = byVersion(CHANGES, (version) =>
  strict({ server: strict({ ...detailProperties(version), ...groups(version) }) }),
);

export const ServerUpdated = byVersion(CHANGES, (version) =>
  strict({
    server: strict({
      ...(version >= mv('2.75') ? detailProperties(version) : basicProperties(version)),
      ...groups(version),
    }),
  }),
);

export const ServersDetailed = byVersion(CHANGES, (version) =>
  Type.Object(
    {
      servers: Type.Array(strict(detailProperties(version))),
      servers_links: Type.Optional(Links),
    },
    { additionalProperties: false },
  ),
);

export const ServersListed = Type.Object(
  {
    servers: Type.Array(strict({ id: Uuid, name: Type.String(), links: Links })),
    servers_links: Type.Optional(Links),
  },
  { additionalProperties: false },
);

/** PUT /servers/{id}. */
export const ServerUpdate = byVersion(['2.1', '2.19', '2.90'], (version) =>
  strict({
    server: Type.Partial(
      Type.Object({
        name: Name,
        'OS-DCF:diskConfig': DiskConfig,
        accessIPv4: Type.String({ format: 'ipv4' }),
        accessIPv6: Type.String({ format: 'ipv6' }),
        ...(version >= mv('2.19') ? { description: Description } : {}),
        ...(version >= mv('2.90') ? { hostname: Hostname } : {}),
      }),
      { additionalProperties: false },
    ),
  }),
);

export interface ServerUpdateBody {
  readonly server: {
    readonly name?: string;
    readonly 'OS-DCF:diskConfig'?: string;
    readonly accessIPv4?: string;
    readonly accessIPv6?: string;
    readonly description?: string | null;
    readonly hostname?: string;
  };
}

/** Keys to sort by, as upstream names them; the store has a column for each. */
export const SORT_KEYS = [
  'access_ip_v4',
  'access_ip_v6',
  'auto_disk_config',
  'availability_zone',
  'config_drive',
  'created_at',
  'display_description',
  'display_name',
  'host',
  'hostname',
  'image_ref',
  'instance_type_id',
  'key_name',
  'launch_index',
  'launched_at',
  'locked',
  'locked_by',
  'node',
  'power_state',
  'progress',
  'project_id',
  'root_device_name',
  'task_state',
  'terminated_at',
  'updated_at',
  'user_id',
  'uuid',
  'vm_state',
] as const;

/** Keys that upstream takes for sorting and then ignores (until 2.75). */
const IGNORED_SORT_KEYS = [
  'architecture',
  'cell_name',
  'cleaned',
  'default_ephemeral_device',
  'default_swap_device',
  'deleted',
  'deleted_at',
  'disable_terminate',
  'ephemeral_gb',
  'ephemeral_key_uuid',
  'id',
  'kernel_id',
  'key_data',
  'launched_on',
  'memory_mb',
  'os_type',
  'ramdisk_id',
  'reservation_id',
  'root_gb',
  'shutdown_terminate',
  'user_data',
  'vcpus',
  'vm_mode',
];

const FILTERS = [
  'user_id',
  'project_id',
  'tenant_id',
  'launch_index',
  'image_ref',
  'image',
  'kernel_id',
  'ramdisk_id',
  'hostname',
  'key_name',
  'power_state',
  'vm_state',
  'task_state',
  'host',
  'node',
  'flavor',
  'reservation_id',
  'launched_at',
  'terminated_at',
  'availability_zone',
  'name',
  'display_name',
  'description',
  'display_description',
  'locked_by',
  'uuid',
  'root_device_name',
  'config_drive',
  'access_ip_v4',
  'access_ip_v6',
  'auto_disk_config',
  'progress',
  'sort_dir',
  'all_tenants',
  'soft_deleted',
  'deleted',
  'status',
  'ip',
  'ip6',
  'created_at',
  'limit',
  'marker',
  'block_device_mapping',
  'services',
  'metadata',
  'system_metadata',
  'info_cache',
  'security_groups',
  'pci_devices',
];

const query = (version: Microversion): TSchema => {
  const known = [...FILTERS];
  if (version >= mv('2.26')) known.push('tags', 'tags-any', 'not-tags', 'not-tags-any');
  if (version >= mv('2.73')) known.push('locked');
  const text = Type.Optional(Type.String({ maxLength: 4096 }));
  const time = Type.Optional(Type.String({ format: 'date-time' }));
  const keys = [...SORT_KEYS, ...(version >= mv('2.75') ? [] : IGNORED_SORT_KEYS)];
  return Type.Object(
    {
      ...Object.fromEntries(known.map((name) => [name, text])),
      sort_key: Type.Optional(Type.Enum(keys)),
      'changes-since': time,
      ...(version >= mv('2.66') ? { 'changes-before': time } : {}),
    },
    { additionalProperties: version < mv('2.75') },
  );
};

export const ServersQuery = byVersion(['2.1', '2.26', '2.66', '2.73', '2.75'], query);
