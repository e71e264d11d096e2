import { Type } from 'typebox';
import { mv } from '../../http/index.ts';
import { Id, Text, Time, Uuid, byVersion, nullable, opt, strict } from './common.ts';

const Connector = nullable(Type.Object({}, { maxProperties: 64 }));
const Mode = nullable(Type.Union([Type.Literal('rw'), Type.Literal('ro')]));

export const AttachmentCreate = byVersion(['3.27', '3.54'], (version) =>
  strict({
    attachment: strict({
      volume_uuid: Uuid,
      instance_uuid: opt(nullable(Uuid)),
      connector: opt(Connector),
      ...(version >= mv('3.54') ? { mode: opt(Mode) } : {}),
    }),
  }),
);
export const AttachmentUpdate = strict({
  attachment: strict({ connector: Type.Object({}, { maxProperties: 64 }) }),
});
export const AttachmentComplete = strict({ 'os-complete': nullable(Type.Object({})) });

const summary = { id: Id, status: Type.String(), instance: nullable(Id), volume_id: Id };
const detail = strict({
  ...summary,
  attached_at: Type.Union([Time, Type.Literal('')]),
  detached_at: Type.Literal(''),
  attach_mode: Type.String(),
  connection_info: Type.Object({}),
});
export const AttachmentShown = strict({ attachment: detail });
export const AttachmentList = strict({ attachments: Type.Array(strict(summary)) });
export const AttachmentDetails = strict({ attachments: Type.Array(detail) });

const nothing = nullable(Type.Object({}));
export const Attach = strict({
  'os-attach': strict({
    instance_uuid: opt(nullable(Uuid)),
    host_name: opt(nullable(Text)),
    mountpoint: Type.String({ minLength: 1, maxLength: 255, format: 'text' }),
    mode: opt(Type.Union([Type.Literal('rw'), Type.Literal('ro')])),
  }),
});
const which = nullable(strict({ attachment_id: opt(nullable(Uuid)), connector: opt(Connector) }));
const place = strict({ connector: Type.Object({}, { maxProperties: 64 }) });
export const InitializeConnection = strict({ 'os-initialize_connection': place });
export const TerminateConnection = strict({ 'os-terminate_connection': place });
export const Connection = strict({
  connection_info: strict({ driver_volume_type: Type.String(), data: Type.Object({}) }),
});
export const Detach = strict({ 'os-detach': which });
export const ForceDetach = strict({ 'os-force_detach': which });
export const Reserve = strict({ 'os-reserve': nothing });
export const Unreserve = strict({ 'os-unreserve': nothing });
export const BeginDetaching = strict({ 'os-begin_detaching': nothing });
export const RollDetaching = strict({ 'os-roll_detaching': nothing });
