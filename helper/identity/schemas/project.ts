import { Type, type TSchema } from 'typebox';
import {
  Id,
  Links,
  Options,
  OptionsShown,
  Self,
  Text,
  listOf,
  name,
  nullable,
  open,
  optional,
  strict,
  withExtras,
} from './common.ts';

/** Upstream's max_project_tree_depth. */
export const DEEPEST = 5;

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

const projectShown = {
  id: Type.String(),
  name: Type.String(),
  domain_id: nullable(Type.String()),
  parent_id: nullable(Type.String()),
  is_domain: Type.Boolean(),
  description: Type.String(),
  enabled: Type.Boolean(),
  tags: Type.Array(Type.String()),
  options: OptionsShown,
  links: Self,
};
const tree = (depth: number): TSchema =>
  depth === 0 ? Type.Null() : nullable(Type.Record(Type.String(), tree(depth - 1)));
/** Projects as a list, or their ids as a tree. */
const Related = optional(
  Type.Union([Type.Array(strict({ project: withExtras(projectShown) })), tree(DEEPEST)]),
);
export const ProjectAnswer = withExtras({ ...projectShown, parents: Related, subtree: Related });
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

export const DomainAnswer = withExtras({
  id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  enabled: Type.Boolean(),
  tags: Type.Array(Type.String()),
  options: OptionsShown,
  links: Self,
});
export const DomainOne = strict({ domain: DomainAnswer });
export const DomainList = listOf('domains', DomainAnswer);
