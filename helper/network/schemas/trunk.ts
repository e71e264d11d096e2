import { Type, type Static } from 'typebox';
import { Flag, Id, Name, OrNull, Tags, Text, body, owner, shown, standardShown } from './common.ts';

// Which of them are needed is judged by the app, in neutron's words.
const Subport = body({
  port_id: Type.Optional(Type.String({ maxLength: 255 })),
  segmentation_type: Type.Optional(Type.String({ maxLength: 32 })),
  segmentation_id: Type.Optional(Type.Union([Type.Integer(), Type.String({ maxLength: 12 })])),
});
export type SubportAsked = Static<typeof Subport>;
const Subports = Type.Array(Subport, { maxItems: 4094 });

const settable = {
  name: Type.Optional(Name),
  description: Type.Optional(Text),
  admin_state_up: Type.Optional(Flag),
};
export const TrunkCreate = body({
  ...settable,
  ...owner,
  port_id: Id,
  sub_ports: Type.Optional(OrNull(Subports)),
  tags: Type.Optional(Tags),
});
export type TrunkCreate = Static<typeof TrunkCreate>;
export const TrunkUpdate = body(settable);
export type TrunkUpdate = Static<typeof TrunkUpdate>;

/** Body of add_subports and remove_subports. */
export const SubportList = body({ sub_ports: Subports });

const shownSubport = {
  port_id: Type.String(),
  segmentation_type: Type.String(),
  segmentation_id: Type.Integer(),
};
export const SubportsShown = body({ sub_ports: Type.Array(body(shownSubport)) });

export const TrunkShown = shown({
  ...standardShown,
  name: Type.String(),
  admin_state_up: Type.Boolean(),
  port_id: Type.String(),
  status: Type.String(),
  sub_ports: Type.Array(body(shownSubport)),
  tags: Type.Array(Type.String()),
});

/** trunk_details of a port that is a trunk's. */
export const TrunkDetails = body({
  trunk_id: Type.String(),
  sub_ports: Type.Array(body({ ...shownSubport, mac_address: Type.String() })),
});
