import { Type, type Static } from 'typebox';
import { Flag, Id, Name, OrNull, Tags, Text, body, owner, shown, standardShown } from './common.ts';

// Older clients write numbers as text.
const Length = Type.Union([
  Type.Integer({ minimum: 0, maximum: 128 }),
  Type.String({ pattern: '^\\d{1,3}$' }),
]);
const Quota = Type.Union([Type.Integer({ minimum: 0 }), Type.String({ pattern: '^\\d{1,12}$' })]);
// Blocks are judged by the app, which has neutron's own errors for them.
export const Prefixes = Type.Array(Type.String({ maxLength: 64 }), { maxItems: 200 });

const settable = {
  name: Type.Optional(Name),
  description: Type.Optional(Text),
  prefixes: Type.Optional(Prefixes),
  min_prefixlen: Type.Optional(Length),
  max_prefixlen: Type.Optional(Length),
  default_prefixlen: Type.Optional(Length),
  default_quota: Type.Optional(OrNull(Quota)),
  address_scope_id: Type.Optional(OrNull(Id)),
  is_default: Type.Optional(Flag),
};

export const SubnetpoolCreate = body({
  ...settable,
  ...owner,
  prefixes: Prefixes,
  shared: Type.Optional(Flag),
  tags: Type.Optional(Tags),
});
export type SubnetpoolCreate = Static<typeof SubnetpoolCreate>;

export const SubnetpoolUpdate = body(settable);
export type SubnetpoolUpdate = Static<typeof SubnetpoolUpdate>;

export const SubnetpoolShown = shown({
  ...standardShown,
  name: Type.String(),
  ip_version: Type.Integer(),
  prefixes: Type.Array(Type.String()),
  min_prefixlen: Type.String(),
  max_prefixlen: Type.String(),
  default_prefixlen: Type.String(),
  default_quota: OrNull(Type.Integer()),
  address_scope_id: OrNull(Type.String()),
  is_default: Type.Boolean(),
  shared: Type.Boolean(),
  tags: Type.Array(Type.String()),
});

/** Body and answer of add_prefixes and remove_prefixes. */
export const PrefixList = body({ prefixes: Prefixes });

export const Onboard = body({ network_id: Id });
/** neutron's answer is the list itself. */
export const Onboarded = Type.Array(body({ id: Type.String(), cidr: Type.String() }));
