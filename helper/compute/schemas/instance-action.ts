import { Type, type TSchema } from 'typebox';
import { mv, type Microversion } from '../../http/index.ts';
import { Links, Time, byVersion, nullable, strict } from './common.ts';

/** os-instance-actions. */

const action = (version: Microversion): Record<string, TSchema> => ({
  action: Type.String(),
  instance_uuid: Type.String(),
  message: nullable(Type.String()),
  project_id: Type.String(),
  request_id: Type.String(),
  start_time: Time,
  user_id: Type.String(),
  ...(version >= mv('2.58') ? { updated_at: Time } : {}),
});

const event = (version: Microversion): TSchema =>
  strict({
    event: Type.String(),
    start_time: Time,
    finish_time: nullable(Time),
    result: nullable(Type.String()),
    traceback: Type.Optional(nullable(Type.String())),
    ...(version >= mv('2.62') ? { hostId: Type.String(), host: Type.Optional(nullable(Type.String())) } : {}),
    ...(version >= mv('2.84') ? { details: Type.Optional(nullable(Type.String())) } : {}),
  });

export const InstanceActions = byVersion(['2.1', '2.58'], (version) =>
  strict({
    instanceActions: Type.Array(strict(action(version))),
    ...(version >= mv('2.58') ? { links: Type.Optional(Links) } : {}),
  }),
);

export const InstanceAction = byVersion(['2.1', '2.51', '2.58', '2.62', '2.84'], (version) =>
  strict({
    instanceAction: strict({
      ...action(version),
      events: version >= mv('2.51') ? Type.Array(event(version)) : Type.Optional(Type.Array(event(version))),
    }),
  }),
);

export const InstanceActionsQuery = byVersion(['2.1', '2.58', '2.66'], (version) => {
  if (version < mv('2.58')) return Type.Object({});
  const time = Type.Optional(Type.String({ format: 'date-time' }));
  return Type.Object(
    {
      limit: Type.Optional(Type.String({ pattern: '^[0-9]{1,9}$' })),
      marker: Type.Optional(Type.String({ maxLength: 255 })),
      'changes-since': time,
      ...(version >= mv('2.66') ? { 'changes-before': time } : {}),
    },
    { additionalProperties: false },
  );
});
