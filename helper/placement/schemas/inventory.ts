import { Type } from 'typebox';
import { CLASS_PATTERN, Generation, strict } from './common.ts';

const MAX = 0x7fff_ffff;
const count = (minimum: number) => Type.Integer({ minimum, maximum: MAX });

const members = {
  total: count(1),
  reserved: Type.Optional(count(0)),
  min_unit: Type.Optional(count(1)),
  max_unit: Type.Optional(count(1)),
  step_size: Type.Optional(count(1)),
  allocation_ratio: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 3.40282e38 })),
};
const ClassName = Type.String({ minLength: 1, maxLength: 255, pattern: CLASS_PATTERN });
const generation = { resource_provider_generation: Generation };

export const InventoryCreate = Type.Object(
  { resource_class: ClassName, ...members, resource_provider_generation: Type.Optional(Generation) },
  { additionalProperties: false },
);
export const InventoryUpdate = Type.Object({ ...generation, ...members }, { additionalProperties: false });
export const InventoryMap = Type.Record(
  Type.String({ pattern: CLASS_PATTERN }),
  Type.Object(members, { additionalProperties: false }),
  { additionalProperties: false },
);
export const InventoriesUpdate = strict({ ...generation, inventories: InventoryMap });

const whole = {
  total: Type.Integer(),
  reserved: Type.Integer(),
  min_unit: Type.Integer(),
  max_unit: Type.Integer(),
  step_size: Type.Integer(),
  allocation_ratio: Type.Number(),
};
export const InventoryAnswer = strict({ ...generation, ...whole });
export const InventoriesAnswer = strict({
  ...generation,
  inventories: Type.Record(Type.String(), strict(whole)),
});
export const ProviderUsages = strict({ ...generation, usages: Type.Record(Type.String(), Type.Integer()) });
