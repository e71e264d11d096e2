import { Type } from 'typebox';
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

export const RoleCreate = strict({
  role: open({
    name: name(255),
    domain_id: optional(nullable(Id)),
    description: optional(nullable(Text)),
    options: optional(Options),
  }),
});

export const RoleUpdate = strict({
  role: Type.Object(
    {
      name: optional(name(255)),
      domain_id: optional(nullable(Id)),
      description: optional(nullable(Text)),
      options: optional(Options),
    },
    { minProperties: 1 },
  ),
});

export const RoleAnswer = withExtras({
  id: Type.String(),
  name: Type.String(),
  domain_id: nullable(Type.String()),
  description: nullable(Type.String()),
  options: OptionsShown,
  links: Self,
});
export const RoleOne = strict({ role: RoleAnswer });
export const RoleList = listOf('roles', RoleAnswer);

const RoleRef = strict({ id: Type.String(), name: Type.String(), links: Self });
export const InferenceOne = strict({
  role_inference: strict({ prior_role: RoleRef, implies: RoleRef }),
  links: Self,
});
const Inference = strict({ prior_role: RoleRef, implies: Type.Array(RoleRef) });
export const InferenceOfRole = strict({ role_inference: Inference, links: Self });
export const InferenceList = strict({ role_inferences: Type.Array(Inference), links: Links });

const Ref = strict({ id: Type.String(), name: optional(Type.String()) });
const RefInDomain = strict({ id: Type.String(), name: optional(Type.String()), domain: optional(Ref) });
export const AssignmentList = listOf(
  'role_assignments',
  strict({
    role: RefInDomain,
    scope: strict({
      project: optional(RefInDomain),
      domain: optional(Ref),
      system: optional(strict({ all: Type.Literal(true) })),
      'OS-INHERIT:inherited_to': optional(Type.Literal('projects')),
    }),
    user: optional(RefInDomain),
    group: optional(RefInDomain),
    links: strict({ assignment: Type.String() }),
  }),
);
export const AssignmentQuery = open(
  Object.fromEntries(
    [
      'user.id',
      'group.id',
      'role.id',
      'scope.project.id',
      'scope.domain.id',
      'scope.system',
      'effective',
      'include_names',
      'include_subtree',
      'scope.OS-INHERIT:inherited_to',
    ].map((key) => [key, optional(Type.String())]),
  ),
);
