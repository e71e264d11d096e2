import { Type, type Static } from 'typebox';

export const DISK_FORMATS = [
  'ami',
  'ari',
  'aki',
  'vhd',
  'vhdx',
  'vmdk',
  'raw',
  'qcow2',
  'vdi',
  'iso',
  'ploop',
] as const;
export const CONTAINER_FORMATS = ['ami', 'ari', 'aki', 'bare', 'ovf', 'ova', 'docker', 'compressed'] as const;

const oneOf = (values: readonly string[]) =>
  Type.Unsafe<string | null>({ type: ['string', 'null'], enum: [...values, null] });

const name = Type.Union([Type.String({ maxLength: 255, format: 'text' }), Type.Null()]);
const visibility = Type.Unsafe<'public' | 'community' | 'shared' | 'private'>({
  type: 'string',
  enum: ['public', 'community', 'shared', 'private'],
});
/** glance's image_tag_quota. */
export const MAX_TAGS = 128;

const tags = Type.Array(Type.String({ maxLength: 255, format: 'text' }), { maxItems: MAX_TAGS });
const amount = Type.Integer({ minimum: 0, maximum: 2147483647 });

/** Attributes of an image that its owner may set, at create and by PATCH. */
export const settable = {
  name,
  visibility,
  protected: Type.Boolean(),
  os_hidden: Type.Boolean(),
  container_format: oneOf(CONTAINER_FORMATS),
  disk_format: oneOf(DISK_FORMATS),
  min_disk: amount,
  min_ram: amount,
  tags,
} as const;

/** POST /v2/images. Every further attribute is a custom property and a string. */
export const ImageCreate = Type.Object(
  {
    id: Type.Optional(Type.String({ format: 'uuid', pattern: '^[0-9a-f]{8}-' })),
    owner: Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()])),
    ...Object.fromEntries(Object.entries(settable).map(([key, schema]) => [key, Type.Optional(schema)])),
  },
  { additionalProperties: Type.Union([Type.String({ maxLength: 65535, format: 'text' }), Type.Null()]) },
);

/** What a checked ImageCreate is. */
export interface ImageCreateBody {
  readonly id?: string;
  readonly owner?: string | null;
  readonly name?: string | null;
  readonly visibility?: Static<typeof visibility>;
  readonly protected?: boolean;
  readonly os_hidden?: boolean;
  readonly container_format?: string | null;
  readonly disk_format?: string | null;
  readonly min_disk?: number;
  readonly min_ram?: number;
  readonly tags?: readonly string[];
  readonly [property: string]: unknown;
}

const nullable = (schema: ReturnType<typeof Type.String> | ReturnType<typeof Type.Integer>) =>
  Type.Union([schema, Type.Null()]);

/** An image as the API shows it (api-ref v2/images-images-v2). Custom properties stand beside the rest. */
export const ImageView = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    name,
    status: Type.String(),
    visibility,
    protected: Type.Boolean(),
    os_hidden: Type.Boolean(),
    owner: nullable(Type.String()),
    size: nullable(Type.Integer()),
    virtual_size: nullable(Type.Integer()),
    checksum: nullable(Type.String()),
    os_hash_algo: nullable(Type.String()),
    os_hash_value: nullable(Type.String()),
    created_at: Type.String(),
    updated_at: Type.String(),
    min_disk: amount,
    min_ram: amount,
    tags,
    disk_format: settable.disk_format,
    container_format: settable.container_format,
    stores: Type.Optional(Type.String()),
    os_glance_importing_to_stores: Type.Optional(Type.String()),
    os_glance_failed_import: Type.Optional(Type.String()),
    self: Type.String(),
    file: Type.String(),
    schema: Type.String(),
  },
  { additionalProperties: Type.String() },
);

export const ImageList = Type.Object(
  {
    images: Type.Array(ImageView),
    first: Type.String(),
    next: Type.Optional(Type.String()),
    schema: Type.String(),
  },
  { additionalProperties: false },
);

/** RFC 6902 as far as glance takes it: add, replace, remove, one or two levels deep. */
export const ImagePatch = Type.Array(
  Type.Object({
    op: Type.Optional(Type.Union([Type.Literal('add'), Type.Literal('replace'), Type.Literal('remove')])),
    path: Type.Optional(Type.String()),
    value: Type.Optional(Type.Unknown()),
    // The older media type openstack-images-v2.0-json-patch names the operation by its key.
    add: Type.Optional(Type.String()),
    replace: Type.Optional(Type.String()),
    remove: Type.Optional(Type.String()),
  }),
  { maxItems: 256 },
);
