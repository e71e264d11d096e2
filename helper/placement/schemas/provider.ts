import { Type } from 'typebox';
import { Generation, Name, Uuid, byVersion, nullable, since, strict } from './common.ts';

const Links = Type.Array(strict({ rel: Type.String(), href: Type.String() }));

const Provider = (version: number) =>
  strict({
    uuid: Type.String(),
    name: Type.String(),
    generation: Generation,
    links: Links,
    ...(since(version, '1.14')
      ? { parent_provider_uuid: nullable(Type.String()), root_provider_uuid: Type.String() }
      : {}),
  });

export const ProviderAnswer = byVersion(['1.0', '1.14'], Provider);
/** A creation answers with it since 1.20. */
export const ProviderCreated = byVersion(['1.20'], Provider);
export const ProviderList = byVersion(['1.0', '1.14'], (version) =>
  strict({ resource_providers: Type.Array(Provider(version)) }),
);

export const ProviderCreate = byVersion(['1.0', '1.14'], (version) =>
  Type.Object(
    {
      name: Name,
      uuid: Type.Optional(Uuid),
      ...(since(version, '1.14') ? { parent_provider_uuid: Type.Optional(nullable(Uuid)) } : {}),
    },
    { additionalProperties: false },
  ),
);
export const ProviderUpdate = byVersion(['1.0', '1.14'], (version) =>
  Type.Object(
    {
      name: Name,
      ...(since(version, '1.14') ? { parent_provider_uuid: Type.Optional(nullable(Uuid)) } : {}),
    },
    { additionalProperties: false },
  ),
);

const text = Type.Optional(Type.String());
export const ProviderQuery = byVersion(['1.0', '1.3', '1.4', '1.14', '1.18'], (version) =>
  strict({
    name: text,
    uuid: Type.Optional(Uuid),
    ...(since(version, '1.3') ? { member_of: text } : {}),
    ...(since(version, '1.4') ? { resources: text } : {}),
    ...(since(version, '1.14') ? { in_tree: Type.Optional(Uuid) } : {}),
    ...(since(version, '1.18') ? { required: text } : {}),
  }),
);

const Aggregates = Type.Array(Uuid, { uniqueItems: true });
export const AggregatesUpdate = byVersion(['1.1', '1.19'], (version) =>
  since(version, '1.19')
    ? strict({ aggregates: Aggregates, resource_provider_generation: Generation })
    : Aggregates,
);
export const AggregatesAnswer = byVersion(['1.1', '1.19'], (version) =>
  strict({
    aggregates: Type.Array(Type.String()),
    ...(since(version, '1.19') ? { resource_provider_generation: Generation } : {}),
  }),
);

const Traits = Type.Array(Type.String({ minLength: 1, maxLength: 255, pattern: '^[A-Z0-9_]+$' }), {
  uniqueItems: true,
});
export const ProviderTraits = strict({ traits: Traits, resource_provider_generation: Generation });
