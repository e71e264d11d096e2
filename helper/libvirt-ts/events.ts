/** The domain events: what to register for each kind (virDomainEventID), and the message that then comes. */
import { i32, string, struct, type Out } from './codec.ts';
import { domain } from './types.ts';
import type { Decoder } from './procedures/rpc.ts';

interface EventKindEntry<E> {
  /** virDomainEventID. */
  readonly id: number;
  /** The procedure number that the event messages carry. */
  readonly procedure: number;
  readonly event: Decoder<E>;
}

const kind = <E>(id: number, procedure: number, event: Decoder<E>): EventKindEntry<E> => ({
  id,
  procedure,
  event,
});

const dom = domain;
/** The daemon's number of our registration. One kind is registered once, so the procedure says the same. */
const callbackId = i32;

export const eventKinds = {
  /** `event` is one of DomainEvent, `detail` one of DefinedDetail, StartedDetail, StoppedDetail ... */
  lifecycle: kind(0, 318, struct({ callbackId, dom, event: i32, detail: i32 })),
  reboot: kind(1, 319, struct({ callbackId, dom })),
  /** `action` is one of WatchdogAction. */
  watchdog: kind(3, 321, struct({ callbackId, dom, action: i32 })),
  /** `action` is one of IoErrorAction; `reason` is 'enospc' or ''. */
  'io-error': kind(
    6,
    324,
    struct({ callbackId, dom, srcPath: string, devAlias: string, action: i32, reason: string }),
  ),
  'device-removed': kind(15, 333, struct({ callbackId, dom, devAlias: string })),
  /** `disk` is the target ('vda'); `type` is one of BlockJobType, `status` one of BlockJobStatus. */
  'block-job': kind(16, 339, struct({ callbackId, dom, disk: string, type: i32, status: i32 })),
  /** `state` is one of AgentState. */
  'agent-lifecycle': kind(18, 348, struct({ callbackId, dom, state: i32, reason: i32 })),
  'device-added': kind(19, 354, struct({ callbackId, dom, devAlias: string })),
  'device-removal-failed': kind(22, 367, struct({ callbackId, dom, devAlias: string })),
};

export type EventKind = keyof typeof eventKinds;
export type EventOf<K extends EventKind> = Out<(typeof eventKinds)[K]['event']>;
export type LifecycleEvent = EventOf<'lifecycle'>;

const kindByProcedure = new Map<number, EventKind>(
  Object.entries(eventKinds).map(([name, { procedure }]) => [procedure, name as EventKind]),
);

/** The kind of an event message, by its procedure number. */
export const eventKindOf = (procedure: number): EventKind | undefined => kindByProcedure.get(procedure);
