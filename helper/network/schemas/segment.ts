import { Type, type Static } from 'typebox';
import { Id, Name, OrNull, ProjectId, Text, Time, body, shown } from './common.ts';

export const SegmentationId = OrNull(Type.Union([Type.Integer(), Type.String({ pattern: '^\\d{1,8}$' })]));
export const PhysicalNetwork = OrNull(Type.String({ maxLength: 128, format: 'text' }));

export const SegmentCreate = body({
  network_id: Id,
  network_type: Type.String({ maxLength: 32 }),
  physical_network: Type.Optional(PhysicalNetwork),
  segmentation_id: Type.Optional(SegmentationId),
  name: Type.Optional(OrNull(Name)),
  description: Type.Optional(OrNull(Text)),
  project_id: Type.Optional(ProjectId),
  tenant_id: Type.Optional(ProjectId),
});
export type SegmentCreate = Static<typeof SegmentCreate>;

export const SegmentUpdate = body({
  name: Type.Optional(OrNull(Name)),
  description: Type.Optional(OrNull(Text)),
});
export type SegmentUpdate = Static<typeof SegmentUpdate>;

export const SegmentShown = shown({
  id: Type.String(),
  network_id: Type.String(),
  network_type: Type.String(),
  physical_network: OrNull(Type.String()),
  segmentation_id: OrNull(Type.Integer()),
  name: OrNull(Type.String()),
  description: Type.String(),
  created_at: Time,
  updated_at: Time,
  revision_number: Type.Integer(),
});

/** One entry of a network's `segments`. */
export const ProviderSegment = body({
  'provider:network_type': Type.Optional(OrNull(Type.String({ maxLength: 32 }))),
  'provider:physical_network': Type.Optional(PhysicalNetwork),
  'provider:segmentation_id': Type.Optional(SegmentationId),
});
export type ProviderSegment = Static<typeof ProviderSegment>;
