import { Type } from 'typebox';
import { nullable, open, optional, secretive, strict } from './common.ts';

const Name = Type.String({ maxLength: 255 });
const Domain = open({ id: optional(Name), name: optional(Name) });
const Project = open({ id: optional(Name), name: optional(Name), domain: optional(Domain) });
const Password = Type.String({ maxLength: 4096 });

export const AuthBody = secretive({
  auth: open({
    identity: open({
      methods: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 16 }),
      password: optional(
        open({
          user: open({
            id: optional(Name),
            name: optional(Name),
            domain: optional(Domain),
            password: Password,
          }),
        }),
      ),
      totp: optional(
        open({
          user: open({
            id: optional(Name),
            name: optional(Name),
            domain: optional(Domain),
            passcode: Type.String({ maxLength: 64 }),
          }),
        }),
      ),
      token: optional(open({ id: Type.String({ maxLength: 4096 }) })),
      application_credential: optional(
        open({
          id: optional(Name),
          name: optional(Name),
          secret: Password,
          user: optional(open({ id: optional(Name), name: optional(Name), domain: optional(Domain) })),
        }),
      ),
    }),
    scope: optional(
      nullable(
        Type.Union([
          Type.Literal('unscoped'),
          open({
            project: optional(Project),
            domain: optional(Domain),
            system: optional(open({ all: optional(Type.Boolean()) })),
            'OS-TRUST:trust': optional(open({ id: Name })),
            unscoped: optional(Type.Unknown()),
          }),
        ]),
      ),
    ),
  }),
});

const Named = strict({ id: Type.String(), name: Type.String() });

export const CatalogEntry = strict({
  id: Type.String(),
  type: Type.String(),
  name: Type.String(),
  endpoints: Type.Array(
    strict({
      id: Type.String(),
      interface: Type.String(),
      region: nullable(Type.String()),
      region_id: nullable(Type.String()),
      url: Type.String(),
    }),
  ),
});

export const TokenAnswer = strict({
  token: strict({
    methods: Type.Array(Type.String(), { minItems: 1 }),
    user: strict({
      id: Type.String(),
      name: Type.String(),
      domain: Named,
      password_expires_at: nullable(Type.String()),
    }),
    audit_ids: Type.Array(Type.String(), { minItems: 1, maxItems: 2 }),
    issued_at: Type.String({ format: 'date-time' }),
    expires_at: Type.String({ format: 'date-time' }),
    project: optional(strict({ id: Type.String(), name: Type.String(), domain: Named })),
    is_domain: optional(Type.Boolean()),
    domain: optional(Named),
    system: optional(strict({ all: Type.Literal(true) })),
    roles: optional(Type.Array(Named, { minItems: 1 })),
    catalog: optional(Type.Array(CatalogEntry)),
    'OS-TRUST:trust': optional(
      strict({
        id: Type.String(),
        impersonation: Type.Boolean(),
        trustor_user: strict({ id: Type.String() }),
        trustee_user: strict({ id: Type.String() }),
      }),
    ),
    application_credential: optional(
      strict({
        id: Type.String(),
        name: Type.String(),
        restricted: Type.Boolean(),
        access_rules: optional(
          Type.Array(
            strict({ id: Type.String(), path: Type.String(), method: Type.String(), service: Type.String() }),
          ),
        ),
      }),
    ),
  }),
});

/** The answer to who has to show more. */
export const ReceiptAnswer = strict({
  receipt: strict({
    methods: Type.Array(Type.String()),
    user: strict({ id: Type.String(), name: Type.String(), domain: Named }),
    issued_at: Type.String({ format: 'date-time' }),
    expires_at: Type.String({ format: 'date-time' }),
  }),
  required_auth_methods: Type.Array(Type.Array(Type.String())),
});
