import { Type, type TObject, type TProperties, type TSchema } from 'typebox';
import { SELECTABLE } from '../../http/index.ts';
import { limits } from '../config.ts';

export const Id = Type.String({ format: 'uuid' });
/** Ids of projects and users are UUIDs without dashes; neutron takes any text of that length. */
export const ProjectId = Type.String({ minLength: 1, maxLength: 255, format: 'text' });
export const Name = Type.String({ maxLength: 255, format: 'text' });
export const Text = Type.String({ maxLength: 255, format: 'text' });
export const Flag = Type.Boolean();
export const OrNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
export const Tags = Type.Array(
  Type.String({ minLength: 1, maxLength: 255, format: 'text', pattern: '^[^,/]+$' }),
  {
    maxItems: limits.tags,
  },
);
export const Ip = Type.String({ format: 'ip' });
export const Mac = Type.String({ format: 'mac' });
export const Time = Type.String({ format: 'date-time' });

/** Ends with a dot, or is empty. */
export const DnsDomain = Type.String({
  maxLength: 255,
  pattern: '^([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\\.)*$',
});

/** Either name for the same thing; neutron takes both. */
export const owner = {
  project_id: Type.Optional(ProjectId),
  tenant_id: Type.Optional(ProjectId),
};

/** Attributes that all resources show. */
export const standardShown = {
  id: Type.String(),
  project_id: Type.String(),
  tenant_id: Type.String(),
  description: OrNull(Type.String()),
  created_at: Time,
  updated_at: Time,
  revision_number: Type.Integer(),
};

const closed = { additionalProperties: false } as const;

/** `{network: {...}}` or, to make several at once, `{networks: [...]}`. */
export const oneOrMany = <S extends string, P extends string, T extends TSchema>(
  single: S,
  plural: P,
  schema: T,
) =>
  Type.Object(
    {
      [single]: Type.Optional(schema),
      [plural]: Type.Optional(Type.Array(schema, { minItems: 1, maxItems: limits.bulk })),
    } as Record<S, ReturnType<typeof Type.Optional<T>>> &
      Record<P, ReturnType<typeof Type.Optional<ReturnType<typeof Type.Array<T>>>>>,
    { ...closed, minProperties: 1, maxProperties: 1 },
  );

/** `{networks: [{network: {...}}]}`: neutron takes each of a list in a wrapping of its own as well. */
export const wrappedMany = <S extends string, P extends string, T extends TSchema>(
  single: S,
  plural: P,
  schema: T,
) =>
  Type.Object(
    {
      [plural]: Type.Array(wrapped(single, schema), { minItems: 1, maxItems: limits.bulk }),
    } as Record<P, ReturnType<typeof Type.Array<ReturnType<typeof wrapped<S, T>>>>>,
    closed,
  );

/** `{network: {...}}` */
export const wrapped = <S extends string, T extends TSchema>(name: S, schema: T) =>
  Type.Object({ [name]: schema } as Record<S, T>, closed);

/** A body with only known attributes. */
export const body = <P extends TProperties>(properties: P): TObject<P> => Type.Object(properties, closed);

/** What a resource shows: all of it, but for what is optional because policy hides it; and what `fields` leaves of it. */
export const shown = <P extends TProperties>(properties: P) =>
  Type.Object(properties, { ...closed, ...SELECTABLE });

const Links = Type.Array(
  Type.Object(
    { rel: Type.Union([Type.Literal('next'), Type.Literal('previous')]), href: Type.String() },
    closed,
  ),
);

/** A page: the list and, where there is more, `<plural>_links`. */
export const listed = <T extends TSchema>(plural: string, schema: T) =>
  Type.Object(
    { [plural]: Type.Array(schema), [`${plural}_links`]: Type.Optional(Links) },
    {
      additionalProperties: false,
      required: [plural],
    },
  );
