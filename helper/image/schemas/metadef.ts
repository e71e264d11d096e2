import { Type, type Static, type TSchema } from 'typebox';

/** Names become parts of links, which half a surrogate pair cannot be. */
/** Of a namespace, an object, a property or a tag; also where a path says it. */
export const MetadefName = Type.String({
  minLength: 1,
  maxLength: 80,
  format: 'text',
  pattern: '^\\P{Cs}*$',
});
const name = MetadefName;
const text = (maxLength: number) => Type.String({ maxLength, format: 'text' });

export const NAMESPACE_VISIBILITIES = ['public', 'private'] as const;
const visibility = Type.Unsafe<(typeof NAMESPACE_VISIBILITIES)[number]>({
  type: 'string',
  enum: [...NAMESPACE_VISIBILITIES],
});

const strings = Type.Array(text(255), { maxItems: 1024 });
const count = Type.Integer({ minimum: 0 });

/** What a property's value may be: a part of JSON schema. */
const propertyFields = {
  title: text(255),
  type: Type.Unsafe<string>({
    type: 'string',
    enum: ['array', 'boolean', 'integer', 'number', 'object', 'string', 'null'],
  }),
  description: Type.Optional(text(4096)),
  operators: Type.Optional(strings),
  required: Type.Optional(strings),
  minimum: Type.Optional(Type.Number()),
  maximum: Type.Optional(Type.Number()),
  minLength: Type.Optional(count),
  maxLength: Type.Optional(count),
  pattern: Type.Optional(text(1024)),
  minItems: Type.Optional(count),
  maxItems: Type.Optional(count),
  uniqueItems: Type.Optional(Type.Boolean()),
  additionalItems: Type.Optional(Type.Boolean()),
  readonly: Type.Optional(Type.Boolean()),
  confidential: Type.Optional(Type.Boolean()),
  items: Type.Optional(
    Type.Object(
      { type: Type.Optional(text(64)), enum: Type.Optional(Type.Array(Type.Unknown(), { maxItems: 1024 })) },
      { additionalProperties: false },
    ),
  ),
  enum: Type.Optional(Type.Array(Type.Unknown(), { maxItems: 1024 })),
  default: Type.Optional(Type.Unknown()),
} as const;

const strict = { additionalProperties: false } as const;
const PropertyBody = Type.Object(propertyFields, strict);
const properties = Type.Record(name, PropertyBody, { maxProperties: 1024 });

/** POST and PUT of a property. */
export const PropertyWrite = Type.Object({ name, ...propertyFields }, strict);
export const PropertyView = PropertyWrite;
export const PropertyList = Type.Object({ properties }, strict);

const objectFields = {
  name,
  description: Type.Optional(text(4096)),
  required: Type.Optional(strings),
  properties: Type.Optional(properties),
} as const;

/** POST and PUT of an object. */
export const ObjectWrite = Type.Object(objectFields, strict);
const stamps = { created_at: Type.String(), updated_at: Type.String() } as const;
const links = { self: Type.String(), schema: Type.String() } as const;
export const ObjectView = Type.Object({ ...objectFields, ...stamps, ...links }, strict);

const listLinks = {
  first: Type.String(),
  next: Type.Optional(Type.String()),
  schema: Type.String(),
} as const;
export const ObjectList = Type.Object({ objects: Type.Array(ObjectView), ...listLinks }, strict);

export const TagWrite = Type.Object({ name }, strict);
export const TagView = Type.Object({ name, ...stamps }, strict);
const tags = Type.Array(TagWrite, { maxItems: 1024 });
export const TagsWrite = Type.Object({ tags }, strict);
export const TagList = Type.Object({ tags, ...listLinks }, strict);

const associationFields = {
  name,
  prefix: Type.Optional(text(80)),
  properties_target: Type.Optional(text(80)),
} as const;

/** POST /v2/metadefs/namespaces/{namespace}/resource_types */
export const AssociationWrite = Type.Object(associationFields, strict);
export type AssociationBody = Static<typeof AssociationWrite>;
export const AssociationView = Type.Object({ ...associationFields, ...stamps }, strict);
export const AssociationList = Type.Object(
  { resource_type_associations: Type.Array(AssociationView) },
  strict,
);
export const ResourceTypeList = Type.Object(
  { resource_types: Type.Array(Type.Object({ name, ...stamps }, strict)) },
  strict,
);

const namespaceFields = {
  namespace: name,
  display_name: Type.Optional(text(80)),
  description: Type.Optional(text(500)),
  visibility: Type.Optional(visibility),
  protected: Type.Optional(Type.Boolean()),
  owner: Type.Optional(text(255)),
} as const;

/** POST /v2/metadefs/namespaces; what is in the namespace may come with it. */
export const NamespaceCreate = Type.Object(
  {
    ...namespaceFields,
    properties: Type.Optional(properties),
    objects: Type.Optional(Type.Array(ObjectWrite, { maxItems: 1024 })),
    tags: Type.Optional(tags),
    resource_type_associations: Type.Optional(Type.Array(AssociationWrite, { maxItems: 1024 })),
  },
  strict,
);
export type NamespaceBody = Static<typeof NamespaceCreate>;
/** PUT of a namespace: what is not named gets its default. */
export const NamespaceUpdate = Type.Object(namespaceFields, strict);
export type NamespaceUpdateBody = Static<typeof NamespaceUpdate>;

const nullable = (schema: TSchema) => Type.Union([schema, Type.Null()]);
export const NamespaceView = Type.Object(
  {
    namespace: name,
    display_name: nullable(Type.String()),
    description: nullable(Type.String()),
    visibility,
    protected: Type.Boolean(),
    owner: Type.String(),
    ...stamps,
    ...links,
    properties: Type.Optional(properties),
    objects: Type.Optional(Type.Array(ObjectView)),
    tags: Type.Optional(tags),
    resource_type_associations: Type.Optional(Type.Array(AssociationView)),
  },
  strict,
);
export const NamespaceList = Type.Object({ namespaces: Type.Array(NamespaceView), ...listLinks }, strict);
