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
  byVersion,
  nullable,
  opt,
  strict,
} from './common.ts';

export const SnapshotCreate = strict({
  snapshot: Type.Object(
    {
      // Null names no volume, as cinder has it: 404.
      volume_id: nullable(Uuid),
      name: opt(Name),
      description: opt(Name),
      display_name: opt(Name),
      display_description: opt(Name),
      force: opt(nullable(Bool)),
      metadata: opt(nullable(Pairs)),
    },
    { additionalProperties: false },
  ),
});
export const SnapshotUpdate = strict({
  snapshot: Type.Object(
    { name: opt(Name), description: opt(Name), display_name: opt(Name), display_description: opt(Name) },
    { additionalProperties: false, minProperties: 1 },
  ),
});

const common = (version: Microversion) => ({
  id: Id,
  created_at: Time,
  updated_at: nullable(Time),
  name: nullable(Type.String()),
  description: nullable(Type.String()),
  volume_id: Id,
  status: Type.String(),
  size: Type.Integer(),
  metadata: Shown,
  ...(version >= mv('3.14') ? { group_snapshot_id: opt(nullable(Id)) } : {}),
  ...(version >= mv('3.41') ? { user_id: opt(Id) } : {}),
  ...(version >= mv('3.65') ? { consumes_quota: opt(Type.Boolean()) } : {}),
});
const shown = (version: Microversion) =>
  strict({
    ...common(version),
    'os-extended-snapshot-attributes:progress': Type.String(),
    'os-extended-snapshot-attributes:project_id': Id,
  });

const CHANGES = ['3.0', '3.14', '3.41', '3.65'] as const;
const listed = { snapshots_links: opt(Links), count: opt(Type.Integer()) };
export const SnapshotMade = byVersion(CHANGES, (version) => strict({ snapshot: strict(common(version)) }));
/** As before all microversions. */
export const PlainSnapshot = strict({ snapshot: strict(common(mv('3.0'))) });
export const SnapshotShown = byVersion(CHANGES, (version) => strict({ snapshot: shown(version) }));
export const SnapshotList = byVersion(CHANGES, (version) =>
  strict({ snapshots: Type.Array(strict(common(version))), ...listed }),
);
export const SnapshotDetails = byVersion(CHANGES, (version) =>
  strict({ snapshots: Type.Array(shown(version)), ...listed }),
);

export const SnapshotReset = strict({
  'os-reset_status': strict({ status: Type.String({ minLength: 1, maxLength: 32 }) }),
});
export const SnapshotForceDelete = strict({ 'os-force_delete': nullable(Type.Object({})) });
export const SnapshotStatus = strict({
  'os-update_snapshot_status': strict({
    status: Type.String({ minLength: 1, maxLength: 32 }),
    progress: opt(nullable(Type.String({ pattern: '^\\d{1,3}%$' }))),
  }),
});
