import { Type } from 'typebox';
import { mv, type Microversion } from '../../http/index.ts';
import {
  Bool,
  Id,
  Links,
  Name,
  Pairs,
  Shown,
  Time,
  Uuid,
  Whole,
  byVersion,
  nullable,
  opt,
  strict,
} from './common.ts';

/** What may be asked for; before 3.53 what is not known is passed over. */
const createProperties = {
  name: opt(Name),
  description: opt(Name),
  display_name: opt(Name),
  display_description: opt(Name),
  volume_type: opt(nullable(Type.String({ maxLength: 255 }))),
  metadata: opt(nullable(Pairs)),
  snapshot_id: opt(nullable(Uuid)),
  source_volid: opt(nullable(Uuid)),
  consistencygroup_id: opt(nullable(Uuid)),
  group_id: opt(nullable(Uuid)),
  backup_id: opt(nullable(Uuid)),
  size: opt(nullable(Type.Union([Type.Integer(), Type.String({ maxLength: 10 })]))),
  availability_zone: opt(nullable(Type.String({ maxLength: 255 }))),
  multiattach: opt(nullable(Bool)),
  image_id: opt(nullable(Type.String({ maxLength: 255 }))),
  imageRef: opt(nullable(Type.String({ maxLength: 255 }))),
};
const hints = { 'OS-SCH-HNT:scheduler_hints': opt(nullable(Type.Object({}))) };

/** The same for all versions, but for what is not known. */
const creating = (additionalProperties: boolean) =>
  strict({ volume: Type.Object(createProperties, { additionalProperties }), ...hints });
export const VolumeCreate = [
  { from: mv('3.0'), schema: creating(true) },
  { from: mv('3.53'), schema: creating(false) },
] as const;

const updateProperties = {
  name: opt(Name),
  description: opt(Name),
  display_name: opt(Name),
  display_description: opt(Name),
  metadata: opt(Pairs),
};
export const VolumeUpdate = [
  { from: mv('3.0'), schema: strict({ volume: strict(updateProperties) }) },
  {
    from: mv('3.53'),
    schema: strict({
      volume: Type.Object(updateProperties, { additionalProperties: false, minProperties: 1 }),
    }),
  },
] as const;

const Attachment = strict({
  id: Id,
  attachment_id: Id,
  volume_id: Id,
  server_id: nullable(Id),
  host_name: nullable(Type.String()),
  device: nullable(Type.String()),
  attached_at: nullable(Time),
});

/** What all answers say of a volume. */
const common = (version: Microversion) => ({
  id: Id,
  status: Type.String(),
  size: Type.Integer(),
  availability_zone: Type.String(),
  created_at: Time,
  updated_at: nullable(Time),
  name: nullable(Type.String()),
  description: nullable(Type.String()),
  volume_type: nullable(Type.String()),
  snapshot_id: nullable(Id),
  source_volid: nullable(Id),
  metadata: Shown,
  links: Links,
  user_id: Id,
  bootable: Type.String(),
  encrypted: Type.Boolean(),
  replication_status: Type.Null(),
  consistencygroup_id: nullable(Id),
  multiattach: Type.Boolean(),
  attachments: Type.Array(Attachment),
  migration_status: opt(nullable(Type.String())),
  ...(version >= mv('3.13') ? { group_id: nullable(Id) } : {}),
  ...(version >= mv('3.21') ? { provider_id: opt(Type.Null()) } : {}),
  ...(version >= mv('3.48') ? { shared_targets: Type.Boolean(), service_uuid: nullable(Id) } : {}),
  ...(version >= mv('3.61') ? { cluster_name: opt(Type.Null()) } : {}),
  ...(version >= mv('3.63') ? { volume_type_id: Id } : {}),
  ...(version >= mv('3.64') ? { encryption_key_id: opt(Id) } : {}),
  ...(version >= mv('3.65') ? { consumes_quota: Type.Boolean() } : {}),
});

/** What is shown of it, but not by who makes or changes it. */
const shown = (version: Microversion) =>
  strict({
    ...common(version),
    'os-vol-tenant-attr:tenant_id': Id,
    'os-vol-host-attr:host': opt(nullable(Type.String())),
    'os-vol-mig-status-attr:migstat': opt(nullable(Type.String())),
    'os-vol-mig-status-attr:name_id': opt(Type.Null()),
    volume_image_metadata: opt(Shown),
  });

const CHANGES = ['3.0', '3.13', '3.21', '3.48', '3.61', '3.63', '3.64', '3.65'] as const;
export const VolumeMade = byVersion(CHANGES, (version) => strict({ volume: strict(common(version)) }));
export const VolumeShown = byVersion(CHANGES, (version) => strict({ volume: shown(version) }));
/** As before all microversions. */
export const PlainVolume = strict({ volume: shown(mv('3.0')) });
const listed = { volumes_links: opt(Links), count: opt(Type.Integer()) };
export const VolumeDetails = byVersion(CHANGES, (version) =>
  strict({ volumes: Type.Array(shown(version)), ...listed }),
);
export const VolumeList = strict({
  volumes: Type.Array(strict({ id: Id, name: nullable(Type.String()), links: Links })),
  ...listed,
});
export const VolumeSummary = byVersion(['3.0', '3.36'], (version) =>
  strict({
    'volume-summary': strict({
      total_count: Type.Integer(),
      total_size: Type.Integer(),
      ...(version >= mv('3.36') ? { metadata: Type.Record(Type.String(), Type.Array(Type.String())) } : {}),
    }),
  }),
);

/** Bodies of POST /volumes/{id}/action. */
const action = <N extends string, S>(name: N, schema: S) => ({ [name]: schema }) as { [K in N]: S };
export const Extend = strict(action('os-extend', strict({ new_size: Whole(1) })));
export const ResetStatus = strict(
  action(
    'os-reset_status',
    Type.Object(
      {
        status: opt(nullable(Type.String({ maxLength: 32 }))),
        attach_status: opt(nullable(Type.Union([Type.Literal('attached'), Type.Literal('detached')]))),
        migration_status: opt(nullable(Type.String({ maxLength: 32 }))),
      },
      { additionalProperties: false, minProperties: 1 },
    ),
  ),
);
export const Readonly = strict(action('os-update_readonly_flag', strict({ readonly: Bool })));
export const Bootable = strict(action('os-set_bootable', strict({ bootable: Bool })));
export const Retype = strict(
  action(
    'os-retype',
    strict({
      new_type: Type.String({ minLength: 1, maxLength: 255 }),
      migration_policy: opt(nullable(Type.Union([Type.Literal('on-demand'), Type.Literal('never')]))),
    }),
  ),
);
export const Migrate = strict(
  action(
    'os-migrate_volume',
    strict({
      host: opt(nullable(Type.String({ maxLength: 255 }))),
      cluster: opt(nullable(Type.String({ maxLength: 255 }))),
      force_host_copy: opt(Bool),
      lock_volume: opt(Bool),
    }),
  ),
);
export const MigrationCompleted = strict(
  action('os-migrate_volume_completion', strict({ new_volume: Uuid, error: opt(Bool) })),
);
export const SavedVolume = strict({ save_volume_id: Id });
export const ForceDelete = strict(action('os-force_delete', nullable(Type.Object({}))));
export const Revert = strict({ revert: Type.Object({ snapshot_id: opt(nullable(Type.String())) }) });
export const Reimage = strict(action('os-reimage', strict({ image_id: Uuid, reimage_reserved: opt(Bool) })));
export const Upload = strict(
  action(
    'os-volume_upload_image',
    Type.Object(
      {
        image_name: Type.String({ minLength: 1, maxLength: 255, format: 'text' }),
        force: opt(Bool),
        disk_format: opt(
          Type.Union(['raw', 'vmdk', 'vdi', 'qcow2', 'vhd', 'vhdx', 'ploop'].map((one) => Type.Literal(one))),
        ),
        container_format: opt(Type.String({ maxLength: 255 })),
        visibility: opt(
          Type.Union((['community', 'public', 'private', 'shared'] as const).map((one) => Type.Literal(one))),
        ),
        protected: opt(Bool),
      },
      { additionalProperties: false },
    ),
  ),
);
export const Uploaded = strict(
  action(
    'os-volume_upload_image',
    strict({
      id: Id,
      updated_at: Time,
      status: Type.String(),
      display_description: nullable(Type.String()),
      size: Type.Integer(),
      volume_type: nullable(
        strict({
          id: Id,
          name: Type.String(),
          description: nullable(Type.String()),
          is_public: Type.Boolean(),
          extra_specs: Pairs,
          qos_specs_id: nullable(Id),
          created_at: Time,
          updated_at: Time,
          deleted: Type.Boolean(),
          deleted_at: Type.Null(),
        }),
      ),
      image_id: Id,
      container_format: Type.String(),
      disk_format: Type.String(),
      image_name: Type.String(),
      visibility: opt(Type.String()),
      protected: opt(Type.Boolean()),
    }),
  ),
);
export const SetImageMetadata = strict(action('os-set_image_metadata', strict({ metadata: Pairs })));
export const UnsetImageMetadata = strict(
  action('os-unset_image_metadata', strict({ key: Type.String({ minLength: 1, maxLength: 255 }) })),
);
export const ShowImageMetadata = strict(action('os-show_image_metadata', nullable(Type.Object({}))));

export const Metadata = strict({ metadata: Pairs });
export const MetadataShown = strict({ metadata: Shown });
export const Meta = strict({
  meta: Type.Record(
    Type.String({ pattern: '^[a-zA-Z0-9-_:. ]{1,255}$' }),
    Type.String({ maxLength: 255, format: 'text' }),
    { additionalProperties: false, minProperties: 1, maxProperties: 1 },
  ),
});
export const MetaShown = strict({ meta: Shown });

/** How a volume is encrypted; of one that is not, only that it has no key. */
export const VolumeEncryption = strict({
  encryption_key_id: nullable(Id),
  control_location: opt(Type.String()),
  cipher: opt(nullable(Type.String())),
  key_size: opt(nullable(Type.Integer())),
  provider: opt(Type.String()),
});
