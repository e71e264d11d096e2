import { Type } from 'typebox';
import { Id, Links, Self, listOf, nullable, open, optional, strict } from './common.ts';
import { RoleAnswer } from './role.ts';

export const TrustCreate = strict({
  trust: open({
    trustor_user_id: Id,
    trustee_user_id: Id,
    impersonation: Type.Boolean(),
    project_id: optional(nullable(Id)),
    roles: optional(
      Type.Array(
        open({
          id: optional(Type.String({ maxLength: 64 })),
          name: optional(Type.String({ maxLength: 255 })),
        }),
        { maxItems: 256 },
      ),
    ),
    expires_at: optional(nullable(Type.String({ format: 'date-time', maxLength: 64 }))),
    remaining_uses: optional(nullable(Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 }))),
    allow_redelegation: optional(nullable(Type.Boolean())),
    redelegation_count: optional(nullable(Type.Integer({ minimum: 0, maximum: 2 ** 31 - 1 }))),
    redelegated_trust_id: optional(nullable(Id)),
  }),
});

const shared = {
  id: Type.String(),
  trustor_user_id: Type.String(),
  trustee_user_id: Type.String(),
  project_id: nullable(Type.String()),
  impersonation: Type.Boolean(),
  expires_at: nullable(Type.String()),
  deleted_at: Type.Null(),
  remaining_uses: nullable(Type.Integer()),
  redelegated_trust_id: optional(Type.String()),
  redelegation_count: Type.Integer(),
  links: Self,
};
export const TrustOne = strict({
  trust: strict({ ...shared, roles: Type.Array(RoleAnswer), roles_links: Links }),
});
/** Without roles, as upstream lists them. */
export const TrustList = listOf('trusts', strict(shared));
