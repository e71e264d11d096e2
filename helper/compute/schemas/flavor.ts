import { Type, type Static } from 'typebox';
import { mv, type Microversion } from '../../http/index.ts';
import { Bool, Links, Name, byVersion, nullable, strict } from './common.ts';

/** Largest value of nova's integer columns. */
const MAX_INT = 2_147_483_647;

/** A number, also as text, as nova takes it. */
const number = (minimum: number) =>
  Type.Union([Type.Integer({ minimum, maximum: MAX_INT }), Type.String({ pattern: '^[0-9]{1,10}$' })]);

const ExtraSpecKey = '^[a-zA-Z0-9-_:. ]{1,255}$';
const ExtraSpecValue = Type.Union([Type.String({ maxLength: 255, format: 'text' }), Type.Number()]);

export const ExtraSpecs = Type.Record(Type.String({ pattern: ExtraSpecKey }), ExtraSpecValue, {
  additionalProperties: false,
});
export const ExtraSpecsAnswer = strict({ extra_specs: Type.Record(Type.String(), Type.String()) });
export const ExtraSpecsBody = strict({ extra_specs: ExtraSpecs });
export const ExtraSpecBody = Type.Record(Type.String({ pattern: ExtraSpecKey }), ExtraSpecValue, {
  additionalProperties: false,
  minProperties: 1,
  maxProperties: 1,
});
export const ExtraSpecAnswer = Type.Record(Type.String(), Type.String());

const Description = nullable(Type.String({ maxLength: 65_535, format: 'text' }));

const NewFlavorMembers = {
  name: Name,
  id: Type.Optional(
    nullable(
      Type.Union([
        Type.String({ minLength: 1, maxLength: 255, pattern: '^(?! )[a-zA-Z0-9. _-]+(?<! )$' }),
        Type.Integer({ minimum: 0 }),
      ]),
    ),
  ),
  ram: number(1),
  vcpus: number(1),
  disk: number(0),
  'OS-FLV-EXT-DATA:ephemeral': Type.Optional(number(0)),
  swap: Type.Optional(number(0)),
  rxtx_factor: Type.Optional(
    Type.Union([
      Type.Number({ exclusiveMinimum: 0, maximum: 1e6 }),
      Type.String({ pattern: '^[0-9]{1,6}(\\.[0-9]+)?$' }),
    ]),
  ),
  'os-flavor-access:is_public': Type.Optional(Bool),
};

const NewFlavor255 = strict({
  flavor: strict({ ...NewFlavorMembers, description: Type.Optional(Description) }),
});
export type NewFlavorRequest = Static<typeof NewFlavor255>['flavor'];

export const FlavorCreate = [
  { from: mv('2.1'), schema: strict({ flavor: strict(NewFlavorMembers) }) },
  { from: mv('2.55'), schema: NewFlavor255 },
] as const;

export const FlavorUpdate = strict({ flavor: strict({ description: Description }) });

const SORT_KEYS = [
  'created_at',
  'description',
  'disabled',
  'ephemeral_gb',
  'flavorid',
  'id',
  'is_public',
  'memory_mb',
  'name',
  'root_gb',
  'rxtx_factor',
  'swap',
  'updated_at',
  'vcpus',
] as const;

const queryMembers = {
  limit: Type.Optional(Type.String()),
  marker: Type.Optional(Type.String()),
  is_public: Type.Optional(Type.String()),
  minRam: Type.Optional(Type.String()),
  minDisk: Type.Optional(Type.String()),
  sort_key: Type.Optional(Type.Enum(SORT_KEYS)),
  sort_dir: Type.Optional(Type.Enum(['asc', 'desc'])),
};
export const FlavorQuery = [
  { from: mv('2.1'), schema: Type.Object(queryMembers, { additionalProperties: true }) },
  { from: mv('2.75'), schema: strict(queryMembers) },
] as const;
export type FlavorQueryValues = Static<(typeof FlavorQuery)[1]['schema']>;

const since = (version: Microversion, first: `${number}.${number}`) => version >= mv(first);

const FlavorDetail = (version: Microversion) =>
  strict({
    id: Type.String(),
    name: Type.String(),
    ram: Type.Integer(),
    disk: Type.Integer(),
    vcpus: Type.Integer(),
    swap: since(version, '2.75') ? Type.Integer() : Type.Union([Type.Integer(), Type.Literal('')]),
    'OS-FLV-EXT-DATA:ephemeral': Type.Integer(),
    'OS-FLV-DISABLED:disabled': Type.Boolean(),
    'os-flavor-access:is_public': Type.Boolean(),
    rxtx_factor: Type.Number(),
    links: Links,
    ...(since(version, '2.55') ? { description: nullable(Type.String()) } : {}),
    ...(since(version, '2.61')
      ? { extra_specs: Type.Optional(Type.Record(Type.String(), Type.String())) }
      : {}),
  });

const CHANGES = ['2.1', '2.55', '2.61', '2.75'] as const;

export const FlavorAnswer = byVersion(CHANGES, (version) => strict({ flavor: FlavorDetail(version) }));
export const FlavorDetailList = byVersion(CHANGES, (version) =>
  strict({ flavors: Type.Array(FlavorDetail(version)), flavors_links: Type.Optional(Links) }),
);
export const FlavorList = byVersion(CHANGES, (version) =>
  strict({
    flavors: Type.Array(
      strict({
        id: Type.String(),
        name: Type.String(),
        links: Links,
        ...(since(version, '2.55') ? { description: nullable(Type.String()) } : {}),
      }),
    ),
    flavors_links: Type.Optional(Links),
  }),
);

export const FlavorAccessAnswer = strict({
  flavor_access: Type.Array(strict({ flavor_id: Type.String(), tenant_id: Type.String() })),
});
const Tenant = strict({ tenant: Type.String({ minLength: 1, maxLength: 255, format: 'text' }) });
export const AddTenantAccess = strict({ addTenantAccess: Tenant });
export const RemoveTenantAccess = strict({ removeTenantAccess: Tenant });
