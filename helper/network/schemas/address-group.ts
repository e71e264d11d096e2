import { Type, type Static } from 'typebox';
import { Name, OrNull, body, owner, shown, standardShown } from './common.ts';

const Description = Type.String({ maxLength: 1024, format: 'text' });
// Blocks are judged by the app, which has neutron's own errors for them.
const Blocks = Type.Array(Type.String({ maxLength: 64 }), { maxItems: 1000 });

export const AddressGroupCreate = body({
  ...owner,
  name: Type.Optional(Name),
  description: Type.Optional(Description),
  addresses: Type.Optional(OrNull(Blocks)),
});
export type AddressGroupCreate = Static<typeof AddressGroupCreate>;

export const AddressGroupUpdate = body({
  name: Type.Optional(Name),
  description: Type.Optional(Description),
});
export type AddressGroupUpdate = Static<typeof AddressGroupUpdate>;

export const AddressGroupShown = shown({
  ...standardShown,
  name: Type.String(),
  addresses: Type.Array(Type.String()),
});

/** Body of add_addresses and remove_addresses. */
export const AddressList = body({ addresses: Blocks });
