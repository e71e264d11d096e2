import { Type, type Static } from 'typebox';

/** The one place where images are kept, by the name that clients know it by. */
export const STORE = 'local';

export const IMPORT_METHODS = ['glance-direct', 'web-download', 'copy-image'] as const;
export type ImportMethod = (typeof IMPORT_METHODS)[number];

/** POST /v2/images/{image_id}/import */
export const ImageImport = Type.Object(
  {
    method: Type.Object(
      {
        name: Type.String({ maxLength: 255 }),
        uri: Type.Optional(Type.String({ maxLength: 4096 })),
      },
      { additionalProperties: true },
    ),
    stores: Type.Optional(Type.Array(Type.String({ maxLength: 255 }), { maxItems: 64 })),
    all_stores: Type.Optional(Type.Boolean()),
    all_stores_must_succeed: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
);

export type ImageImportBody = Static<typeof ImageImport>;

const TaskHead = {
  id: Type.String({ format: 'uuid' }),
  type: Type.String(),
  status: Type.Unsafe<string>({ type: 'string', enum: ['pending', 'processing', 'success', 'failure'] }),
  owner: Type.Union([Type.String(), Type.Null()]),
  created_at: Type.String(),
  updated_at: Type.String(),
  expires_at: Type.Optional(Type.Union([Type.String(), Type.Null()])),
} as const;

const TaskBody = {
  ...TaskHead,
  image_id: Type.String(),
  user_id: Type.Union([Type.String(), Type.Null()]),
  request_id: Type.Union([Type.String(), Type.Null()]),
  input: Type.Object(
    { image_id: Type.String(), import_req: ImageImport, backend: Type.Array(Type.String()) },
    { additionalProperties: false },
  ),
  result: Type.Null(),
  message: Type.String(),
} as const;

const oneOf = <const Values extends readonly string[]>(values: Values) =>
  Type.Unsafe<Values[number]>({ type: 'string', enum: values });

/** GET /v2/tasks?... */
export const TaskQuery = Type.Object(
  {
    limit: Type.Optional(Type.String()),
    marker: Type.Optional(Type.String()),
    status: Type.Optional(oneOf(['pending', 'processing', 'success', 'failure'])),
    type: Type.Optional(oneOf(['import', 'api_image_import'])),
    sort_key: Type.Optional(oneOf(['created_at', 'updated_at', 'expires_at', 'status', 'type', 'id'])),
    sort_dir: Type.Optional(oneOf(['asc', 'desc'])),
  },
  { additionalProperties: true },
);

/** A task as images list theirs. */
export const ImageTaskList = Type.Object(
  {
    tasks: Type.Array(
      Type.Object(
        { ...TaskBody, deleted: Type.Boolean(), deleted_at: Type.Null() },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

/** A task of the tasks API. */
export const TaskView = Type.Object(
  { ...TaskBody, self: Type.String(), schema: Type.String() },
  { additionalProperties: false },
);

export const TaskList = Type.Object(
  {
    tasks: Type.Array(
      Type.Object(
        { ...TaskHead, self: Type.String(), schema: Type.String() },
        { additionalProperties: false },
      ),
    ),
    first: Type.String(),
    next: Type.Optional(Type.String()),
    schema: Type.String(),
  },
  { additionalProperties: false },
);

const amount = Type.Object({ limit: Type.Integer(), usage: Type.Integer() }, { additionalProperties: false });

/** GET /v2/info/usage */
export const UsageView = Type.Object(
  {
    usage: Type.Object(
      {
        image_size_total: amount,
        image_stage_total: amount,
        image_count_total: amount,
        image_count_uploading: amount,
      },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);

/** GET /v2/info/import */
export const ImportInfo = Type.Object(
  {
    'import-methods': Type.Object(
      { description: Type.String(), type: Type.Literal('array'), value: Type.Array(Type.String()) },
      { additionalProperties: false },
    ),
  },
  { additionalProperties: false },
);

/** GET /v2/info/stores, and with details. */
export const StoreList = Type.Object(
  {
    stores: Type.Array(
      Type.Object(
        {
          id: Type.String(),
          description: Type.String(),
          default: Type.Literal('true'),
          type: Type.Optional(Type.String()),
          weight: Type.Optional(Type.Integer()),
          properties: Type.Optional(Type.Object({}, { additionalProperties: false })),
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);
