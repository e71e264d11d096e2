import { Type, type TSchema } from 'typebox';
import { wrapped } from '../schemas/common.ts';

/** The answer to a creation: `{network: {...}}` or `{networks: [...]}`. */
export const oneOrManyShown = (single: string, plural: string, schema: TSchema): TSchema =>
  Type.Union([wrapped(single, schema), wrapped(plural, Type.Array(schema))]);
