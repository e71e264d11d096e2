import { Type, type Static } from 'typebox';
import { ProjectId, body, shown } from './common.ts';

const Port = Type.Union([
  Type.Integer({ minimum: 1, maximum: 65_535 }),
  Type.String({ pattern: '^[1-9]\\d{0,4}$' }),
]);
// Which there are is judged by the app, in neutron's words.
const Word = Type.String({ maxLength: 64, format: 'text' });

export const ConntrackHelperCreate = body({
  helper: Word,
  protocol: Word,
  port: Port,
  project_id: Type.Optional(ProjectId),
  tenant_id: Type.Optional(ProjectId),
});
export type ConntrackHelperCreate = Static<typeof ConntrackHelperCreate>;

export const ConntrackHelperUpdate = body({
  helper: Type.Optional(Word),
  protocol: Type.Optional(Word),
  port: Type.Optional(Port),
});
export type ConntrackHelperUpdate = Static<typeof ConntrackHelperUpdate>;

/** As a router shows its helpers. */
export const ConntrackHelperBrief = body({
  helper: Type.String(),
  protocol: Type.String(),
  port: Type.Integer(),
});

export const ConntrackHelperShown = shown({
  id: Type.String(),
  helper: Type.String(),
  protocol: Type.String(),
  port: Type.Integer(),
});
