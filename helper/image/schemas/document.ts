import { Type } from 'typebox';

const JsonSchema = Type.Unsafe<object>({ type: 'object', additionalProperties: true });

/** A JSON schema as glance shows those of its own bodies. */
export const SchemaDocument = Type.Object(
  {
    name: Type.String(),
    properties: Type.Record(Type.String(), JsonSchema),
    additionalProperties: Type.Optional(Type.Union([Type.Literal(false), JsonSchema])),
    links: Type.Optional(
      Type.Array(Type.Object({ rel: Type.String(), href: Type.String() }, { additionalProperties: false })),
    ),
  },
  { additionalProperties: false },
);
