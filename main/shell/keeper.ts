import type { ChangeEvent } from '../../helper/contract/change.ts';
import type { LaggedEvent, OperationEvent } from '../../helper/contract/operation.ts';
import type { HelperState, ShellEvent } from '../contract/shell.ts';
import { HelperClient } from '../helper-client.ts';
import { ensureHelper, isPrivileged, socketOf, type Instance } from '../launch.ts';

/** Time for whoever else minds the helper (systemd) to bring it back before it is started from here. */
const GRACE_MS = 3000;
/** How often it is looked for while it does not run: somebody may start it from a terminal. */
const LOOK_MS = 2000;
/** A helper that ends so soon after its start ends again; it is not started a second time by itself. */
const TOO_SOON_MS = 20_000;

/**
 * Keeps an eye on the helper: finds it, starts it, starts it again when it dies, and passes on its event stream. Where
 * a start asks the person for a password it happens only on the person's word.
 */
export class HelperKeeper {
  readonly client: HelperClient;
  readonly #instance: Instance;
  readonly #listeners = new Set<(event: ShellEvent) => void>();
  readonly #end = new AbortController();
  #state: HelperState = { state: 'unknown' };
  #starting: Promise<HelperState> | undefined;
  /** Nobody asked for its end. */
  #wanted = true;
  #startedAt = 0;

  constructor(instance: Instance) {
    this.#instance = instance;
    this.client = new HelperClient(socketOf(instance));
  }

  get state(): HelperState {
    return this.#state;
  }

  /** Calls `listener` with each event from now on. @returns how to stop. */
  on(listener: (event: ShellEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  emit(event: ShellEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  /** Watches until {@link close}; starts the helper where that needs no password. */
  async run(): Promise<void> {
    while (!this.#end.signal.aborted) {
      const status = await this.client.statusIfRunning().catch((error: unknown) => error as Error);
      if (status instanceof Error) this.#become({ state: 'failed', text: status.message });
      else if (status !== undefined) {
        this.#become({ state: 'running', status });
        await this.#follow();
        // Its stream has ended, so it ends or has ended.
        if (this.#wanted) await this.#pause(GRACE_MS);
        continue;
      } else if (this.#state.state !== 'failed' && this.#starting === undefined) {
        this.#become({ state: 'stopped' });
        if (this.#wanted && isPrivileged(this.#instance)) {
          if (Date.now() - this.#startedAt < TOO_SOON_MS)
            this.#become({
              state: 'failed',
              text: 'The helper ended right after its start; its log says why.',
            });
          else {
            await this.start();
            continue;
          }
        }
      }
      await this.#pause(LOOK_MS);
    }
  }

  /** Starts it if it does not run; a failure is a state, not an exception. */
  start(): Promise<HelperState> {
    this.#wanted = true;
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  /** Ends the helper; with 'shutdown' the guests as well. */
  async stop(guests: 'keep' | 'shutdown'): Promise<HelperState> {
    this.#wanted = false;
    await this.client.stop(guests);
    while ((await this.client.statusIfRunning()) !== undefined) await this.#pause(200);
    this.#become({ state: 'stopped' });
    return this.#state;
  }

  close(): void {
    this.#end.abort();
  }

  async #start(): Promise<HelperState> {
    this.#become({ state: 'starting' });
    this.#startedAt = Date.now();
    try {
      const { status } = await ensureHelper(this.#instance);
      this.#become({ state: 'running', status });
    } catch (error) {
      this.#become({ state: 'failed', text: (error as Error).message });
    }
    return this.#state;
  }

  async #follow(): Promise<void> {
    const pass = (event: OperationEvent | ChangeEvent | LaggedEvent): void => this.emit(event);
    await this.client
      .followAll(pass, () => this.emit({ type: 'connected' }), this.#end.signal)
      .catch(() => undefined);
  }

  #become(state: HelperState): void {
    const same = JSON.stringify(state) === JSON.stringify(this.#state);
    this.#state = state;
    if (!same) this.emit({ type: 'helper', ...state });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#end.signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
