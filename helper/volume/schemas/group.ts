import { Type } from 'typebox';
import { mv } from '../../http/index.ts';
import { Bool, Id, Links, Name, Time, Uuid, byVersion, nullable, opt, strict } from './common.ts';

const TypeName = Type.String({ minLength: 1, maxLength: 255, format: 'name' });
/** Unlike those of volume types, keys have no spaces, and values may be null. */
const Specs = Type.Record(
  Type.String({ pattern: '^[a-zA-Z0-9-_:.]{1,255}$' }),
  nullable(Type.String({ maxLength: 255, format: 'text' })),
  { additionalProperties: false },
);
const Spec = Type.Record(
  Type.String({ pattern: '^[a-zA-Z0-9-_:.]{1,255}$' }),
  nullable(Type.String({ maxLength: 255, format: 'text' })),
  { additionalProperties: false, minProperties: 1, maxProperties: 1 },
);
const SpecsOfAnswer = Type.Record(Type.String(), nullable(Type.String()));

export const GroupTypeCreate = strict({
  group_type: strict({
    name: TypeName,
    description: opt(Name),
    is_public: opt(Bool),
    group_specs: opt(nullable(Specs)),
  }),
});
export const GroupTypeUpdate = strict({
  group_type: strict({ name: opt(Name), description: opt(Name), is_public: opt(Bool) }),
});
const groupType = strict({
  id: Id,
  name: Type.String(),
  description: nullable(Type.String()),
  is_public: Type.Boolean(),
  group_specs: opt(SpecsOfAnswer),
});
export const GroupTypeShown = strict({ group_type: groupType });
export const GroupTypeList = strict({ group_types: Type.Array(groupType), group_type_links: opt(Links) });
export const GroupSpecsCreate = strict({ group_specs: Specs });
export const GroupSpecsShown = strict({ group_specs: SpecsOfAnswer });
export const GroupSpecUpdate = Spec;
export const GroupSpecShown = Spec;

const TypeRef = Type.String({ minLength: 1, maxLength: 255 });
export const GroupCreate = strict({
  group: strict({
    group_type: TypeRef,
    volume_types: Type.Array(TypeRef, { minItems: 1, maxItems: 1000, uniqueItems: true }),
    name: opt(Name),
    description: opt(Name),
    availability_zone: opt(nullable(Type.String({ minLength: 1, maxLength: 255 }))),
  }),
});
/** Ids with commas between; as many as there is room for. */
const Ids = nullable(Type.String({ maxLength: 65_535 }));
export const GroupUpdate = strict({
  group: Type.Object(
    { name: opt(Name), description: opt(Name), add_volumes: opt(Ids), remove_volumes: opt(Ids) },
    { additionalProperties: false, minProperties: 1 },
  ),
});
const naming = { name: opt(Name), description: opt(Name) };
export const GroupFromSource = strict({
  'create-from-src': Type.Union([
    strict({ ...naming, group_snapshot_id: Uuid }),
    strict({ ...naming, source_group_id: Uuid }),
  ]),
});
export const GroupDelete = strict({ delete: strict({ 'delete-volumes': opt(Bool) }) });
const Reset = strict({ status: Type.String({ minLength: 1, maxLength: 255 }) });
export const GroupReset = strict({ reset_status: Reset });
export const GroupFailover = strict({
  failover_replication: strict({
    allow_attached_volume: opt(Bool),
    secondary_backend_id: opt(nullable(Type.String({ maxLength: 255 }))),
  }),
});
export const GroupEnableReplication = strict({ enable_replication: Type.Object({}) });
export const GroupDisableReplication = strict({ disable_replication: Type.Object({}) });
export const GroupListTargets = strict({ list_replication_targets: Type.Object({}) });

const summary = strict({ id: Id, name: nullable(Type.String()) });
const CHANGES = ['3.13', '3.14', '3.25', '3.38', '3.58'] as const;
const detail = (version: number) =>
  strict({
    id: Id,
    status: Type.String(),
    availability_zone: Type.String(),
    created_at: Time,
    name: nullable(Type.String()),
    description: nullable(Type.String()),
    group_type: Id,
    volume_types: Type.Array(Id),
    ...(version >= mv('3.14') ? { group_snapshot_id: nullable(Id), source_group_id: nullable(Id) } : {}),
    ...(version >= mv('3.25') ? { volumes: opt(Type.Array(Id)) } : {}),
    ...(version >= mv('3.38') ? { replication_status: Type.String() } : {}),
    ...(version >= mv('3.58') ? { project_id: opt(Id) } : {}),
  });
const linked = { group_links: opt(Links) };
export const GroupMade = strict({ group: summary });
export const GroupShown = byVersion(CHANGES, (version) => strict({ group: detail(version) }));
export const GroupList = strict({ groups: Type.Array(summary), ...linked });
export const GroupDetails = byVersion(CHANGES, (version) =>
  strict({ groups: Type.Array(detail(version)), ...linked }),
);

export const GroupSnapshotCreate = strict({
  group_snapshot: strict({ group_id: Uuid, name: opt(Name), description: opt(Name) }),
});
export const GroupSnapshotReset = strict({ reset_status: Reset });
const snapshot = (version: number) =>
  strict({
    id: Id,
    group_id: Id,
    group_type_id: Id,
    status: Type.String(),
    created_at: Time,
    name: nullable(Type.String()),
    description: nullable(Type.String()),
    ...(version >= mv('3.58') ? { project_id: opt(Id) } : {}),
  });
const SNAPSHOT_CHANGES = ['3.14', '3.58'] as const;
const snapshotLinks = { group_snapshot_links: opt(Links) };
export const GroupSnapshotMade = strict({
  group_snapshot: strict({ id: Id, name: nullable(Type.String()), group_type_id: Id }),
});
export const GroupSnapshotShown = byVersion(SNAPSHOT_CHANGES, (version) =>
  strict({ group_snapshot: snapshot(version) }),
);
export const GroupSnapshotList = strict({ group_snapshots: Type.Array(summary), ...snapshotLinks });
export const GroupSnapshotDetails = byVersion(SNAPSHOT_CHANGES, (version) =>
  strict({ group_snapshots: Type.Array(snapshot(version)), ...snapshotLinks }),
);
