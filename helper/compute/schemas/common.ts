import { Type, type TSchema } from 'typebox';
import { mv, type Microversion, type VersionedSchema } from '../../http/index.ts';

/** Words and shapes that many bodies of the compute API share. */

/** Spellings of true and false that nova takes. */
export const Bool = Type.Union([
  Type.Boolean(),
  Type.String({ pattern: '^([Tt]rue|TRUE|1|[Oo]n|ON|[Yy]es|YES|[Ff]alse|FALSE|0|[Oo]ff|OFF|[Nn]o|NO)$' }),
]);

export const isTrue = (value: string | boolean | undefined): boolean =>
  typeof value === 'boolean' ? value : /^(true|1|on|yes)$/i.test(value ?? '');

export const Name = Type.String({ minLength: 1, maxLength: 255, format: 'name' });
export const Description = Type.Union([Type.String({ maxLength: 255, format: 'text' }), Type.Null()]);
export const Uuid = Type.String({ format: 'uuid' });
export const Metadata = Type.Record(
  Type.String({ pattern: '^[a-zA-Z0-9-_:. ]{1,255}$' }),
  Type.String({ maxLength: 255, format: 'text' }),
  { additionalProperties: false },
);
export const DiskConfig = Type.Union([Type.Literal('AUTO'), Type.Literal('MANUAL')]);
export const Hostname = Type.String({
  minLength: 2,
  maxLength: 63,
  pattern: '^[a-zA-Z0-9]+[a-zA-Z0-9-]*[a-zA-Z0-9]+$',
});
export const Fqdn = Type.String({ minLength: 1, maxLength: 255, pattern: '^[a-zA-Z0-9-._]*$' });
export const Tag = Type.String({ minLength: 1, maxLength: 60, pattern: '^[^,/]*$', format: 'text' });
export const MAX_TAGS = 50;

/** An object that holds exactly what is named. */
export const strict = <P extends Record<string, TSchema>>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });

export const Links = Type.Array(strict({ rel: Type.String(), href: Type.String() }));

/** Two decimals of an ISO time: with and without 'Z'. */
export const Time = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z?$' });

export const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);

/** One schema for each of the versions at which something changes. */
export const byVersion = (
  versions: readonly `${number}.${number}`[],
  schemaOf: (version: Microversion) => TSchema,
): readonly VersionedSchema[] => versions.map((text) => ({ from: mv(text), schema: schemaOf(mv(text)) }));
