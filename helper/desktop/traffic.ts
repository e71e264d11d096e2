import type { LinkTraffic, TrafficEvent } from '../contract/devices.ts';
import type { LinkCounters } from '../host/net/link/interface.ts';

const INTERVAL_MS = 1000;
/** Who looks says so again within this time. */
export const LEASE_MS = 15_000;

/** What passes the network's devices, told every second for as long as somebody looks. */
export class TrafficFeed {
  readonly #read: () => Promise<readonly LinkCounters[]>;
  readonly #listeners = new Set<(event: TrafficEvent) => void>();
  #until = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #before: { readonly at: number; readonly links: ReadonlyMap<string, LinkCounters> } | undefined;
  /** Something passed at the last look: that it stopped has to be told once. */
  #moved = false;

  /** @param read counters of all devices; cheap */
  constructor(read: () => Promise<readonly LinkCounters[]>) {
    this.#read = read;
  }

  /** Calls `listener` with what passes, while {@link watch} is called. @returns how to stop. */
  on(listener: (event: TrafficEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** Somebody looks, for {@link LEASE_MS} from now. */
  watch(): void {
    this.#until = Date.now() + LEASE_MS;
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => void this.#look(), INTERVAL_MS);
    this.#timer.unref();
    void this.#look();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#before = undefined;
  }

  async #look(): Promise<void> {
    if (Date.now() > this.#until) return this.close();
    // The counters may be unreadable for a moment; the next look is in a second.
    const counters = await this.#read().catch(() => undefined);
    if (counters === undefined || this.#timer === undefined) return;
    const now = { at: Date.now(), links: new Map(counters.map((one) => [one.device, one])) };
    const before = this.#before;
    this.#before = now;
    if (before === undefined) return;
    const links = traffic(before.links, counters, (now.at - before.at) / 1000);
    if (links.length === 0 && !this.#moved) return;
    this.#moved = links.length > 0;
    const event: TrafficEvent = { type: 'traffic', at: now.at, links, projectId: null };
    for (const listener of this.#listeners) listener(event);
  }
}

/** What passed between two looks, a second; devices that nothing passed are left out. */
export function traffic(
  before: ReadonlyMap<string, LinkCounters>,
  now: readonly LinkCounters[],
  seconds: number,
): readonly LinkTraffic[] {
  if (seconds <= 0) return [];
  return now.flatMap((one) => {
    const old = before.get(one.device);
    if (old === undefined) return [];
    const rate = (key: 'rxBytes' | 'rxPackets' | 'txBytes' | 'txPackets'): number =>
      Math.max(0, Math.round(((one[key] - old[key]) / seconds) * 10) / 10);
    const link: LinkTraffic = {
      device: one.device,
      rxBytes: rate('rxBytes'),
      rxPackets: rate('rxPackets'),
      txBytes: rate('txBytes'),
      txPackets: rate('txPackets'),
      totalBytes: one.rxBytes + one.txBytes,
      totalPackets: one.rxPackets + one.txPackets,
    };
    return link.rxPackets + link.txPackets > 0 ? [link] : [];
  });
}
