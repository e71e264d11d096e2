import type { PowerChange, ServerPower } from '../compute/index.ts';
import type { DomainHint, DomainHost, DomainStatus, PowerState } from '../host/domain/interface.ts';
import type { Logger } from '../http/index.ts';

export interface PowerStateOptions {
  readonly domains: DomainHost;
  readonly servers: ServerPower;
  readonly logger: Logger;
}

/**
 * Keeps servers' states as the hypervisor has them: events are hints to look, and at start and after each reconnection
 * all is compared. Nothing ticks.
 *
 * A guest that shut itself down becomes SHUTOFF, one that was started behind us ACTIVE (R13); a domain of ours
 * without a server goes (R14); after a reboot of the host what ran before runs again (R31). Servers with an open
 * operation are left alone: it settles them itself.
 */
export class PowerStateLoop {
  readonly #options: PowerStateOptions;
  #unwatch: readonly (() => void)[] = [];
  /** Domains to look at; 'all' after a reconnection. */
  readonly #pending = new Set<string>();
  /** Domains that were told of while an operation was open for their server; looked at when it has ended. */
  readonly #deferred = new Set<string>();
  #all = false;
  #working: Promise<void> | undefined;
  #stopped = false;

  constructor(options: PowerStateOptions) {
    this.#options = options;
  }

  /**
   * Begins to compare everything, and follows hints. Does not wait: an unreachable hypervisor must not keep the APIs from
   * answering, and its return brings a resync.
   */
  start(): void {
    const { domains, servers } = this.#options;
    this.#unwatch = [
      domains.watch((hint) => this.#hinted(hint)),
      servers.onOperationEnd((serverId) => {
        if (!this.#deferred.delete(serverId)) return;
        this.#pending.add(serverId);
        void this.#wake();
      }),
    ];
    this.#all = true;
    void this.#wake();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const unwatch of this.#unwatch) unwatch();
    await this.#working;
  }

  /** Resolves when nothing is left to look at; for tests. */
  async settled(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  #hinted(hint: DomainHint): void {
    if (hint.event === 'resync') this.#all = true;
    else this.#pending.add(hint.uuid);
    void this.#wake();
  }

  #wake(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
    return this.#working;
  }

  async #work(): Promise<void> {
    while (!this.#stopped && (this.#all || this.#pending.size > 0)) {
      const all = this.#all;
      const some = [...this.#pending];
      this.#all = false;
      this.#pending.clear();
      try {
        if (all) await this.#compareAll();
        else for (const uuid of some) await this.#compareOne(uuid);
      } catch (error) {
        // The hypervisor went away; when it is back there is a resync.
        this.#options.logger.warn({ err: error }, 'power states could not be compared');
        return;
      }
    }
  }

  async #compareAll(): Promise<void> {
    const { domains, servers, logger } = this.#options;
    const listed = await domains.list();
    const powers = new Map(listed.map(({ uuid, powerState }) => [uuid, powerState]));
    const rebooted = servers.rebooted();
    for (const [id, change] of servers.observeAll(powers, rebooted)) this.#log(id, powers.get(id), change);
    // Only now: had the helper died before, the next one would still know of the reboot.
    servers.noteBoot();
    for (const domain of listed) await this.#reap(domain);
    logger.info({ domains: listed.length, rebooted }, 'power states compared');
  }

  async #compareOne(uuid: string): Promise<void> {
    const { domains, servers } = this.#options;
    if (servers.busy(uuid)) {
      this.#deferred.add(uuid);
      return;
    }
    const known = servers.known(uuid);
    const status = await domains.status(uuid);
    if (known) this.#log(uuid, status?.powerState, servers.observe(uuid, status?.powerState));
    // Whose a domain is only the list says, which knows the owner tag.
    else if (status !== undefined) {
      const ours = (await domains.list()).find((domain) => domain.uuid === uuid);
      if (ours !== undefined) await this.#reap(ours);
    }
  }

  #log(serverId: string, powerState: PowerState | undefined, change: PowerChange | undefined): void {
    if (change === undefined) return;
    this.#options.logger.info(
      { serverId, powerState: powerState ?? 'no domain', change },
      change === 'recovery' ? 'the server is started again' : "the server's state follows its domain",
    );
  }

  /** Removes a domain that is ours and of no server. */
  async #reap({ uuid, name }: DomainStatus): Promise<void> {
    const { domains, servers, logger } = this.#options;
    if (servers.known(uuid) || servers.busy(uuid)) return;
    logger.warn({ domain: name, uuid }, 'a domain without a server is removed');
    await domains.destroy(uuid);
    await domains.undefine(uuid);
  }
}
