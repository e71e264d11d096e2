import { Type } from 'typebox';
import {
  Id,
  Self,
  Text,
  listOf,
  name,
  nullable,
  open,
  optional,
  secretive,
  strict,
  OptionsShown,
  withExtras,
} from './common.ts';

const Flag = optional(nullable(Type.Boolean()));
/** Upstream's user options; null takes one away. */
const UserOptions = open({
  ignore_change_password_upon_first_use: Flag,
  ignore_password_expiry: Flag,
  ignore_lockout_failure_attempts: Flag,
  ignore_user_inactivity: Flag,
  lock_password: Flag,
  multi_factor_auth_enabled: Flag,
  multi_factor_auth_rules: optional(
    nullable(
      Type.Array(
        Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
          minItems: 1,
          maxItems: 16,
          uniqueItems: true,
        }),
        { maxItems: 32, uniqueItems: true },
      ),
    ),
  ),
});

/** Checked without being shown (S21); scrypt's time does not depend on it. */
const Password = Type.String({ minLength: 1, maxLength: 4096 });

export const UserCreate = secretive({
  user: open({
    name: name(255),
    password: optional(nullable(Password)),
    domain_id: optional(nullable(Id)),
    default_project_id: optional(nullable(Id)),
    description: optional(nullable(Text)),
    email: optional(nullable(Text)),
    enabled: optional(nullable(Type.Boolean())),
    options: optional(UserOptions),
  }),
});

export const UserUpdate = secretive({
  user: Type.Object(
    {
      name: optional(name(255)),
      password: optional(nullable(Password)),
      domain_id: optional(nullable(Id)),
      default_project_id: optional(nullable(Id)),
      description: optional(nullable(Text)),
      email: optional(nullable(Text)),
      enabled: optional(nullable(Type.Boolean())),
      options: optional(UserOptions),
    },
    { minProperties: 1 },
  ),
});

export const PasswordChange = secretive({
  user: strict({ original_password: Password, password: Password }),
});

export const UserAnswer = withExtras({
  id: Type.String(),
  name: Type.String(),
  domain_id: Type.String(),
  enabled: Type.Boolean(),
  default_project_id: optional(Type.String()),
  password_expires_at: nullable(Type.String()),
  options: OptionsShown,
  links: Self,
  password: optional(Type.Never()),
  password_hash: optional(Type.Never()),
});
export const UserOne = strict({ user: UserAnswer });
export const UserList = listOf('users', UserAnswer);
