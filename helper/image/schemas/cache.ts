import { Type } from 'typebox';

/** GET /v2/cache; times are seconds since the epoch. */
export const CacheState = Type.Object(
  {
    cached_images: Type.Array(
      Type.Object(
        {
          image_id: Type.String({ format: 'uuid' }),
          hits: Type.Integer(),
          last_accessed: Type.Number(),
          last_modified: Type.Number(),
          size: Type.Integer(),
        },
        { additionalProperties: false },
      ),
    ),
    queued_images: Type.Array(Type.String({ format: 'uuid' })),
  },
  { additionalProperties: false },
);
