/**
 * Keyed locks: a ticket asks for several keys at once and waits in the queue of each; it has them when it is the
 * first of all. Because a ticket joins all its queues in one go, tickets that meet anywhere are in the same order
 * everywhere, so nobody overtakes and no cycle of waiting can arise.
 */
export class KeyedLocks {
  /** Tickets by key, the holder first. */
  readonly #queues = new Map<string, number[]>();
  readonly #tickets = new Map<number, { readonly keys: readonly string[]; granted: (() => void) | null }>();

  /** Calls `granted` once (perhaps before this returns) when `ticket` holds all `keys`. */
  request(ticket: number, keys: readonly string[], granted: () => void): void {
    const unique = [...new Set(keys)].sort();
    this.#tickets.set(ticket, { keys: unique, granted });
    for (const key of unique) {
      const queue = this.#queues.get(key);
      if (queue === undefined) this.#queues.set(key, [ticket]);
      else queue.push(ticket);
    }
    this.#grantIfFirst(ticket);
  }

  /** Gives up the keys, or the place in the queues. */
  release(ticket: number): void {
    const keys = this.#tickets.get(ticket)?.keys ?? [];
    this.#tickets.delete(ticket);
    for (const key of keys) {
      const queue = (this.#queues.get(key) ?? []).filter((other) => other !== ticket);
      if (queue.length === 0) this.#queues.delete(key);
      else this.#queues.set(key, queue);
    }
    for (const key of keys) {
      const next = this.#queues.get(key)?.[0];
      if (next !== undefined) this.#grantIfFirst(next);
    }
  }

  /** True when nobody holds or waits for anything. */
  get idle(): boolean {
    return this.#queues.size === 0;
  }

  #grantIfFirst(ticket: number): void {
    const entry = this.#tickets.get(ticket);
    if (entry?.granted == null) return;
    if (!entry.keys.every((key) => this.#queues.get(key)?.[0] === ticket)) return;
    const { granted } = entry;
    entry.granted = null;
    granted();
  }
}
