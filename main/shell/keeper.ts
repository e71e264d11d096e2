import { existsSync } from 'node:fs';
import type { ChangeEvent } from '../../helper/contract/change.ts';
import type { TrafficEvent } from '../../helper/contract/devices.ts';
import type { LaggedEvent, OperationEvent } from '../../helper/contract/operation.ts';
import type { HelperStatus } from '../../helper/contract/status.ts';
import type { HelperState, ShellEvent } from '../contract/shell.ts';
import { HelperClient } from '../helper-client.ts';
import { ensureHelper, isPrivileged, socketOf, type Instance } from '../launch.ts';

const TIMES = {
  /** For whoever else minds the helper (systemd) to bring it back before it is started from here. */
  graceMs: 3000,
  /** How often it is looked for while it does not run: somebody may start it from a terminal. */
  lookMs: 2000,
};
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
  #died = false;
  /** When it was started from here. */
  #startedAt = 0;
  #pid = 0;
  #restartedAt: number | undefined;
  readonly #launch: typeof ensureHelper;
  readonly #times: typeof TIMES;

  /** @param launch and `times` are for tests. */
  constructor(instance: Instance, launch = ensureHelper, times = TIMES) {
    this.#instance = instance;
    this.#launch = launch;
    this.#times = times;
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
        this.#runs(status);
        await this.#follow();
        // Who ends in good order takes its socket away; one that is still there is a dead one's.
        this.#died = this.#wanted && existsSync(this.client.socketPath);
        this.#wanted = this.#died;
        if (this.#died) await this.#pause(this.#times.graceMs);
        continue;
      } else if (this.#state.state !== 'failed' && this.#starting === undefined) {
        await this.#startAgain();
        if (this.#state.state === 'running') continue;
      }
      await this.#pause(this.#times.lookMs);
    }
  }

  /** Nobody runs it, and it should run, unless somebody wanted its end. */
  async #startAgain(): Promise<void> {
    if (this.#died && Date.now() - this.#startedAt < TOO_SOON_MS)
      this.#become({ state: 'failed', text: 'The helper ended right after its start; its log says why.' });
    else if (this.#wanted && isPrivileged(this.#instance)) await this.start();
    else if (this.#died)
      this.#become({
        state: 'died',
        text: 'The helper has ended by itself; its log says why. Servers and their network go on running. Starting it again asks for your password.',
      });
    else this.#become({ state: 'stopped' });
  }

  #runs(status: HelperStatus): HelperState {
    if (this.#died && status.pid !== this.#pid) this.#restartedAt = Date.now();
    this.#died = false;
    this.#wanted = true;
    this.#pid = status.pid;
    const restarted = this.#restartedAt === undefined ? {} : { restartedAt: this.#restartedAt };
    this.#become({ state: 'running', status, ...restarted });
    return this.#state;
  }

  /** Starts it if it does not run; a failure is a state, not an exception. */
  start(): Promise<HelperState> {
    this.#wanted = true;
    this.#starting ??= this.#start().finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  /** Its end is wanted from now on, by whoever brings it about. */
  letGo(): void {
    this.#wanted = false;
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
      const { status } = await this.#launch(this.#instance);
      return this.#runs(status);
    } catch (error) {
      this.#become({ state: 'failed', text: (error as Error).message });
    }
    return this.#state;
  }

  async #follow(): Promise<void> {
    const pass = (event: OperationEvent | ChangeEvent | LaggedEvent | TrafficEvent): void => this.emit(event);
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
