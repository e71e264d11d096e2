import { Type, type TSchema } from 'typebox';
import { mv, type Microversion, type VersionedSchema } from '../../http/index.ts';

export const UUID_PATTERN = '^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$';
export const CLASS_PATTERN = '^[A-Z0-9_]+$';

export const Uuid = Type.String({ format: 'uuid' });
export const Name = Type.String({ minLength: 1, maxLength: 200, format: 'text' });
export const Generation = Type.Integer();
export const CustomName = Type.String({ minLength: 8, maxLength: 255, pattern: '^CUSTOM_[A-Z0-9_]+$' });

export const strict = <P extends Record<string, TSchema>>(properties: P) =>
  Type.Object(properties, { additionalProperties: false });

export const nullable = <S extends TSchema>(schema: S) => Type.Union([schema, Type.Null()]);

/** One schema for each of the versions at which something changes. */
export const byVersion = (
  versions: readonly `${number}.${number}`[],
  schemaOf: (version: Microversion) => TSchema,
): readonly VersionedSchema[] => versions.map((text) => ({ from: mv(text), schema: schemaOf(mv(text)) }));

export const since = (version: Microversion, first: `${number}.${number}`): boolean => version >= mv(first);
