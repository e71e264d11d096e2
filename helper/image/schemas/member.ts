import { Type } from 'typebox';

/** What a project can have answered to an image that is shared with it. */
export const MEMBER_STATUSES = ['pending', 'accepted', 'rejected'] as const;
export type MemberStatus = (typeof MEMBER_STATUSES)[number];

const status = Type.Unsafe<MemberStatus>({ type: 'string', enum: [...MEMBER_STATUSES] });

/** POST /v2/images/{image_id}/members */
export const MemberCreate = Type.Object(
  { member: Type.String({ minLength: 1, maxLength: 255, format: 'text' }) },
  { additionalProperties: false },
);

/** PUT /v2/images/{image_id}/members/{member_id}; clients send back more than the status, which is let be. */
export const MemberUpdate = Type.Object({ status });

export const MemberView = Type.Object(
  {
    member_id: Type.String(),
    image_id: Type.String({ format: 'uuid' }),
    status,
    created_at: Type.String(),
    updated_at: Type.String(),
    schema: Type.String(),
  },
  { additionalProperties: false },
);

export const MemberList = Type.Object(
  { members: Type.Array(MemberView), schema: Type.String() },
  { additionalProperties: false },
);
