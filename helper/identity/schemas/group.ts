import { Type } from 'typebox';
import { Id, Self, Text, listOf, name, nullable, open, optional, strict, withExtras } from './common.ts';

export const GroupCreate = strict({
  group: open({
    name: name(64),
    domain_id: optional(nullable(Id)),
    description: optional(nullable(Text)),
  }),
});

export const GroupUpdate = strict({
  group: Type.Object(
    {
      name: optional(name(64)),
      domain_id: optional(nullable(Id)),
      description: optional(nullable(Text)),
    },
    { minProperties: 1 },
  ),
});

export const GroupAnswer = withExtras({
  id: Type.String(),
  name: Type.String(),
  domain_id: Type.String(),
  description: Type.String(),
  links: Self,
});
export const GroupOne = strict({ group: GroupAnswer });
export const GroupList = listOf('groups', GroupAnswer);
