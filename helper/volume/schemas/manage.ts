import { Type } from 'typebox';
import { mv } from '../../http/index.ts';
import { Bool, Name, Pairs, Uuid, nullable, opt, strict } from './common.ts';

/** What names a disk on its back end: by 'source-name'. */
const Reference = Type.Union([Type.String({ maxLength: 255 }), Type.Object({})]);
const volume = {
  ref: Reference,
  host: opt(nullable(Type.String({ maxLength: 255 }))),
  name: opt(Name),
  description: opt(Name),
  volume_type: opt(Name),
  availability_zone: opt(Name),
  bootable: opt(Bool),
  metadata: opt(nullable(Pairs)),
};
export const VolumeManage = [
  { from: mv('3.0'), schema: strict({ volume: strict(volume) }) },
  { from: mv('3.16'), schema: strict({ volume: strict({ ...volume, cluster: opt(Name) }) }) },
] as const;
export const SnapshotManage = strict({
  snapshot: strict({
    volume_id: Uuid,
    ref: Type.Union([Reference, Type.Null()]),
    name: opt(Name),
    description: opt(Name),
    metadata: opt(nullable(Pairs)),
  }),
});
export const Unmanage = strict({ 'os-unmanage': nullable(Type.Object({})) });

const brief = {
  reference: strict({ 'source-name': Type.String() }),
  size: Type.Integer(),
  safe_to_manage: Type.Boolean(),
};
const full = {
  ...brief,
  reason_not_safe: nullable(Type.String()),
  cinder_id: nullable(Type.String()),
  extra_info: Type.Null(),
};
const source = { source_reference: Type.Record(Type.String(), Type.String()) };
export const ManageableVolumes = strict({ 'manageable-volumes': Type.Array(strict(brief)) });
export const ManageableVolumeDetails = strict({ 'manageable-volumes': Type.Array(strict(full)) });
export const ManageableSnapshots = strict({
  'manageable-snapshots': Type.Array(strict({ ...brief, ...source })),
});
export const ManageableSnapshotDetails = strict({
  'manageable-snapshots': Type.Array(strict({ ...full, ...source })),
});
