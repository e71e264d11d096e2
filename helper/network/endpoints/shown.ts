import { Type, type TSchema } from 'typebox';

/** The answer to a creation: `{network: {...}}` or `{networks: [...]}`. */
export const oneOrManyShown = (single: string, plural: string, schema: TSchema): TSchema =>
  Type.Object(
    { [single]: Type.Optional(schema), [plural]: Type.Optional(Type.Array(schema)) },
    { additionalProperties: false, minProperties: 1, maxProperties: 1 },
  );
