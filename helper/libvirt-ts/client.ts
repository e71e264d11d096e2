/**
 * The connection as its owner sees it: typed methods from the procedure table, subscriptions, reconnection, and an
 * observer of every call.
 */
import { EventEmitter } from 'node:events';
import { existsSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import type { Duplex, Readable } from 'node:stream';
import { show } from './codec.ts';
import { Connection, malformed, type CallOptions as ConnectionCallOptions } from './connection.ts';
import { LibvirtDisconnectedError } from './errors.ts';
import { eventKindOf, eventKinds, type EventKind, type EventOf } from './events.ts';
import {
  procedures,
  sessionProcedures,
  streamProcedures,
  type InputOf,
  type OutputOf,
  type Procedures,
} from './procedures/index.ts';
import type { Procedure } from './procedures/rpc.ts';
import type { Packet } from './protocol.ts';
import { LibvirtStream } from './stream.ts';
import { feed, Subscription, type Listener, type SubscribeOptions } from './subscription.ts';
import { XdrReader } from './xdr.ts';

/** What an observer is told of each call, whether it succeeded or not. */
export interface CallInfo {
  /** The method's name, such as 'domainCreateWithFlags'. */
  readonly procedure: string;
  /** The arguments in one line; passwords and keys read `***`. */
  readonly detail: string;
  readonly durationMs: number;
  readonly error?: unknown;
}

export interface ConnectOptions {
  /** Default: the first that exists of /run/libvirt/virtqemud-sock and /run/libvirt/libvirt-sock. */
  readonly socketPath?: string;
  /** Default qemu:///system. */
  readonly uri?: string;
  /** How long a call may take; default 60 s. Calls that move memory or disks have an hour. */
  readonly callTimeoutMs?: number;
  /** Whether a lost connection is made again; default true. */
  readonly reconnect?: boolean;
  readonly onCall?: (info: CallInfo) => void;
}

export interface CallOptions {
  readonly timeoutMs?: number;
}

interface ClientEvents {
  /** The connection is gone; pending calls were rejected. */
  disconnected: [cause: Error | undefined];
  /** It is back and subscriptions are registered again. Events in between are lost: read all state again. */
  reconnected: [];
  /** Something was dropped and nobody else could be told: a failed listener, an event that cannot be read. */
  warning: [error: Error];
}

type Method<P> =
  Partial<InputOf<P>> extends InputOf<P>
    ? (args?: InputOf<P>, options?: CallOptions) => Promise<OutputOf<P>>
    : (args: InputOf<P>, options?: CallOptions) => Promise<OutputOf<P>>;

/** One method for each entry of the procedure table. */
export type Methods = { readonly [K in keyof Procedures]: Method<Procedures[K]> };

/** An open connection to libvirt. */
export type Libvirt = LibvirtClient & Methods;

const SOCKETS = ['/run/libvirt/virtqemud-sock', '/run/libvirt/libvirt-sock'] as const;
const DEFAULT_CALL_TIMEOUT_MS = 60_000;
const RECONNECT_FIRST_MS = 100;
const RECONNECT_MAX_MS = 5_000;

/** A subscription without the type of its events. */
interface Deliverer {
  deliver(event: unknown): void;
  close(): void;
}

interface Waiter {
  resolve(): void;
  reject(error: Error): void;
}

export class LibvirtClient extends EventEmitter<ClientEvents> {
  readonly #socketPath: string;
  readonly #uri: string;
  readonly #callTimeoutMs: number;
  readonly #mayReconnect: boolean;
  readonly #onCall: ((info: CallInfo) => void) | undefined;
  /** Every connection that is open or being opened: the main one, and those of streams and calls aside. */
  readonly #connections = new Set<Connection>();
  readonly #subscriptions = new Map<EventKind, Set<Deliverer>>();
  readonly #waiters = new Set<Waiter>();
  /** The registrations of the main connection; the daemon forgets them with it. */
  #registrations = new Map<EventKind, Promise<number>>();
  #main: Connection | undefined;
  #reconnectTimer: NodeJS.Timeout | undefined;
  #closed = false;

  /** Use {@link connect}. */
  constructor(options: ConnectOptions) {
    super();
    this.#socketPath = options.socketPath ?? SOCKETS.find((path) => existsSync(path)) ?? SOCKETS[1];
    this.#uri = options.uri ?? 'qemu:///system';
    this.#callTimeoutMs = options.callTimeoutMs ?? DEFAULT_CALL_TIMEOUT_MS;
    this.#mayReconnect = options.reconnect ?? true;
    this.#onCall = options.onCall;
    for (const [name, procedure] of Object.entries(procedures)) {
      const typeless = procedure as Procedure<unknown, unknown>;
      Object.defineProperty(this, name, {
        value: (args: unknown = {}, call: CallOptions = {}) =>
          this.#observed(name, typeless, args, () => this.#call(name, typeless, args, call)),
      });
    }
  }

  /** Whether calls can be made now; while it is false they fail at once with outcome 'not-sent'. */
  get connected(): boolean {
    return this.#main !== undefined;
  }

  /** Called once by {@link connect}. */
  async start(): Promise<void> {
    this.#main = await this.#open();
  }

  /** Resolves when there is a connection; rejects with 'not-sent' after the time limit or after close(). */
  waitConnected(timeoutMs: number): Promise<void> {
    if (this.#main !== undefined) return Promise.resolve();
    const gone = (): Error => new LibvirtDisconnectedError('waitConnected', 'not-sent');
    if (this.#closed) return Promise.reject(gone());
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      const waiter: Waiter = {
        resolve: () => {
          done();
          resolve();
        },
        reject: (error) => {
          done();
          reject(error);
        },
      };
      const timer = setTimeout(() => waiter.reject(gone()), timeoutMs);
      this.#waiters.add(waiter);
    });
  }

  /**
   * Takes part in events of one kind. With a listener, it is called for one event after the other (the next one when
   * its promise settled); without one, iterate over the subscription. It outlives a reconnect.
   */
  async subscribe<K extends EventKind>(
    kind: K,
    listener?: Listener<EventOf<K>>,
    options: SubscribeOptions = {},
  ): Promise<Subscription<EventOf<K>>> {
    const subscriptions = this.#subscriptions.get(kind) ?? new Set();
    this.#subscriptions.set(kind, subscriptions);
    const subscription = new Subscription<EventOf<K>>(options, () => subscriptions.delete(deliver));
    const deliver: Deliverer = {
      deliver: (event) => subscription.deliver(event as EventOf<K>),
      close: () => subscription.close(),
    };
    subscriptions.add(deliver);
    try {
      if (this.#main === undefined) throw new LibvirtDisconnectedError('subscribe', 'not-sent');
      await this.#register(this.#main, kind);
    } catch (error) {
      subscription.close();
      throw error;
    }
    if (listener !== undefined) {
      void feed(subscription, listener, (error) => this.#warn(error));
    }
    return subscription;
  }

  /** The picture on a guest's screen; `mimeType` says its format (QEMU: PPM or PNG). */
  async domainScreenshot(
    args: InputOf<typeof streamProcedures.domainScreenshot>,
    options: CallOptions = {},
  ): Promise<{ mimeType: string | null; data: Readable }> {
    const { reply, stream } = await this.#stream('domainScreenshot', args, options);
    return { mimeType: reply, data: stream };
  }

  /** A guest's serial console. Destroy the stream to let go of it. */
  async domainOpenConsole(
    args: InputOf<typeof streamProcedures.domainOpenConsole>,
    options: CallOptions = {},
  ): Promise<Duplex> {
    return (await this.#stream('domainOpenConsole', args, options)).stream;
  }

  /** Ends everything: pending calls are rejected, subscriptions and streams end, no timer or socket is left. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#main = undefined;
    clearTimeout(this.#reconnectTimer);
    const gone = new LibvirtDisconnectedError('waitConnected', 'not-sent');
    for (const waiter of this.#waiters) waiter.reject(gone);
    for (const subscriptions of this.#subscriptions.values()) {
      for (const subscription of subscriptions) subscription.close();
    }
    await Promise.all([...this.#connections].map((connection) => connection.close()));
  }

  async #call(name: string, procedure: Procedure<unknown, unknown>, args: unknown, call: CallOptions) {
    const timeoutMs = call.timeoutMs ?? procedure.timeoutMs ?? this.#callTimeoutMs;
    const aside = procedure.aside === true;
    const connection = aside ? await this.#openOwn(name, timeoutMs) : this.#main;
    if (connection === undefined) throw new LibvirtDisconnectedError(name, 'not-sent');
    try {
      if (procedure.count === undefined) return await connection.call(name, procedure, args, { timeoutMs });
      const count = await connection.exchange(name, procedure, args, procedure.count, { timeoutMs });
      const again = { ...(args as object), nparams: count };
      return await connection.call(name, procedure, again, { timeoutMs });
    } finally {
      if (aside) await connection.close();
    }
  }

  async #stream<K extends keyof typeof streamProcedures>(
    name: K,
    args: InputOf<(typeof streamProcedures)[K]>,
    call: CallOptions,
  ): Promise<{ reply: OutputOf<(typeof streamProcedures)[K]>; stream: LibvirtStream }> {
    const procedure = streamProcedures[name] as Procedure<
      typeof args,
      OutputOf<(typeof streamProcedures)[K]>
    >;
    return this.#observed(name, procedure, args, async () => {
      const timeoutMs = call.timeoutMs ?? this.#callTimeoutMs;
      const connection = await this.#openOwn(name, timeoutMs);
      const streams: LibvirtStream[] = [];
      const options: ConnectionCallOptions = {
        timeoutMs,
        stream: (port) => {
          const stream = new LibvirtStream(port);
          streams.push(stream);
          return stream;
        },
      };
      try {
        const reply = await connection.call(name, procedure, args, options);
        const [stream] = streams;
        if (stream === undefined) throw new LibvirtDisconnectedError(name, 'unknown');
        return { reply, stream };
      } catch (error) {
        await connection.close();
        throw error;
      }
    });
  }

  async #observed<I, T>(
    procedure: string,
    { args: codec }: Procedure<I, unknown>,
    args: I,
    run: () => Promise<T>,
  ): Promise<T> {
    if (this.#onCall === undefined) return run();
    const started = performance.now();
    const observe = (outcome: { error?: unknown }): void => {
      try {
        const durationMs = performance.now() - started;
        this.#onCall?.({ procedure, detail: show(codec, args), durationMs, ...outcome });
      } catch (error) {
        this.#warn(error);
      }
    };
    try {
      const result = await run();
      observe({});
      return result;
    } catch (error) {
      observe({ error });
      throw error;
    }
  }

  async #open(timeoutMs = this.#callTimeoutMs): Promise<Connection> {
    const connection = new Connection(this.#socketPath, {
      message: (packet) => this.#event(packet),
      closed: (closed, cause) => this.#connectionClosed(closed, cause),
    });
    this.#connections.add(connection);
    await connection.open(this.#uri, timeoutMs);
    if (this.#closed) await connection.close();
    if (!this.#connections.has(connection)) throw new LibvirtDisconnectedError('connect', 'not-sent');
    return connection;
  }

  /** A connection for one call or one stream: see asideRpc. */
  async #openOwn(name: string, timeoutMs: number): Promise<Connection> {
    if (this.#main === undefined) throw new LibvirtDisconnectedError(name, 'not-sent');
    try {
      return await this.#open(Math.min(timeoutMs, this.#callTimeoutMs));
    } catch (error) {
      throw new LibvirtDisconnectedError(name, 'not-sent', error);
    }
  }

  #connectionClosed(connection: Connection, cause: Error | undefined): void {
    this.#connections.delete(connection);
    if (connection !== this.#main) return;
    this.#main = undefined;
    this.#registrations = new Map();
    if (this.#mayReconnect) this.#reconnectLater(RECONNECT_FIRST_MS);
    this.emit('disconnected', cause);
  }

  /** The timer alone does not keep the process alive: only somebody in waitConnected() does. */
  #reconnectLater(delayMs: number): void {
    this.#reconnectTimer = setTimeout(() => void this.#reconnect(delayMs), delayMs).unref();
  }

  async #reconnect(delayMs: number): Promise<void> {
    try {
      const connection = await this.#open();
      this.#registrations = new Map();
      const kinds = [...this.#subscriptions].filter(([, set]) => set.size > 0).map(([kind]) => kind);
      await Promise.all(kinds.map((kind) => this.#register(connection, kind)));
      if (!this.#connections.has(connection)) throw new LibvirtDisconnectedError('connect', 'not-sent');
      this.#main = connection;
    } catch {
      if (!this.#closed) this.#reconnectLater(Math.min(delayMs * 2, RECONNECT_MAX_MS));
      return;
    }
    for (const waiter of this.#waiters) waiter.resolve();
    this.emit('reconnected');
  }

  /** Once for each kind and connection; stays registered, since an event that nobody wants costs next to nothing. */
  #register(connection: Connection, kind: EventKind): Promise<number> {
    const registered = this.#registrations.get(kind);
    if (registered !== undefined) return registered;
    const registration = connection.call(
      'connectDomainEventCallbackRegisterAny',
      sessionProcedures.connectDomainEventCallbackRegisterAny,
      { eventId: eventKinds[kind].id },
      { timeoutMs: this.#callTimeoutMs },
    );
    this.#registrations.set(kind, registration);
    registration.catch(() => this.#registrations.delete(kind));
    return registration;
  }

  #event(packet: Packet): void {
    const kind = eventKindOf(packet.procedure);
    if (kind === undefined) return;
    let event: unknown;
    try {
      event = eventKinds[kind].event.read(new XdrReader(packet.payload));
    } catch (error) {
      return this.#warn(malformed(`a ${kind} event`, error));
    }
    for (const subscription of this.#subscriptions.get(kind) ?? []) {
      try {
        subscription.deliver(event);
      } catch (error) {
        // onLost threw: it is the owner's code.
        this.#warn(error);
      }
    }
  }

  #warn(cause: unknown): void {
    const error = cause instanceof Error ? cause : new Error(String(cause));
    if (!this.emit('warning', error)) process.emitWarning(error);
  }
}

/** Connects, authenticates and opens the URI; rejects with LibvirtConnectError where that is impossible. */
export async function connect(options: ConnectOptions = {}): Promise<Libvirt> {
  const client = new LibvirtClient(options);
  await client.start();
  return client as Libvirt;
}
