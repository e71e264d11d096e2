import { Type, type TObject, type TProperties, type TSchema } from 'typebox';

/** An object that has these attributes and no others. */
export const strict = <P extends TProperties>(properties: P): TObject<P> =>
  Type.Object(properties, { additionalProperties: false });

/** A body that may have more: upstream keeps what clients add to users, projects, roles and groups. */
export const open = <P extends TProperties>(properties: P): TObject<P> => Type.Object(properties);

/** What shows what clients added, beside its own. */
export const withExtras = <P extends TProperties>(properties: P): TObject<P> =>
  Type.Object(properties, { additionalProperties: true });

/** A body with a secret in it: what is wrong with it is said without its values (S21). */
export const secretive = <P extends TProperties>(properties: P): TObject<P> =>
  Type.Object(properties, { additionalProperties: false, writeOnly: true });

export const optional = Type.Optional;
export const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);

/** A name with something to see in it. */
export const name = (maxLength: number) =>
  Type.String({ minLength: 1, maxLength, pattern: '\\S', format: 'text' });
export const Id = Type.String({ minLength: 1, maxLength: 64, pattern: '^[a-zA-Z0-9-]+$' });
export const Text = Type.String({ maxLength: 4096, format: 'text' });
export const Options = Type.Record(Type.String(), Type.Unknown(), { maxProperties: 32 });
/** Options as clients set them. */
export const OptionsShown = Type.Record(Type.String(), Type.Unknown());
export const Self = strict({ self: Type.String() });
export const Links = strict({
  self: Type.String(),
  next: nullable(Type.String()),
  previous: Type.Null(),
});

/** A list as identity answers it. */
export const listOf = (key: string, item: TSchema) =>
  Type.Object(
    { [key]: Type.Array(item), links: Links, truncated: optional(Type.Boolean()) },
    { additionalProperties: false },
  );
