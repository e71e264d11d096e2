import { Type } from 'typebox';
import { Id, Self, Text, listOf, name, nullable, open, optional, strict } from './common.ts';

const RegionId = Type.String({ maxLength: 255, pattern: '^[^/]*$', format: 'text' });

export const RegionCreate = strict({
  region: open({
    id: optional(nullable(RegionId)),
    description: optional(nullable(Text)),
    parent_region_id: optional(nullable(RegionId)),
  }),
});
export const RegionUpdate = strict({
  region: Type.Object(
    { description: optional(nullable(Text)), parent_region_id: optional(nullable(RegionId)) },
    { minProperties: 1 },
  ),
});
export const RegionAnswer = strict({
  id: Type.String(),
  description: Type.String(),
  parent_region_id: nullable(Type.String()),
  links: Self,
});
export const RegionOne = strict({ region: RegionAnswer });
export const RegionList = listOf('regions', RegionAnswer);

const Type255 = Type.String({ minLength: 1, maxLength: 255, format: 'text' });
export const ServiceCreate = strict({
  service: open({
    type: Type255,
    name: optional(name(255)),
    description: optional(nullable(Text)),
    enabled: optional(Type.Boolean()),
  }),
});
export const ServiceUpdate = strict({
  service: Type.Object(
    {
      type: optional(Type255),
      name: optional(name(255)),
      description: optional(nullable(Text)),
      enabled: optional(Type.Boolean()),
    },
    { minProperties: 1 },
  ),
});
export const ServiceAnswer = strict({
  id: Type.String(),
  type: Type.String(),
  name: optional(Type.String()),
  description: optional(Type.String()),
  enabled: Type.Boolean(),
  links: Self,
});
export const ServiceOne = strict({ service: ServiceAnswer });
export const ServiceList = listOf('services', ServiceAnswer);

const Interface = Type.Union([Type.Literal('public'), Type.Literal('internal'), Type.Literal('admin')]);
/** A URL, or one that begins with $(origin)s. */
const Url = Type.String({
  minLength: 1,
  maxLength: 2048,
  pattern: '^(https?://|\\$\\(origin\\)s)',
  format: 'text',
});
export const EndpointCreate = strict({
  endpoint: open({
    service_id: Id,
    interface: Interface,
    url: Url,
    region: optional(nullable(RegionId)),
    region_id: optional(nullable(RegionId)),
    enabled: optional(Type.Boolean()),
  }),
});
export const EndpointUpdate = strict({
  endpoint: Type.Object(
    {
      service_id: optional(Id),
      interface: optional(Interface),
      url: optional(Url),
      region: optional(nullable(RegionId)),
      region_id: optional(nullable(RegionId)),
      enabled: optional(Type.Boolean()),
    },
    { minProperties: 1 },
  ),
});
export const EndpointAnswer = strict({
  id: Type.String(),
  service_id: Type.String(),
  interface: Interface,
  region: nullable(Type.String()),
  region_id: nullable(Type.String()),
  url: Type.String(),
  enabled: Type.Boolean(),
  links: Self,
});
export const EndpointOne = strict({ endpoint: EndpointAnswer });
export const EndpointList = listOf('endpoints', EndpointAnswer);
