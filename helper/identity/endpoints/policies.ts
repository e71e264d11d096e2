import { randomBytes } from 'node:crypto';
import { Type } from 'typebox';
import { endpoint, type Endpoint } from '../../http/index.ts';
import { extrasOf, mergeExtras, parseObject, present } from '../app/attributes.ts';
import { newId, type IdentityContext } from '../app/context.ts';
import { open, optional } from '../schemas/common.ts';
import {
  ConsumerCreate,
  ConsumerList,
  ConsumerMade,
  ConsumerOne,
  PolicyCreate,
  PolicyList,
  PolicyOne,
  PolicyUpdate,
} from '../schemas/extension.ts';
import {
  deleteConsumer,
  deletePolicy,
  findConsumer,
  findPolicy,
  listConsumers,
  listPolicies,
  putConsumer,
  putPolicy,
  type ConsumerRow,
  type PolicyRow,
} from '../store/extension.ts';
import { ListQuery, listAnswer } from './list.ts';

const Word = optional(Type.String());

const policyView = (base: string, row: PolicyRow): object => ({
  ...parseObject(row.extra),
  id: row.id,
  type: row.type,
  blob: row.blob,
  links: { self: `${base}/policies/${row.id}` },
});

const consumerView = (base: string, row: ConsumerRow): object => ({
  ...parseObject(row.extra),
  id: row.id,
  description: row.description,
  links: { self: `${base}/OS-OAUTH1/consumers/${row.id}` },
});

/** Documents that Deskcloud keeps for others: policies, and consumers of OAuth 1. */
export function policyEndpoints(identity: IdentityContext): readonly Endpoint[] {
  const { db } = identity;
  const policy = (id: string): PolicyRow => present(findPolicy(db, id), 'policy', id);
  return [
    endpoint({
      id: 'policies:list',
      method: 'GET',
      path: '/policies',
      policy: 'identity:list_policies',
      query: open({ type: Word, limit: Word, marker: Word }),
      response: PolicyList,
      ok: 200,
      handler: (context) =>
        listAnswer(
          context,
          'policies',
          (page) => listPolicies(db, context.query.type, page),
          (rows) => rows.map((row) => policyView(context.base, row)),
        ),
    }),
    endpoint({
      id: 'policies:create',
      method: 'POST',
      path: '/policies',
      policy: 'identity:create_policy',
      body: PolicyCreate,
      response: PolicyOne,
      ok: 201,
      handler: ({ body, base }) => {
        const { type, blob } = body.policy;
        const extra = JSON.stringify(extrasOf(body.policy, ['type', 'blob']));
        const row: PolicyRow = { id: newId(), type, blob, extra };
        putPolicy(db, row);
        return { policy: policyView(base, row) };
      },
    }),
    endpoint({
      id: 'policies:show',
      method: 'GET',
      path: '/policies/{policy_id}',
      policy: 'identity:get_policy',
      response: PolicyOne,
      ok: 200,
      handler: ({ params, base }) => ({ policy: policyView(base, policy(params.policy_id)) }),
    }),
    endpoint({
      id: 'policies:update',
      method: 'PATCH',
      path: '/policies/{policy_id}',
      policy: 'identity:update_policy',
      body: PolicyUpdate,
      response: PolicyOne,
      ok: 200,
      handler: ({ params, body, base }) => {
        const row = policy(params.policy_id);
        const changed: PolicyRow = {
          ...row,
          type: body.policy.type ?? row.type,
          blob: body.policy.blob ?? row.blob,
          extra: mergeExtras(row.extra, extrasOf(body.policy, ['type', 'blob'])),
        };
        putPolicy(db, changed);
        return { policy: policyView(base, changed) };
      },
    }),
    endpoint({
      id: 'policies:delete',
      method: 'DELETE',
      path: '/policies/{policy_id}',
      policy: 'identity:delete_policy',
      ok: 204,
      handler: ({ params }) => deletePolicy(db, policy(params.policy_id).id),
    }),
    ...consumerEndpoints(identity),
  ];
}

function consumerEndpoints({ db }: IdentityContext): readonly Endpoint[] {
  const path = '/OS-OAUTH1/consumers';
  const one = `${path}/{consumer_id}` as const;
  const consumer = (id: string): ConsumerRow => present(findConsumer(db, id), 'Consumer', id);
  return [
    endpoint({
      id: 'consumers:list',
      method: 'GET',
      path,
      policy: 'identity:list_consumers',
      query: ListQuery,
      response: ConsumerList,
      ok: 200,
      handler: (context) =>
        listAnswer(
          context,
          'consumers',
          (page) => listConsumers(db, page),
          (rows) => rows.map((row) => consumerView(context.base, row)),
        ),
    }),
    endpoint({
      id: 'consumers:create',
      method: 'POST',
      path,
      policy: 'identity:create_consumer',
      body: ConsumerCreate,
      response: ConsumerMade,
      ok: 201,
      handler: ({ body, base }) => {
        const row: ConsumerRow = {
          id: newId(),
          description: body.consumer.description ?? null,
          secret: randomBytes(16).toString('hex'),
          extra: JSON.stringify(extrasOf(body.consumer, ['description', 'secret'])),
        };
        putConsumer(db, row);
        return { consumer: { ...consumerView(base, row), secret: row.secret } };
      },
    }),
    endpoint({
      id: 'consumers:show',
      method: 'GET',
      path: one,
      policy: 'identity:get_consumer',
      response: ConsumerOne,
      ok: 200,
      handler: ({ params, base }) => ({ consumer: consumerView(base, consumer(params.consumer_id)) }),
    }),
    endpoint({
      id: 'consumers:update',
      method: 'PATCH',
      path: one,
      policy: 'identity:update_consumer',
      body: ConsumerCreate,
      response: ConsumerOne,
      ok: 200,
      handler: ({ params, body, base }) => {
        const row = consumer(params.consumer_id);
        const { description } = body.consumer;
        const changed: ConsumerRow = {
          ...row,
          description: description === undefined ? row.description : description,
          extra: mergeExtras(row.extra, extrasOf(body.consumer, ['description', 'secret'])),
        };
        putConsumer(db, changed);
        return { consumer: consumerView(base, changed) };
      },
    }),
    endpoint({
      id: 'consumers:delete',
      method: 'DELETE',
      path: one,
      policy: 'identity:delete_consumer',
      ok: 204,
      handler: ({ params }) => deleteConsumer(db, consumer(params.consumer_id).id),
    }),
  ];
}
