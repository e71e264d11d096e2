import { Type, type Static } from 'typebox';
import { Flag, Name, body, owner, shown } from './common.ts';

export const AddressScopeCreate = body({
  ...owner,
  name: Type.Optional(Name),
  shared: Type.Optional(Flag),
  ip_version: Type.Union([Type.Literal(4), Type.Literal(6), Type.Literal('4'), Type.Literal('6')]),
});
export type AddressScopeCreate = Static<typeof AddressScopeCreate>;

export const AddressScopeUpdate = body({ name: Type.Optional(Name), shared: Type.Optional(Flag) });
export type AddressScopeUpdate = Static<typeof AddressScopeUpdate>;

export const AddressScopeShown = shown({
  id: Type.String(),
  project_id: Type.String(),
  tenant_id: Type.String(),
  name: Type.String(),
  shared: Type.Boolean(),
  ip_version: Type.Integer(),
});
