import { Type, type Static } from 'typebox';
import { mv } from '../../http/index.ts';
import { Links, Time, byVersion, nullable, strict } from './common.ts';

const name = Type.String({ minLength: 1, maxLength: 255, format: 'name' });
const public_key = Type.String({ minLength: 1, maxLength: 16_384 });
const type = Type.Optional(Type.Enum(['ssh', 'x509']));
const user_id = Type.Optional(Type.String({ minLength: 1, maxLength: 255 }));

const Full = strict({ keypair: strict({ name, public_key: Type.Optional(public_key), type, user_id }) });
export type NewKeyPairRequest = Static<typeof Full>['keypair'];

export const KeyPairCreate = [
  { from: mv('2.1'), schema: strict({ keypair: strict({ name, public_key: Type.Optional(public_key) }) }) },
  {
    from: mv('2.2'),
    schema: strict({ keypair: strict({ name, public_key: Type.Optional(public_key), type }) }),
  },
  { from: mv('2.10'), schema: Full },
  { from: mv('2.92'), schema: strict({ keypair: strict({ name, public_key, type, user_id }) }) },
] as const;

const FullQuery = strict({
  user_id: Type.Optional(Type.String()),
  limit: Type.Optional(Type.String()),
  marker: Type.Optional(Type.String()),
});
export type KeyPairQueryValues = Static<typeof FullQuery>;

/** Unknown query parameters are ignored up to 2.74. */
export const KeyPairQuery = [
  { from: mv('2.1'), schema: Type.Object({}, { additionalProperties: true }) },
  { from: mv('2.75'), schema: FullQuery },
] as const;
export const KeyPairUserQuery = [
  { from: mv('2.1'), schema: Type.Object({}, { additionalProperties: true }) },
  { from: mv('2.75'), schema: strict({ user_id: Type.Optional(Type.String()) }) },
] as const;

const CHANGES = ['2.1', '2.2'] as const;
const typed = (version: number) => (version >= mv('2.2') ? { type: Type.String() } : {});
const Brief = { name: Type.String(), public_key: Type.String(), fingerprint: Type.String() };

export const KeyPairList = byVersion(CHANGES, (version) =>
  strict({
    keypairs: Type.Array(strict({ keypair: strict({ ...Brief, ...typed(version) }) })),
    keypairs_links: Type.Optional(Links),
  }),
);
export const KeyPairCreated = byVersion(CHANGES, (version) =>
  strict({
    keypair: strict({
      ...Brief,
      ...typed(version),
      user_id: Type.String(),
      private_key: Type.Optional(Type.String()),
    }),
  }),
);
export const KeyPairAnswer = byVersion(CHANGES, (version) =>
  strict({
    keypair: strict({
      ...Brief,
      ...typed(version),
      user_id: Type.String(),
      id: Type.Integer(),
      created_at: Time,
      updated_at: nullable(Time),
      deleted: Type.Boolean(),
      deleted_at: nullable(Time),
    }),
  }),
);
