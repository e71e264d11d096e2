import { Type } from 'typebox';
import { mv } from '../../http/index.ts';
import { InventoryMap } from './inventory.ts';
import {
  CLASS_PATTERN,
  Generation,
  UUID_PATTERN,
  Uuid,
  byVersion,
  nullable,
  since,
  strict,
} from './common.ts';

const Owner = Type.String({ minLength: 1, maxLength: 255 });
const Resources = Type.Record(Type.String({ pattern: CLASS_PATTERN }), Type.Integer({ minimum: 1 }), {
  additionalProperties: false,
  minProperties: 1,
});
const List = Type.Array(strict({ resource_provider: strict({ uuid: Uuid }), resources: Resources }), {
  minItems: 1,
});
const Group = Type.Object(
  { resources: Resources, generation: Type.Optional(Generation) },
  { additionalProperties: false },
);
const map = (minProperties: number) =>
  Type.Record(Type.String({ pattern: UUID_PATTERN }), Group, { additionalProperties: false, minProperties });
const Mappings = Type.Record(
  Type.String({ pattern: '^([a-zA-Z0-9_-]{1,64})?$' }),
  Type.Array(Uuid, { minItems: 1 }),
  { minProperties: 1 },
);
const ConsumerType = Type.String({ minLength: 1, maxLength: 255, pattern: '^[A-Z0-9_]+$' });

/** What one consumer shall have, from 1.12 on. POST may take all away since 1.13, PUT since 1.28. */
const Whole = (version: number, minProperties: number) =>
  Type.Object(
    {
      allocations: map(since(version, '1.28') ? 0 : minProperties),
      project_id: Owner,
      user_id: Owner,
      ...(since(version, '1.28') ? { consumer_generation: nullable(Generation) } : {}),
      ...(since(version, '1.34') ? { mappings: Type.Optional(Mappings) } : {}),
      ...(since(version, '1.38') ? { consumer_type: ConsumerType } : {}),
    },
    { additionalProperties: false },
  );

export const AllocationPut = [
  { from: mv('1.0'), schema: strict({ allocations: List }) },
  { from: mv('1.8'), schema: strict({ allocations: List, project_id: Owner, user_id: Owner }) },
  ...byVersion(['1.12', '1.28', '1.34', '1.38'], (version) => Whole(version, 1)),
];

const many = (version: number) =>
  Type.Record(Type.String({ pattern: UUID_PATTERN }), Whole(version, 0), { additionalProperties: false });
export const AllocationPost = byVersion(['1.13', '1.28', '1.34', '1.38'], (version) => ({
  ...many(version),
  minProperties: 1,
}));
export const Reshape = byVersion(['1.30', '1.34', '1.38'], (version) =>
  strict({
    inventories: Type.Record(
      Type.String({ pattern: UUID_PATTERN }),
      strict({ resource_provider_generation: Generation, inventories: InventoryMap }),
      { additionalProperties: false },
    ),
    allocations: many(version),
  }),
);

const Amounts = Type.Record(Type.String(), Type.Integer());
export const ConsumerAllocations = Type.Object(
  {
    allocations: Type.Record(Type.String(), strict({ generation: Generation, resources: Amounts })),
    project_id: Type.Optional(Type.String()),
    user_id: Type.Optional(Type.String()),
    consumer_generation: Type.Optional(Type.Integer()),
    consumer_type: Type.Optional(Type.String()),
  },
  { additionalProperties: false },
);
export const ProviderAllocations = strict({
  resource_provider_generation: Generation,
  allocations: Type.Record(
    Type.String(),
    Type.Object(
      { resources: Amounts, consumer_generation: Type.Optional(Type.Integer()) },
      { additionalProperties: false },
    ),
  ),
});
export const TotalUsages = byVersion(['1.9', '1.38'], (version) =>
  strict({ usages: Type.Record(Type.String(), since(version, '1.38') ? Amounts : Type.Integer()) }),
);
const text = Type.Optional(Type.String());
export const TotalUsagesQuery = byVersion(['1.9', '1.38'], (version) =>
  Type.Object(
    {
      project_id: Type.String({ minLength: 1, maxLength: 255 }),
      user_id: text,
      ...(since(version, '1.38')
        ? {
            consumer_type: Type.Optional(
              Type.String({ minLength: 1, maxLength: 255, pattern: '^([A-Z0-9_]+|all|unknown)$' }),
            ),
          }
        : {}),
    },
    { additionalProperties: false },
  ),
);

const Summary = (version: number) =>
  strict({
    resources: Type.Record(Type.String(), strict({ capacity: Type.Integer(), used: Type.Integer() })),
    ...(since(version, '1.17') ? { traits: Type.Array(Type.String()) } : {}),
    ...(since(version, '1.29')
      ? { parent_provider_uuid: nullable(Type.String()), root_provider_uuid: Type.String() }
      : {}),
  });
export const Candidates = byVersion(['1.10', '1.12', '1.17', '1.29', '1.34'], (version) =>
  strict({
    allocation_requests: Type.Array(
      strict({
        allocations: since(version, '1.12')
          ? Type.Record(Type.String(), strict({ resources: Amounts }))
          : Type.Array(strict({ resource_provider: strict({ uuid: Type.String() }), resources: Amounts })),
        ...(since(version, '1.34')
          ? { mappings: Type.Record(Type.String(), Type.Array(Type.String())) }
          : {}),
      }),
    ),
    provider_summaries: Type.Record(Type.String(), Summary(version)),
  }),
);
