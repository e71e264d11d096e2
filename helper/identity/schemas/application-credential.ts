import { Type } from 'typebox';
import { Self, Text, listOf, name, nullable, open, optional, secretive, strict } from './common.ts';

const Rule = strict({
  id: optional(Type.String({ maxLength: 64 })),
  service: optional(Type.String({ minLength: 1, maxLength: 64 })),
  path: optional(Type.String({ minLength: 1, maxLength: 128, pattern: '^/' })),
  method: optional(
    Type.Union(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'].map((method) => Type.Literal(method))),
  ),
});

export const ApplicationCredentialCreate = secretive({
  application_credential: strict({
    name: name(255),
    description: optional(nullable(Text)),
    secret: optional(nullable(Type.String({ minLength: 1, maxLength: 4096 }))),
    expires_at: optional(nullable(Type.String({ format: 'date-time', maxLength: 64 }))),
    unrestricted: optional(nullable(Type.Boolean())),
    roles: optional(
      Type.Array(
        open({
          id: optional(Type.String({ maxLength: 64 })),
          name: optional(Type.String({ maxLength: 255 })),
        }),
        { maxItems: 256 },
      ),
    ),
    access_rules: optional(nullable(Type.Array(Rule, { maxItems: 256 }))),
    // Taken only where they say what the token and the path say already (S12).
    project_id: optional(Type.String({ maxLength: 64 })),
    user_id: optional(Type.String({ maxLength: 64 })),
  }),
});

const RuleAnswer = strict({
  id: Type.String(),
  service: Type.String(),
  path: Type.String(),
  method: Type.String(),
  links: optional(Self),
});

const shared = {
  id: Type.String(),
  name: Type.String(),
  description: nullable(Type.String()),
  user_id: Type.String(),
  project_id: Type.String(),
  expires_at: nullable(Type.String()),
  unrestricted: Type.Boolean(),
  roles: Type.Array(strict({ id: Type.String(), name: Type.String(), domain_id: Type.Null() })),
  access_rules: optional(Type.Array(RuleAnswer)),
  system: Type.Null(),
  links: Self,
};
const Answer = strict(shared);
export const ApplicationCredentialOne = strict({ application_credential: Answer });
export const ApplicationCredentialList = listOf('application_credentials', Answer);
/** The secret is in this answer and in no other. */
export const ApplicationCredentialMade = strict({
  application_credential: strict({ ...shared, secret: Type.String() }),
});
export const AccessRuleOne = strict({ access_rule: RuleAnswer });
export const AccessRuleList = listOf('access_rules', RuleAnswer);
