import type { Logger } from '../http/index.ts';

/** A guest's initiator tries for as long as it takes; its writes wait meanwhile. */
const INTERVAL_MS = 5_000;

export interface IscsiLoopOptions {
  /** Makes the targets that are not there, and answers of which volumes they are. */
  readonly reconcile: () => Promise<readonly string[]>;
  readonly logger: Logger;
  readonly intervalMs?: number;
}

/**
 * Looks whether the target daemon has what guests need, and makes it again when the daemon died. The daemon outlives the
 * helper, so its end brings no event; without an exported volume a look is one read of the database.
 */
export class IscsiLoop {
  readonly #options: IscsiLoopOptions;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;

  constructor(options: IscsiLoopOptions) {
    this.#options = options;
  }

  /** Resolves after the first look, so that guests which are started then find their disks. */
  async start(): Promise<void> {
    await this.#look();
    this.#timer = setInterval(() => {
      this.#working ??= this.#look().finally(() => {
        this.#working = undefined;
      });
    }, this.#options.intervalMs ?? INTERVAL_MS).unref();
  }

  /** Resolves when a look that is under way has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#working;
  }

  async #look(): Promise<void> {
    const { reconcile, logger } = this.#options;
    try {
      const volumes = await reconcile();
      if (volumes.length > 0) logger.warn({ volumes }, 'exports of volumes were gone and were made again');
    } catch (error) {
      logger.error({ err: error }, 'exports of volumes could not be made again');
    }
  }
}
