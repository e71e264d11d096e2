import type { Logger } from '../http/index.ts';

/** A guest asks again for its lease for about a minute before it gives up. */
const INTERVAL_MS = 10_000;

export interface DhcpLoopOptions {
  /** Starts the DHCP servers that are not there, and answers whose they are. */
  readonly revive: () => Promise<readonly string[]>;
  readonly logger: Logger;
  readonly intervalMs?: number;
}

/**
 * Looks whether each network's DHCP server still runs, and starts it again when it died (R20). The servers are nobody's
 * children (they outlive the helper), so their end brings no event; a look costs two small reads for each network.
 */
export class DhcpLoop {
  readonly #options: DhcpLoopOptions;
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;

  constructor(options: DhcpLoopOptions) {
    this.#options = options;
  }

  start(): void {
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
    const { revive, logger } = this.#options;
    try {
      const networks = await revive();
      if (networks.length > 0) logger.warn({ networks }, 'DHCP servers had died and were started again');
    } catch (error) {
      logger.error({ err: error }, 'a DHCP server that died could not be started again');
    }
  }
}
