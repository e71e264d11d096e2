import { Type } from 'typebox';
import { Reply, endpoint, mv, type Endpoint, type Microversion } from '../../http/index.ts';
import type { ComputeDeps } from '../deps.ts';
import { Uuid, byVersion, strict } from '../schemas/common.ts';
import { findServer } from '../store/server.ts';

/** When a name was added. */
const NAMES: readonly (readonly [name: string, since: Microversion])[] = [
  ['network-changed', mv('2.1')],
  ['network-vif-plugged', mv('2.1')],
  ['network-vif-unplugged', mv('2.1')],
  ['network-vif-deleted', mv('2.1')],
  ['volume-extended', mv('2.51')],
  ['power-update', mv('2.76')],
  ['accelerator-request-bound', mv('2.82')],
  ['volume-reimaged', mv('2.93')],
];
/** Without a tag these say nothing. */
const TAGGED = new Set(['volume-extended', 'power-update', 'accelerator-request-bound']);

interface ExternalEvent {
  readonly server_uuid: string;
  readonly name: string;
  readonly status?: string;
  readonly tag?: string;
}

const Events = byVersion(['2.1', '2.51', '2.76', '2.82', '2.93'], (version) =>
  strict({
    events: Type.Array(
      strict({
        server_uuid: Uuid,
        name: Type.Enum(NAMES.filter(([, since]) => version >= since).map(([name]) => name)),
        status: Type.Optional(Type.Enum(['failed', 'completed', 'in-progress'])),
        tag: Type.Optional(Type.String({ maxLength: 255 })),
      }),
      { minItems: 1 },
    ),
  }),
);
const Answered = strict({
  events: Type.Array(
    strict({
      server_uuid: Type.String(),
      name: Type.String(),
      status: Type.String(),
      code: Type.Integer(),
      tag: Type.Optional(Type.String()),
    }),
  ),
});

/**
 * /os-server-external-events (api-ref): how other services tell compute what happened to a server's parts. In this
 * cloud they are in the same process and need no messages: what an event would make nova read again is read from the
 * rows each time. So an event is checked and logged, and changes nothing.
 */
export const externalEventEndpoints = ({ db, logger }: ComputeDeps): readonly Endpoint[] => {
  const answer = (event: ExternalEvent): ExternalEvent & { status: string; code: number } => {
    const row = findServer(db, event.server_uuid);
    if (row === undefined) return { ...event, status: 'failed', code: 404 };
    if (TAGGED.has(event.name) && event.tag === undefined) return { ...event, status: 'failed', code: 400 };
    if (row.host === null) return { ...event, status: 'failed', code: 422 };
    logger.info({ server: row.id, event: event.name, tag: event.tag }, 'another service told of an event');
    return { ...event, status: 'completed', code: 200 };
  };
  return [
    endpoint({
      id: 'os-server-external-events:create',
      method: 'POST',
      path: '/os-server-external-events',
      policy: 'os_compute_api:os-server-external-events:create',
      body: Events,
      response: Answered,
      ok: 200,
      handler: ({ body }) => {
        const events = (body as { events: readonly ExternalEvent[] }).events.map(answer);
        const partly = events.some(({ status }) => status === 'failed');
        return new Reply({ status: partly ? 207 : 200, body: { events } });
      },
    }),
  ];
};
