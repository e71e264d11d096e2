import { Type, type TSchema } from 'typebox';
import { mv, type Microversion, type VersionedSchema } from '../../http/index.ts';

/** Words and shapes that many bodies of the block storage API share. */

/** Spellings of true and false that cinder takes. */
export const Bool = Type.Union([
  Type.Boolean(),
  Type.String({
    pattern:
      '^([Tt]rue|TRUE|[Tt]|1|[Oo]n|ON|[Yy]es|YES|[Yy]|[Ff]alse|FALSE|[Ff]|0|[Oo]ff|OFF|[Nn]o|NO|[Nn])$',
  }),
]);
export const isTrue = (value: unknown): boolean =>
  typeof value === 'boolean'
    ? value
    : typeof value === 'string' && /^(t|true|1|on|y|yes)$/i.test(value.trim());

/** An object that holds exactly what is named. */
export const strict = <P extends Record<string, TSchema>>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });
export const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);
export const opt = <S extends TSchema>(schema: S) => Type.Optional(schema);

export const Text = Type.String({ maxLength: 255, format: 'text' });
export const Name = nullable(Text);
export const Uuid = Type.String({ format: 'uuid' });
export const Id = Type.String();
export const Pairs = Type.Record(
  Type.String({ pattern: '^[a-zA-Z0-9-_:. ]{1,255}$' }),
  Type.String({ maxLength: 255, format: 'text' }),
  { additionalProperties: false },
);
/** Metadata as answers show them. */
export const Shown = Type.Record(Type.String(), Type.String());
export const Links = Type.Array(strict({ rel: Type.String(), href: Type.String() }));
/** Times of cinder have microseconds and no zone. */
export const Time = Type.String({ pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}$' });
export const AnyQuery = Type.Record(Type.String(), Type.String());

/** A whole number, also as text. */
export const Whole = (minimum: number) =>
  Type.Union([
    Type.Integer({ minimum, maximum: 2_147_483_647 }),
    Type.String({ pattern: minimum < 0 ? '^(-1|[0-9]{1,10})$' : '^[0-9]{1,10}$' }),
  ]);

/** One schema for each of the versions at which something changes. */
export const byVersion = (
  versions: readonly `${number}.${number}`[],
  schemaOf: (version: Microversion) => TSchema,
): readonly VersionedSchema[] => versions.map((text) => ({ from: mv(text), schema: schemaOf(mv(text)) }));

/** cinder's time of a moment: `2026-11-21T15:00:00.000000`. */
export const timeText = (ms: number): string => `${new Date(ms).toISOString().slice(0, -1)}000`;
