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

export const BackupCreate = byVersion(['3.0', '3.43', '3.51'], (version) =>
  strict({
    backup: Type.Object(
      {
        volume_id: Uuid,
        container: opt(nullable(Type.String({ maxLength: 255 }))),
        name: opt(Name),
        description: opt(Name),
        incremental: opt(Bool),
        force: opt(Bool),
        snapshot_id: opt(nullable(Uuid)),
        ...(version >= mv('3.43') ? { metadata: opt(nullable(Pairs)) } : {}),
        ...(version >= mv('3.51')
          ? { availability_zone: opt(nullable(Type.String({ maxLength: 255 }))) }
          : {}),
      },
      { additionalProperties: false },
    ),
  }),
);
export const BackupUpdate = byVersion(['3.9', '3.43'], (version) =>
  strict({
    backup: Type.Object(
      {
        name: opt(Name),
        description: opt(Name),
        ...(version >= mv('3.43') ? { metadata: opt(Pairs) } : {}),
      },
      { additionalProperties: false },
    ),
  }),
);
export const BackupRestore = strict({
  restore: nullable(strict({ name: opt(Name), volume_id: opt(nullable(Uuid)) })),
});
export const BackupRestored = strict({
  restore: strict({ backup_id: Id, volume_id: Id, volume_name: nullable(Type.String()) }),
});
export const BackupImport = strict({
  'backup-record': strict({
    backup_service: Type.String({ maxLength: 255 }),
    backup_url: Type.String({ minLength: 1, maxLength: 65536, format: 'base64' }),
  }),
});
export const BackupExported = strict({
  'backup-record': strict({ backup_service: Type.String(), backup_url: Type.String() }),
});
export const BackupReset = strict({
  'os-reset_status': strict({ status: Type.String({ minLength: 1, maxLength: 32 }) }),
});
export const BackupForceDelete = strict({ 'os-force_delete': nullable(Type.Object({})) });

const summary = strict({ id: Id, name: nullable(Type.String()), links: Links });
export const BackupMade = strict({ backup: summary });

const shown = (version: Microversion) =>
  strict({
    id: Id,
    status: Type.String(),
    size: Type.Integer(),
    object_count: Type.Integer(),
    availability_zone: nullable(Type.String()),
    container: Type.String(),
    created_at: Time,
    updated_at: nullable(Time),
    name: nullable(Type.String()),
    description: nullable(Type.String()),
    fail_reason: nullable(Type.String()),
    volume_id: Id,
    links: Links,
    is_incremental: Type.Boolean(),
    has_dependent_backups: Type.Boolean(),
    snapshot_id: nullable(Id),
    data_timestamp: Time,
    ...(version >= mv('3.18') ? { 'os-backup-project-attr:project_id': opt(Id) } : {}),
    ...(version >= mv('3.43') ? { metadata: Shown } : {}),
    ...(version >= mv('3.56') ? { user_id: opt(Id) } : {}),
    ...(version >= mv('3.64') ? { encryption_key_id: opt(Id) } : {}),
  });
const CHANGES = ['3.0', '3.18', '3.43', '3.56', '3.64'] as const;
const listed = { backups_links: opt(Links), count: opt(Type.Integer()) };
export const BackupShown = byVersion(CHANGES, (version) => strict({ backup: shown(version) }));
export const BackupDetails = byVersion(CHANGES, (version) =>
  strict({ backups: Type.Array(shown(version)), ...listed }),
);
export const BackupList = strict({ backups: Type.Array(summary), ...listed });
