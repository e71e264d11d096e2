import { Type, type Static } from 'typebox';
import { Id, ProjectId, body, owner, shown } from './common.ts';

export const RbacCreate = body({
  ...owner,
  object_type: Type.String({ minLength: 1, maxLength: 64, format: 'text' }),
  object_id: Id,
  action: Type.String({ minLength: 1, maxLength: 255, format: 'text' }),
  target_tenant: Type.Optional(ProjectId),
  target_project: Type.Optional(ProjectId),
});
export type RbacCreate = Static<typeof RbacCreate>;

export const RbacUpdate = body({
  target_tenant: Type.Optional(ProjectId),
  target_project: Type.Optional(ProjectId),
});
export type RbacUpdate = Static<typeof RbacUpdate>;

export const RbacShown = shown({
  id: Type.String(),
  project_id: Type.String(),
  tenant_id: Type.String(),
  object_type: Type.String(),
  object_id: Type.String(),
  action: Type.String(),
  target_tenant: Type.String(),
});
