import type { Logger } from '../http/index.ts';

/** What is looked at again and again. */
export interface Revived {
  /** Whose they are: the key in the log. */
  readonly of: string;
  readonly intervalMs: number;
  /** What the log says when some were gone, and when they could not be made again. */
  readonly made: string;
  readonly failed: string;
}

/**
 * The servers are nobody's children (they outlive the helper), so their end brings no event (R20); a look costs two small
 * reads for each network. A guest asks again for its lease for about a minute before it gives up.
 */
export const DHCP_SERVERS: Revived = {
  of: 'networks',
  intervalMs: 10_000,
  made: 'DHCP servers had died and were started again',
  failed: 'a DHCP server that died could not be started again',
};

/**
 * The target daemon outlives the helper, so its end brings no event; without an exported volume a look is one read of the
 * database. A guest's initiator tries for as long as it takes; its writes wait meanwhile.
 */
export const ISCSI_EXPORTS: Revived = {
  of: 'volumes',
  intervalMs: 5_000,
  made: 'exports of volumes were gone and were made again',
  failed: 'exports of volumes could not be made again',
};

export interface RevivalOptions extends Revived {
  /** Makes those that are gone again, and answers whose they are. */
  readonly revive: () => Promise<readonly string[]>;
  readonly logger: Logger;
}

/** Looks whether what other processes do for the cloud is still done, and has it done again; one look at a time. */
export class RevivalLoop {
  readonly #options: RevivalOptions;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;

  constructor(options: RevivalOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#working ??= this.look().finally(() => {
        this.#working = undefined;
      });
    }, this.#options.intervalMs).unref();
  }

  /** Resolves when a look that is under way has ended. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#working;
  }

  /** Never fails: the next look may do better. */
  async look(): Promise<void> {
    const { revive, logger, of, made, failed } = this.#options;
    try {
      const ids = await revive();
      if (ids.length > 0) logger.warn({ [of]: ids }, made);
    } catch (error) {
      logger.error({ err: error }, failed);
    }
  }
}
