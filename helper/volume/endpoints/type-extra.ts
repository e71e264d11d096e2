import { Type } from 'typebox';
import { notFound } from '../../errors/error.ts';
import { callerOf, endpoint, type Endpoint } from '../../http/index.ts';
import type { EncryptionRequest, Encryptions } from '../app/encryption.ts';
import { linksOf } from '../app/list-query.ts';
import type { QosSpecs } from '../app/qos.ts';
import { AnyQuery, timeText } from '../schemas/common.ts';
import {
  EncryptionCreate,
  EncryptionMade,
  EncryptionShown,
  EncryptionUpdate,
  EncryptionUpdated,
  QosAssociate,
  QosAssociations,
  QosCreate,
  QosDeleteKeys,
  QosList,
  QosShown,
  QosUpdate,
  QosUpdated,
} from '../schemas/type.ts';
import type { Qos } from '../store/qos.ts';
import { flag } from './flag.ts';

/** /types/{id}/encryption. */
export const encryptionEndpoints = (encryptions: Encryptions): readonly Endpoint[] => [
  endpoint({
    id: 'types:encryption:show',
    method: 'GET',
    path: '/types/{type_id}/encryption',
    policy: 'volume_extension:volume_type_encryption:get',
    response: EncryptionShown,
    ok: 200,
    handler: ({ params }) => {
      const row = encryptions.find(params.type_id);
      if (row === undefined) return {};
      return {
        ...row,
        created_at: timeText(row.created_at),
        updated_at: row.updated_at === null ? null : timeText(row.updated_at),
        deleted: false,
        deleted_at: null,
      };
    },
  }),
  endpoint({
    id: 'types:encryption:create',
    method: 'POST',
    path: '/types/{type_id}/encryption',
    policy: 'volume_extension:volume_type_encryption:create',
    body: EncryptionCreate,
    response: EncryptionMade,
    ok: 200,
    handler: ({ params, body }) => {
      const {
        created_at: _created,
        updated_at: _updated,
        ...encryption
      } = encryptions.create(params.type_id, body.encryption);
      return { encryption };
    },
  }),
  endpoint({
    id: 'types:encryption:item',
    method: 'GET',
    path: '/types/{type_id}/encryption/{key}',
    policy: 'volume_extension:volume_type_encryption:get',
    response: Type.Record(
      Type.String(),
      Type.Union([Type.String(), Type.Number(), Type.Boolean(), Type.Null()]),
    ),
    ok: 200,
    handler: ({ params }) => {
      const row = encryptions.find(params.type_id) as Record<string, unknown> | undefined;
      if (row === undefined || !Object.hasOwn(row, params.key))
        throw notFound(`The resource could not be found: ${params.key.slice(0, 80)}`);
      return { [params.key]: row[params.key] };
    },
  }),
  endpoint({
    id: 'types:encryption:update',
    method: 'PUT',
    path: '/types/{type_id}/encryption/{encryption_id}',
    policy: 'volume_extension:volume_type_encryption:update',
    body: EncryptionUpdate,
    response: EncryptionUpdated,
    ok: 200,
    handler: ({ params, body }) => {
      const encryption: EncryptionRequest = body.encryption;
      encryptions.update(params.type_id, encryption);
      const { key_size: size, ...rest } = encryption;
      return {
        encryption: {
          ...rest,
          ...(size === undefined ? {} : { key_size: size === null ? null : Number(size) }),
        },
      };
    },
  }),
  endpoint({
    id: 'types:encryption:delete',
    method: 'DELETE',
    path: '/types/{type_id}/encryption/{encryption_id}',
    policy: 'volume_extension:volume_type_encryption:delete',
    response: 'none',
    ok: 202,
    handler: ({ params }) => encryptions.delete(params.type_id),
  }),
];

const qosView = ({ id, name, consumer, specs }: Qos) => ({ id, name, consumer, specs });

/** /qos-specs (api-ref: "Quality of service (QoS) specifications"). */
export const qosEndpoints = (qos: QosSpecs): readonly Endpoint[] => [
  endpoint({
    id: 'qos-specs:list',
    method: 'GET',
    path: '/qos-specs',
    policy: 'volume_extension:qos_specs_manage:get_all',
    response: QosList,
    ok: 200,
    handler: () => ({ qos_specs: qos.list().map(qosView) }),
  }),
  endpoint({
    id: 'qos-specs:create',
    method: 'POST',
    path: '/qos-specs',
    policy: 'volume_extension:qos_specs_manage:create',
    body: QosCreate,
    response: QosShown,
    ok: 200,
    handler: (context) => {
      const { name, consumer, ...specs } = context.body.qos_specs as Record<string, string> & {
        name: string;
      };
      const made = qos.create(name, consumer ?? 'back-end', specs);
      return { qos_specs: qosView(made), links: linksOf(callerOf(context), 'qos-specs', made.id) };
    },
  }),
  endpoint({
    id: 'qos-specs:show',
    method: 'GET',
    path: '/qos-specs/{qos_id}',
    policy: 'volume_extension:qos_specs_manage:get',
    response: QosShown,
    ok: 200,
    handler: (context) => {
      const found = qos.get(context.params.qos_id);
      return { qos_specs: qosView(found), links: linksOf(callerOf(context), 'qos-specs', found.id) };
    },
  }),
  endpoint({
    id: 'qos-specs:update',
    method: 'PUT',
    path: '/qos-specs/{qos_id}',
    policy: 'volume_extension:qos_specs_manage:update',
    body: QosUpdate,
    response: QosUpdated,
    ok: 200,
    handler: ({ params, body }) => {
      qos.update(params.qos_id, body.qos_specs);
      return { qos_specs: body.qos_specs };
    },
  }),
  endpoint({
    id: 'qos-specs:delete',
    method: 'DELETE',
    path: '/qos-specs/{qos_id}',
    policy: 'volume_extension:qos_specs_manage:delete',
    query: AnyQuery,
    response: 'none',
    ok: 202,
    handler: ({ params, query }) => qos.delete(params.qos_id, flag(query, 'force')),
  }),
  endpoint({
    id: 'qos-specs:delete_keys',
    method: 'PUT',
    path: '/qos-specs/{qos_id}/delete_keys',
    policy: 'volume_extension:qos_specs_manage:delete',
    body: QosDeleteKeys,
    response: 'none',
    ok: 202,
    handler: ({ params, body }) => qos.deleteKeys(params.qos_id, body.keys),
  }),
  endpoint({
    id: 'qos-specs:associations',
    method: 'GET',
    path: '/qos-specs/{qos_id}/associations',
    policy: 'volume_extension:qos_specs_manage:get_all',
    response: QosAssociations,
    ok: 200,
    handler: ({ params }) => ({
      qos_associations: qos
        .associations(params.qos_id)
        .map(({ id, name }) => ({ association_type: 'volume_type', name, id })),
    }),
  }),
  ...(['associate', 'disassociate'] as const).map((verb) =>
    endpoint({
      id: `qos-specs:${verb}`,
      method: 'GET',
      path: `/qos-specs/{qos_id}/${verb}`,
      policy: 'volume_extension:qos_specs_manage:update',
      query: QosAssociate,
      response: 'none',
      ok: 202,
      handler: ({ params, query }) => {
        const { qos_id } = params as { qos_id: string };
        qos[verb](qos_id, query.vol_type_id);
      },
    }),
  ),
  endpoint({
    id: 'qos-specs:disassociate_all',
    method: 'GET',
    path: '/qos-specs/{qos_id}/disassociate_all',
    policy: 'volume_extension:qos_specs_manage:update',
    response: 'none',
    ok: 202,
    handler: ({ params }) => qos.disassociateAll(params.qos_id),
  }),
];
