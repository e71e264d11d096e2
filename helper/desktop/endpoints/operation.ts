import { Readable } from 'node:stream';
import { Type } from 'typebox';
import type { ChangeEvent } from '../../contract/change.ts';
import type { TrafficEvent } from '../../contract/devices.ts';
import { OPERATION_STATES, type OperationEvent } from '../../contract/operation.ts';
import { transaction, type Db } from '../../db/index.ts';
import { conflict, notFound } from '../../errors/error.ts';
import { Reply, endpoint, pageOf, type AuthContext, type Endpoint } from '../../http/index.ts';
import {
  Subscription,
  getOperation,
  getOperationSummary,
  listOperations,
  type SagaEngine,
} from '../../saga/index.ts';
import type { ChangeFeed } from '../changes.ts';
import type { TrafficFeed } from '../traffic.ts';
import { operationSearch } from './operation-search.ts';
import { OperationList, OperationOne } from '../schemas.ts';

/** Events that a slow listener may be behind before it is told that it lags. */
const BACKLOG = 4096;

const Query = Type.Object({
  limit: Type.Optional(Type.String()),
  marker: Type.Optional(Type.String()),
  resource_type: Type.Optional(Type.String()),
  resource_id: Type.Optional(Type.String()),
  request_id: Type.Optional(Type.String()),
  state: Type.Optional(Type.Union(OPERATION_STATES.map((state) => Type.Literal(state)))),
});

const EventQuery = Type.Object({
  /** 'true': also what changes in the cloud, beside the operations. */
  changes: Type.Optional(Type.Union([Type.Literal('true'), Type.Literal('false')])),
});

const seesAll = (auth: AuthContext): boolean => auth.desktop === true || auth.roles.has('admin');

type StreamEvent = OperationEvent | ChangeEvent | TrafficEvent;

/** The flight recorder: operations, their steps with what was really done, and both live. */
export const operationEndpoints = (
  db: Db,
  engine: SagaEngine,
  changes: ChangeFeed,
  traffic: TrafficFeed,
): readonly Endpoint[] => {
  /** An operation of the caller's project; others are as if they were not there (S52). */
  const visible = (auth: AuthContext, id: string) => {
    const found = getOperationSummary(db, id);
    if (found === undefined || (!seesAll(auth) && found.projectId !== auth.projectId)) {
      throw notFound(`There is no operation ${id.slice(0, 80)}.`);
    }
    return { project_id: found.projectId };
  };
  /** Without a project there is nothing to see. */
  const scope = (auth: AuthContext) => (seesAll(auth) ? {} : { projectId: auth.projectId ?? '' });

  return [
    endpoint({
      id: 'operations:list',
      method: 'GET',
      path: '/operations',
      policy: 'deskcloud:operations',
      query: Query,
      response: OperationList,
      ok: 200,
      handler: ({ auth, query }) => {
        const page = pageOf(query, { max: 1000 });
        const { resource_type: type, resource_id: id } = query;
        return {
          operations: listOperations(db, {
            ...scope(auth),
            ...page,
            ...(type === undefined || id === undefined ? {} : { resource: { type, id } }),
            ...(query.state === undefined ? {} : { state: query.state }),
            ...(query.request_id === undefined ? {} : { requestId: query.request_id }),
          }),
        };
      },
    }),
    operationSearch(db, scope),
    endpoint({
      id: 'operations:show',
      method: 'GET',
      path: '/operations/{operation_id}',
      policy: 'deskcloud:operations',
      response: OperationOne,
      ok: 200,
      target: ({ auth, params }) => visible(auth, params.operation_id),
      handler: ({ params }) => ({ operation: getOperation(db, params.operation_id) }),
    }),
    endpoint({
      id: 'operations:retry',
      method: 'POST',
      path: '/operations/{operation_id}/retry',
      policy: 'deskcloud:operations:retry',
      response: 'none',
      ok: 202,
      target: ({ auth, params }) => visible(auth, params.operation_id),
      handler: ({ params }) => {
        if (getOperationSummary(db, params.operation_id)?.state !== 'stuck') {
          throw conflict(`Operation ${params.operation_id} is not stuck; only a stuck one can be retried.`);
        }
        transaction(db, () => engine.retry(params.operation_id));
      },
    }),
    endpoint({
      id: 'events:stream',
      method: 'GET',
      path: '/events',
      policy: 'deskcloud:operations',
      query: EventQuery,
      response: 'stream',
      ok: 200,
      handler: ({ auth, query, signal }) => {
        const mine = (event: StreamEvent): boolean =>
          seesAll(auth) || event.projectId === (auth.projectId ?? '');
        const listen = (push: (event: StreamEvent) => void): (() => void) => {
          const hear = (event: StreamEvent): void => {
            if (mine(event)) push(event);
          };
          const stops = [
            engine.events.on(hear),
            ...(query.changes === 'true' ? [changes.on(hear), traffic.on(hear)] : []),
          ];
          return () => stops.forEach((stop) => stop());
        };
        const events = new Subscription(listen, BACKLOG, signal);
        return new Reply({
          // Server-sent events (HTML Living Standard, 9.2).
          headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
          stream: Readable.from(serverSent(events), { objectMode: false, highWaterMark: 64 * 1024 }),
        });
      },
    }),
  ];
};

async function* serverSent(events: AsyncIterable<{ type: string }>): AsyncGenerator<Buffer> {
  yield Buffer.from(': live\n\n');
  for await (const event of events)
    yield Buffer.from(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
}
