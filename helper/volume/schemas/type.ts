import { Type } from 'typebox';
import { Bool, Id, Links, Name, Pairs, Shown, Text, Time, nullable, opt, strict } from './common.ts';

const TypeName = Type.String({ minLength: 1, maxLength: 255, format: 'name' });

export const TypeCreate = strict({
  volume_type: Type.Object(
    {
      name: TypeName,
      description: opt(Name),
      extra_specs: opt(nullable(Pairs)),
      'os-volume-type-access:is_public': opt(Bool),
    },
    { additionalProperties: false },
  ),
});
export const TypeUpdate = strict({
  volume_type: Type.Object(
    { name: opt(nullable(TypeName)), description: opt(Name), is_public: opt(Bool) },
    { additionalProperties: false, minProperties: 1 },
  ),
});
const view = {
  id: Id,
  name: Type.String(),
  description: nullable(Type.String()),
  is_public: Type.Boolean(),
  extra_specs: opt(Shown),
  qos_specs_id: opt(nullable(Id)),
  'os-volume-type-access:is_public': opt(Type.Boolean()),
};
export const TypeShown = strict({ volume_type: strict(view) });
export const TypeList = strict({
  volume_types: Type.Array(strict(view)),
  volume_type_links: opt(Links),
});

export const ExtraSpecs = strict({ extra_specs: Pairs });
export const ExtraSpecsShown = strict({ extra_specs: Shown });
export const ExtraSpec = Type.Record(
  Type.String({ pattern: '^[a-zA-Z0-9-_:. ]{1,255}$' }),
  Type.String({ maxLength: 255, format: 'text' }),
  { additionalProperties: false, minProperties: 1, maxProperties: 1 },
);

const access = strict({ project: Type.String({ minLength: 1, maxLength: 255 }) });
export const AddAccess = strict({ addProjectAccess: access });
export const RemoveAccess = strict({ removeProjectAccess: access });
export const AccessList = strict({
  volume_type_access: Type.Array(strict({ volume_type_id: Id, project_id: Id })),
});

const encryption = {
  key_size: opt(nullable(Type.Union([Type.Integer({ minimum: 0 }), Type.String({ pattern: '^\\d{1,9}$' })]))),
  provider: opt(Text),
  control_location: opt(Type.Union([Type.Literal('front-end'), Type.Literal('back-end')])),
  cipher: opt(nullable(Text)),
};
export const EncryptionCreate = strict({
  encryption: Type.Object(
    {
      ...encryption,
      provider: Text,
      control_location: Type.Union([Type.Literal('front-end'), Type.Literal('back-end')]),
    },
    { additionalProperties: false },
  ),
});
export const EncryptionUpdate = strict({ encryption: strict(encryption) });
const made = {
  key_size: opt(nullable(Type.Integer())),
  provider: opt(Type.String()),
  control_location: opt(Type.String()),
  cipher: opt(nullable(Type.String())),
};
export const EncryptionMade = strict({
  encryption: strict({ ...made, volume_type_id: Id, encryption_id: Id }),
});
export const EncryptionUpdated = strict({ encryption: strict(made) });
export const EncryptionShown = strict({
  ...made,
  volume_type_id: opt(Id),
  encryption_id: opt(Id),
  created_at: opt(Time),
  updated_at: opt(nullable(Time)),
  deleted: opt(Type.Boolean()),
  deleted_at: opt(Type.Null()),
});

export const DefaultTypeSet = strict({
  default_type: strict({ volume_type: Type.String({ minLength: 1, maxLength: 255 }) }),
});
const defaultType = strict({ project_id: Id, volume_type_id: Id });
export const DefaultTypeShown = strict({ default_type: defaultType });
export const DefaultTypeList = strict({ default_types: Type.Array(defaultType) });

/** Specs are beside name and consumer. */
const specs = { additionalProperties: Type.String({ maxLength: 255, format: 'text' }) };
export const QosCreate = strict({
  qos_specs: Type.Object({ name: TypeName, consumer: opt(Type.String({ maxLength: 32 })) }, specs),
});
export const QosUpdate = strict({
  qos_specs: Type.Object({ consumer: opt(Type.String({ maxLength: 32 })) }, { ...specs, minProperties: 1 }),
});
export const QosDeleteKeys = strict({
  keys: Type.Array(Type.String({ minLength: 1, maxLength: 255 }), { uniqueItems: true }),
});
const qos = strict({ id: Id, name: Type.String(), consumer: Type.String(), specs: Shown });
export const QosShown = strict({ qos_specs: qos, links: Links });
export const QosList = strict({ qos_specs: Type.Array(qos), qos_specs_links: opt(Links) });
export const QosUpdated = strict({ qos_specs: Shown });
export const QosAssociations = strict({
  qos_associations: Type.Array(strict({ association_type: Type.String(), name: Type.String(), id: Id })),
});
export const QosAssociate = Type.Object({ vol_type_id: Type.String() });
