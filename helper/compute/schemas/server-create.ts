import { Type, type TSchema } from 'typebox';
import { mv, type Microversion } from '../../http/index.ts';
import {
  Bool,
  Description,
  DiskConfig,
  Fqdn,
  Hostname,
  Links,
  MAX_TAGS,
  Metadata,
  Name,
  Tag,
  Uuid,
  byVersion,
  nullable,
  strict,
} from './common.ts';

/** POST /servers. What the handler reads, of all microversions together. */
export interface ServerCreateBody {
  readonly server: ServerCreateRequest;
  readonly 'os:scheduler_hints'?: Readonly<Record<string, unknown>>;
  readonly 'OS-SCH-HNT:scheduler_hints'?: Readonly<Record<string, unknown>>;
}

export interface BlockDevice {
  readonly source_type?: 'volume' | 'image' | 'snapshot' | 'blank';
  readonly destination_type?: 'local' | 'volume';
  readonly uuid?: string;
  readonly image_id?: string;
  readonly volume_id?: string;
  readonly snapshot_id?: string;
  readonly boot_index?: number | string | null;
  readonly virtual_name?: string;
  readonly volume_size?: number | string | null;
  readonly volume_type?: string;
  readonly device_name?: string | null;
  readonly delete_on_termination?: boolean | string;
  readonly no_device?: unknown;
  readonly disk_bus?: string;
  readonly device_type?: string;
  readonly guest_format?: string;
  readonly tag?: string;
}

export interface ServerCreateRequest {
  readonly name: string;
  readonly flavorRef: string | number;
  readonly imageRef?: string;
  readonly adminPass?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly networks?:
    | 'auto'
    | 'none'
    | readonly {
        readonly uuid?: string;
        readonly port?: string | null;
        readonly fixed_ip?: string;
        readonly tag?: string;
      }[];
  readonly 'OS-DCF:diskConfig'?: string;
  readonly accessIPv4?: string;
  readonly accessIPv6?: string;
  readonly personality?: readonly { readonly path?: string; readonly contents?: string }[];
  readonly availability_zone?: string;
  readonly block_device_mapping?: readonly BlockDevice[];
  readonly block_device_mapping_v2?: readonly BlockDevice[];
  readonly config_drive?: boolean | string;
  readonly key_name?: string;
  readonly min_count?: number | string;
  readonly max_count?: number | string;
  readonly return_reservation_id?: boolean | string;
  readonly security_groups?: readonly { readonly name?: string }[];
  readonly user_data?: string;
  readonly description?: string | null;
  readonly tags?: readonly string[];
  readonly trusted_image_certificates?: readonly string[] | null;
  readonly host?: string;
  readonly hypervisor_hostname?: string;
  readonly hostname?: string;
}

const Count = Type.Union([
  Type.Integer({ minimum: 1, maximum: 1000 }),
  Type.String({ pattern: '^0*[1-9][0-9]{0,2}$' }),
]);

const legacyDevice = {
  virtual_name: Type.String({ maxLength: 255 }),
  volume_id: Uuid,
  snapshot_id: Uuid,
  volume_size: Type.Union([Type.Integer({ minimum: 1 }), Type.String({ pattern: '^[0-9]{0,10}$' })]),
  device_name: Type.String({ minLength: 1, maxLength: 255, pattern: '^[a-zA-Z0-9._/-]*$' }),
  delete_on_termination: Bool,
  no_device: Type.Unknown(),
  connection_info: Type.String({ maxLength: 65535 }),
};

const deviceV2 = {
  ...legacyDevice,
  source_type: Type.Enum(['volume', 'image', 'snapshot', 'blank']),
  uuid: Type.String({ minLength: 1, maxLength: 255, pattern: '^[a-zA-Z0-9._-]*$' }),
  image_id: Uuid,
  destination_type: Type.Enum(['local', 'volume']),
  guest_format: Type.String({ maxLength: 255 }),
  device_type: Type.String({ maxLength: 255 }),
  disk_bus: Type.String({ maxLength: 255 }),
  boot_index: Type.Union([Type.Integer(), Type.String({ pattern: '^-?[0-9]{1,9}$' }), Type.Null()]),
};

/** All properties may be absent. */
const loose = (properties: Record<string, TSchema>): TSchema =>
  Type.Partial(Type.Object(properties), { additionalProperties: false });

const ids = Type.Union([Uuid, Type.Array(Uuid)]);

/** Hints that a filter reads; others are for filters of a cloud's own, and without effect here, as in nova. */
const HINTS = {
  group: Uuid,
  different_host: ids,
  same_host: ids,
  query: Type.Union([Type.String({ maxLength: 4096 }), Type.Array(Type.Unknown()), Type.Object({})]),
  target_cell: Name,
  different_cell: Type.Union([Type.String(), Type.Array(Type.String())]),
  build_near_host_ip: Type.String({ format: 'ip' }),
  cidr: Type.String({ pattern: '^/[0-9a-f.:]+$' }),
};
const Hints = Type.Partial(Type.Object(HINTS), { additionalProperties: true });

function networks(version: Microversion): TSchema {
  const tagged =
    version === mv('2.32') || (version >= mv('2.33') && version < mv('2.37')) || version >= mv('2.42');
  const item = loose({
    uuid: version >= mv('2.37') ? Uuid : Type.String({ maxLength: 255 }),
    port: nullable(Uuid),
    fixed_ip: Type.String({ format: 'ip' }),
    ...(tagged ? { tag: Tag } : {}),
  });
  const list = Type.Array(item, { maxItems: 64 });
  return version >= mv('2.37') ? Type.Union([list, Type.Enum(['none', 'auto'])]) : list;
}

function requestAt(version: Microversion): TSchema {
  const since = (text: `${number}.${number}`): boolean => version >= mv(text);
  const device = loose({
    ...deviceV2,
    ...(version === mv('2.32') || since('2.42') ? { tag: Tag } : {}),
    ...(since('2.67') ? { volume_type: Type.String({ maxLength: 255 }) } : {}),
  });
  const optional: Record<string, TSchema> = {
    imageRef: Type.Union([Uuid, Type.Literal('')]),
    adminPass: Type.String({ maxLength: 255, format: 'text' }),
    metadata: Metadata,
    'OS-DCF:diskConfig': DiskConfig,
    accessIPv4: Type.String({ format: 'ipv4' }),
    accessIPv6: Type.String({ format: 'ipv6' }),
    availability_zone: Name,
    block_device_mapping: Type.Array(loose(legacyDevice)),
    block_device_mapping_v2: Type.Array(device),
    config_drive: Bool,
    key_name: Name,
    min_count: Count,
    max_count: Count,
    return_reservation_id: Bool,
    security_groups: Type.Array(loose({ name: Name })),
    user_data: Type.String({ format: 'base64', maxLength: 65535 }),
    ...(since('2.37') ? {} : { networks: networks(version) }),
    ...(since('2.57')
      ? {}
      : {
          personality: Type.Array(
            loose({ path: Type.String(), contents: Type.String({ format: 'base64' }) }),
          ),
        }),
    ...(since('2.19') ? { description: Description } : {}),
    ...(since('2.52') ? { tags: Type.Array(Tag, { maxItems: MAX_TAGS }) } : {}),
    ...(since('2.63')
      ? {
          trusted_image_certificates: nullable(
            Type.Array(Type.String({ minLength: 1, maxLength: 255 }), {
              minItems: 1,
              maxItems: 50,
              uniqueItems: true,
            }),
          ),
        }
      : {}),
    ...(since('2.74') ? { host: Fqdn, hypervisor_hostname: Fqdn } : {}),
    ...(since('2.90') ? { hostname: Hostname } : {}),
  };
  return Type.Object(
    {
      name: Name,
      flavorRef: Type.Union([Type.String({ minLength: 1, maxLength: 255 }), Type.Integer()]),
      ...(since('2.37') ? { networks: networks(version) } : {}),
      ...Object.fromEntries(Object.entries(optional).map(([name, schema]) => [name, Type.Optional(schema)])),
    },
    { additionalProperties: false },
  );
}

export const ServerCreate = byVersion(
  ['2.1', '2.19', '2.32', '2.33', '2.37', '2.42', '2.52', '2.57', '2.63', '2.67', '2.74', '2.90'],
  (version) =>
    strict({
      server: requestAt(version),
      'os:scheduler_hints': Type.Optional(Hints),
      'OS-SCH-HNT:scheduler_hints': Type.Optional(Hints),
    }),
);

export const ServerCreated = Type.Union([
  strict({
    server: strict({
      id: Uuid,
      links: Links,
      'OS-DCF:diskConfig': Type.String(),
      security_groups: Type.Array(strict({ name: Type.String() })),
      adminPass: Type.String(),
    }),
  }),
  strict({ reservation_id: Type.String() }),
]);
