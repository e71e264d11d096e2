import { Type } from 'typebox';
import {
  Id,
  Links,
  Self,
  Text,
  listOf,
  name,
  nullable,
  open,
  optional,
  strict,
  withExtras,
} from './common.ts';
import { EndpointAnswer } from './catalog.ts';

const Type255 = Type.String({ minLength: 1, maxLength: 255, format: 'text' });
const Blob = Type.String({ minLength: 1, maxLength: 65_536 });
export const PolicyCreate = strict({ policy: open({ type: Type255, blob: Blob }) });
export const PolicyUpdate = strict({
  policy: Type.Object({ type: optional(Type255), blob: optional(Blob) }, { minProperties: 1 }),
});
const PolicyAnswer = withExtras({ id: Type.String(), type: Type.String(), blob: Type.String(), links: Self });
export const PolicyOne = strict({ policy: PolicyAnswer });
export const PolicyList = listOf('policies', PolicyAnswer);

export const ConsumerCreate = strict({ consumer: open({ description: optional(nullable(Text)) }) });
const consumer = { id: Type.String(), description: nullable(Type.String()), links: Self };
/** The secret is in this answer and in no other. */
export const ConsumerMade = strict({ consumer: withExtras({ ...consumer, secret: Type.String() }) });
const ConsumerAnswer = withExtras({ ...consumer, secret: optional(Type.Never()) });
export const ConsumerOne = strict({ consumer: ConsumerAnswer });
export const ConsumerList = listOf('consumers', ConsumerAnswer);

const Value = Type.Union([Type.String({ maxLength: 4096 }), Type.Number(), Type.Boolean(), Type.Null()]);
/** Groups with their options; below an option's path only that option. */
const Config = Type.Record(
  Type.String({ minLength: 1, maxLength: 255 }),
  Type.Union([Value, Type.Record(Type.String({ minLength: 1, maxLength: 255 }), Value)]),
  { minProperties: 1, maxProperties: 64 },
);
export const DomainConfigBody = Type.Object(
  { config: Config },
  { additionalProperties: false, writeOnly: true },
);
export const DomainConfigAnswer = strict({
  config: Type.Record(Type.String(), Type.Union([Value, Type.Record(Type.String(), Value)])),
});

const Filters = Type.Object(
  {
    service_id: optional(Id),
    region_id: optional(Type.String({ maxLength: 255 })),
    interface: optional(
      Type.Union([Type.Literal('public'), Type.Literal('internal'), Type.Literal('admin')]),
    ),
    enabled: optional(Type.Boolean()),
  },
  { additionalProperties: false, minProperties: 1 },
);
export const EndpointGroupCreate = strict({
  endpoint_group: open({ name: name(255), description: optional(nullable(Text)), filters: Filters }),
});
export const EndpointGroupUpdate = strict({
  endpoint_group: Type.Object(
    { name: optional(name(255)), description: optional(nullable(Text)), filters: optional(Filters) },
    { minProperties: 1 },
  ),
});
const EndpointGroupAnswer = strict({
  id: Type.String(),
  name: Type.String(),
  description: nullable(Type.String()),
  filters: Filters,
  links: Self,
});
export const EndpointGroupOne = strict({ endpoint_group: EndpointGroupAnswer });
export const EndpointGroupList = listOf('endpoint_groups', EndpointGroupAnswer);
export const FilteredEndpoints = strict({ endpoints: Type.Array(EndpointAnswer), links: Links });
export const EndpointGroupOfProject = strict({
  project: strict({ id: Type.String(), links: Self }),
});
