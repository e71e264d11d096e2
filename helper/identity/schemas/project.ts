import { Type } from 'typebox';
import { Id, Links, Options, Self, Text, listOf, name, nullable, open, optional, strict } from './common.ts';

export const Tag = Type.String({ minLength: 1, maxLength: 255, pattern: '^[^,/]*$', format: 'text' });
const Tags = Type.Array(Tag, { maxItems: 80, uniqueItems: true });

export const TagsUpdate = strict({ tags: Tags });
export const TagsAnswer = strict({ tags: Type.Array(Type.String()), links: Links });

export const ProjectCreate = strict({
  project: open({
    name: name(64),
    domain_id: optional(nullable(Id)),
    parent_id: optional(nullable(Id)),
    is_domain: optional(Type.Boolean()),
    description: optional(nullable(Text)),
    enabled: optional(Type.Boolean()),
    options: optional(Options),
    tags: optional(Tags),
  }),
});

export const ProjectUpdate = strict({
  project: Type.Object(
    {
      name: optional(name(64)),
      domain_id: optional(nullable(Id)),
      parent_id: optional(nullable(Id)),
      is_domain: optional(Type.Boolean()),
      description: optional(nullable(Text)),
      enabled: optional(Type.Boolean()),
      options: optional(Options),
      tags: optional(Tags),
    },
    { minProperties: 1 },
  ),
});

export const ProjectAnswer = open({
  id: Type.String(),
  name: Type.String(),
  domain_id: nullable(Type.String()),
  parent_id: nullable(Type.String()),
  is_domain: Type.Boolean(),
  description: Type.String(),
  enabled: Type.Boolean(),
  tags: Type.Array(Type.String()),
  options: Type.Object({}),
  links: Self,
  parents: optional(Type.Unknown()),
  subtree: optional(Type.Unknown()),
});
const Present = optional(Type.String());
export const HierarchyQuery = open({
  parents_as_list: Present,
  parents_as_ids: Present,
  subtree_as_list: Present,
  subtree_as_ids: Present,
});
export const ProjectOne = strict({ project: ProjectAnswer });
export const ProjectList = listOf('projects', ProjectAnswer);

export const DomainCreate = strict({
  domain: open({
    name: name(64),
    explicit_domain_id: optional(Type.String({ pattern: '^[0-9a-f]{32}$' })),
    description: optional(nullable(Text)),
    enabled: optional(Type.Boolean()),
    options: optional(Options),
  }),
});

export const DomainUpdate = strict({
  domain: Type.Object(
    {
      name: optional(name(64)),
      description: optional(nullable(Text)),
      enabled: optional(Type.Boolean()),
      options: optional(Options),
    },
    { minProperties: 1 },
  ),
});

export const DomainAnswer = open({
  id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  enabled: Type.Boolean(),
  tags: Type.Array(Type.String()),
  options: Type.Object({}),
  links: Self,
});
export const DomainOne = strict({ domain: DomainAnswer });
export const DomainList = listOf('domains', DomainAnswer);
