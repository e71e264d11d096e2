import { Type } from 'typebox';
import { Id, Self, Text, listOf, name, nullable, open, optional, strict } from './common.ts';

/** -1 is no limit. */
const Amount = Type.Integer({ minimum: -1, maximum: 2 ** 31 - 1 });
const RegionId = Type.String({ maxLength: 255 });
const place = { service_id: Id, region_id: optional(nullable(RegionId)), resource_name: name(255) };
const description = optional(nullable(Text));

export const RegisteredLimitCreate = strict({
  registered_limits: Type.Array(strict({ ...place, default_limit: Amount, description }), { maxItems: 256 }),
});
export const RegisteredLimitUpdate = strict({
  registered_limit: Type.Object(
    {
      service_id: optional(Id),
      region_id: optional(nullable(RegionId)),
      resource_name: optional(name(255)),
      default_limit: optional(Amount),
      description,
    },
    { additionalProperties: false, minProperties: 1 },
  ),
});
const seen = {
  id: Type.String(),
  service_id: Type.String(),
  region_id: nullable(Type.String()),
  resource_name: Type.String(),
  description: nullable(Type.String()),
  links: Self,
};
const RegisteredLimit = strict({ ...seen, default_limit: Type.Integer() });
export const RegisteredLimitOne = strict({ registered_limit: RegisteredLimit });
export const RegisteredLimitList = listOf('registered_limits', RegisteredLimit);

export const LimitCreate = strict({
  limits: Type.Array(
    strict({
      ...place,
      project_id: optional(nullable(Id)),
      domain_id: optional(nullable(Id)),
      resource_limit: Amount,
      description,
    }),
    { maxItems: 256 },
  ),
});
export const LimitUpdate = strict({
  limit: Type.Object(
    { resource_limit: optional(Amount), description },
    { additionalProperties: false, minProperties: 1 },
  ),
});
const Limit = strict({
  ...seen,
  project_id: nullable(Type.String()),
  domain_id: nullable(Type.String()),
  resource_limit: Type.Integer(),
});
export const LimitOne = strict({ limit: Limit });
export const LimitList = listOf('limits', Limit);
export const LimitModel = strict({ model: strict({ name: Type.String(), description: Type.String() }) });

const Word = optional(Type.String());
export const LimitQuery = open({
  service_id: Word,
  region_id: Word,
  resource_name: Word,
  project_id: Word,
  domain_id: Word,
  limit: Word,
  marker: Word,
});
