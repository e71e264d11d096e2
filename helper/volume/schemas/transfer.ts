import { Type } from 'typebox';
import { mv, type Microversion } from '../../http/index.ts';
import { Bool, Id, Links, Name, Time, Uuid, byVersion, nullable, opt, strict } from './common.ts';

const base = { volume_id: Uuid, name: opt(Name) };
const legacy = strict({ transfer: strict(base) });
export const TransferCreate = [
  { from: mv('3.0'), schema: legacy },
  { from: mv('3.55'), schema: strict({ transfer: strict({ ...base, no_snapshots: opt(Bool) }) }) },
] as const;
export const TransferAccept = strict({
  accept: strict({ auth_key: Type.String({ minLength: 1, maxLength: 255 }) }),
});

const summary = { id: Id, volume_id: Id, name: nullable(Type.String()), links: Links };
const detail = (version: Microversion) => ({
  ...summary,
  created_at: Time,
  ...(version >= mv('3.55') ? { no_snapshots: Type.Boolean() } : {}),
  ...(version >= mv('3.57')
    ? { source_project_id: Id, destination_project_id: nullable(Id), accepted: Type.Boolean() }
    : {}),
});
const CHANGES = ['3.0', '3.55', '3.57'] as const;
const listed = { transfers_links: opt(Links) };
export const TransferMade = byVersion(CHANGES, (version) =>
  strict({ transfer: strict({ ...detail(version), auth_key: Type.String() }) }),
);
export const TransferShown = byVersion(CHANGES, (version) => strict({ transfer: strict(detail(version)) }));
export const TransferList = strict({ transfers: Type.Array(strict(summary)), ...listed });
export const TransferDetails = byVersion(CHANGES, (version) =>
  strict({ transfers: Type.Array(strict(detail(version))), ...listed }),
);
export const TransferAccepted = strict({ transfer: strict(summary) });

const message = strict({
  id: Id,
  event_id: Type.String(),
  message_level: Type.String(),
  created_at: Time,
  guaranteed_until: Time,
  request_id: Type.String(),
  resource_type: Type.String(),
  resource_uuid: nullable(Id),
  user_message: Type.String(),
  links: Links,
});
export const MessageShown = strict({ message });
export const MessageList = strict({ messages: Type.Array(message), messages_links: opt(Links) });
