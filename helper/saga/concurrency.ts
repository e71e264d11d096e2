/** How many host steps of each class run at once; steps without a class are of class 'host'. */
export type ConcurrencyLimits = Readonly<Record<string, number>>;

export const defaultConcurrency: ConcurrencyLimits = {
  disk: 2,
  // A start mostly waits for libvirt, and guests that boot already slow the ones that wait: two at a time take more
  // than twice as long for ten servers as ten at a time.
  'domain-start': 10,
  image: 2,
  host: 32,
  // Steps that only wait for another operation: they must never take the place of what they wait for.
  waiting: Infinity,
};

interface ClassState {
  free: number;
  readonly waiting: (() => void)[];
}

/** Classes of work with a limit each, first come first served. */
export class ConcurrencyClasses {
  readonly #classes: Map<string, ClassState>;

  constructor(limits: ConcurrencyLimits) {
    this.#classes = new Map(Object.entries(limits).map(([name, free]) => [name, { free, waiting: [] }]));
  }

  has(name: string): boolean {
    return this.#classes.has(name);
  }

  /**
   * Waits for a place.
   *
   * @returns a function that gives the place back; it must be called once.
   * @throws the signal's reason when it aborts first.
   */
  async enter(name: string, signal: AbortSignal): Promise<() => void> {
    const state = this.#classes.get(name);
    if (state === undefined) throw new Error(`there is no concurrency class '${name}'`);
    signal.throwIfAborted();
    if (state.free > 0) state.free -= 1;
    else await waitForPlace(state, signal);
    return () => {
      const next = state.waiting.shift();
      if (next === undefined) state.free += 1;
      else next();
    };
  }
}

async function waitForPlace(state: ClassState, signal: AbortSignal): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => {
      state.waiting.splice(state.waiting.indexOf(onPlace), 1);
      reject(signal.reason as Error);
    };
    const onPlace = (): void => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    state.waiting.push(onPlace);
  });
}
