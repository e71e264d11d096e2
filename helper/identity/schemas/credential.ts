import { Type } from 'typebox';
import { Id, Self, listOf, nullable, open, optional, secretive, strict } from './common.ts';

const CredentialType = Type.String({ minLength: 1, maxLength: 255, format: 'text' });
const Blob = Type.String({ minLength: 1, maxLength: 16_384 });

export const CredentialCreate = secretive({
  credential: open({
    type: CredentialType,
    blob: Blob,
    user_id: optional(Id),
    project_id: optional(nullable(Id)),
  }),
});
export const CredentialUpdate = secretive({
  credential: Type.Object(
    {
      type: optional(CredentialType),
      blob: optional(Blob),
      user_id: optional(Id),
      project_id: optional(nullable(Id)),
    },
    { minProperties: 1 },
  ),
});
const CredentialAnswer = strict({
  id: Type.String(),
  user_id: Type.String(),
  project_id: nullable(Type.String()),
  type: Type.String(),
  blob: Type.String(),
  links: Self,
});
export const CredentialOne = strict({ credential: CredentialAnswer });
export const CredentialList = listOf('credentials', CredentialAnswer);

export const Ec2Create = strict({ tenant_id: Id });
const Ec2Answer = strict({
  access: Type.String(),
  secret: Type.String(),
  user_id: Type.String(),
  tenant_id: Type.String(),
  trust_id: nullable(Type.String()),
  links: Self,
});
export const Ec2One = strict({ credential: Ec2Answer });
export const Ec2List = listOf('credentials', Ec2Answer);

const Word = Type.String({ maxLength: 4096 });
const Words = Type.Record(Type.String({ maxLength: 255 }), Word, { maxProperties: 256 });
const Signed = open({
  access: optional(Word),
  signature: Word,
  host: optional(Word),
  verb: optional(Word),
  path: optional(Word),
  params: optional(Words),
  headers: optional(Words),
  body_hash: optional(Word),
});
/** A signed request that some service got: `credentials`, or `ec2Credentials` as older ones write it. */
export const Ec2Login = secretive({
  credentials: optional(Signed),
  ec2Credentials: optional(Signed),
});
