/**
 * The connection to libvirt as long as the helper lives: made when first needed, made again when lost, with hints for
 * whoever watches. That libvirtd is down is an error of the call, never of the helper's start.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  connect,
  DomainEvent,
  StoppedDetail,
  type ConnectOptions,
  type Libvirt,
} from '../../libvirt-ts/index.ts';
import { record } from '../record.ts';
import type { DomainHint } from './interface.ts';

type HintEvent = DomainHint['event'];

const EVENTS: Readonly<Record<number, HintEvent>> = {
  [DomainEvent.DEFINED]: 'defined',
  [DomainEvent.UNDEFINED]: 'undefined',
  [DomainEvent.STARTED]: 'started',
  [DomainEvent.SUSPENDED]: 'suspended',
  [DomainEvent.RESUMED]: 'resumed',
  [DomainEvent.STOPPED]: 'stopped',
  [DomainEvent.PMSUSPENDED]: 'suspended',
  [DomainEvent.CRASHED]: 'crashed',
};

/** How long a call waits for a daemon that is just being restarted. */
const RECONNECT_WAIT_MS = 3_000;
const FIRST_RETRY_MS = 1_000;
const MAX_RETRY_MS = 30_000;

export class LibvirtConnection {
  readonly #options: ConnectOptions;
  /** Runs outside of any operation: what belongs to the connection must not be recorded in whichever made it. */
  readonly #outside = AsyncLocalStorage.snapshot();
  readonly #listeners = new Set<(hint: DomainHint) => void>();
  readonly #abort = new AbortController();
  #ownListeners = 0;
  #client: Libvirt | undefined;
  #connecting: Promise<Libvirt> | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: ConnectOptions) {
    this.#options = options;
  }

  /** An open connection. @throws {LibvirtConnectError | LibvirtDisconnectedError} */
  async open(): Promise<Libvirt> {
    if (this.#client === undefined) return this.#connect();
    if (!this.#client.connected) await this.#client.waitConnected(RECONNECT_WAIT_MS);
    return this.#client;
  }

  /** As {@link watch}, for who has no interest of its own in a connection. */
  onAny(listener: (hint: DomainHint) => void): void {
    this.#listeners.add(listener);
    this.#ownListeners += 1;
  }

  /** Calls back at each hint; 'resync' (with an empty uuid) says that some may have been lost. */
  watch(listener: (hint: DomainHint) => void): () => void {
    const own = (hint: DomainHint): void => listener(hint);
    this.#listeners.add(own);
    if (this.#client === undefined) this.#connect().catch(() => this.#retryLater(FIRST_RETRY_MS));
    return () => this.#listeners.delete(own);
  }

  async close(): Promise<void> {
    this.#abort.abort();
    this.#listeners.clear();
    clearTimeout(this.#retry);
    const client = this.#client ?? (await this.#connecting?.catch(() => undefined));
    await client?.close();
  }

  #connect(): Promise<Libvirt> {
    this.#connecting ??= this.#outside(() => this.#connectNow()).finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  async #connectNow(): Promise<Libvirt> {
    const client = await connect({
      ...this.#options,
      onCall: ({ procedure, detail, durationMs, error }) =>
        record({
          kind: 'rpc',
          procedure: `libvirt ${procedure}`,
          detail: detail.startsWith('xml=') ? 'xml: see above' : detail,
          durationMs,
          ...(error === undefined ? {} : { error: error instanceof Error ? error.message : 'failed' }),
        }),
    });
    try {
      // Nobody hears a warning of a client that nobody knows yet; what it drops, a resync makes good.
      client.on('warning', () => this.#resync());
      client.on('reconnected', () => this.#resync());
      const onLost = { onLost: (): void => this.#resync() };
      await client.subscribe(
        'lifecycle',
        ({ dom, event, detail }) => {
          const crashed = event === DomainEvent.STOPPED && detail === StoppedDetail.CRASHED;
          const hint = crashed ? 'crashed' : EVENTS[event];
          if (hint !== undefined) this.#emit({ uuid: dom.uuid, event: hint });
        },
        onLost,
      );
      await client.subscribe(
        'reboot',
        ({ dom }) => this.#emit({ uuid: dom.uuid, event: 'rebooted' }),
        onLost,
      );
      if (this.#abort.signal.aborted) throw new Error('the connection to libvirt was closed');
    } catch (error) {
      await client.close();
      throw error;
    }
    this.#client = client;
    clearTimeout(this.#retry);
    return client;
  }

  /** Only somebody who watches makes us look for a daemon that nobody calls. */
  #retryLater(delayMs: number): void {
    if (
      this.#abort.signal.aborted ||
      this.#listeners.size <= this.#ownListeners ||
      this.#client !== undefined
    )
      return;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => {
      if (this.#client !== undefined) return;
      this.#connect().then(
        () => this.#resync(),
        () => this.#retryLater(Math.min(delayMs * 2, MAX_RETRY_MS)),
      );
    }, delayMs).unref();
  }

  #resync(): void {
    this.#emit({ uuid: '', event: 'resync' });
  }

  #emit(hint: DomainHint): void {
    for (const listener of this.#listeners) {
      try {
        listener(hint);
      } catch (error) {
        process.emitWarning(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }
}
