import { onDestroy } from 'svelte';
import { session } from '../../cloud/session.svelte.ts';
import { onEvent } from '../../shell/events.ts';

/** How many of the addresses that may be given out are given out. */
export interface AddressUse {
  readonly total: number;
  readonly used: number;
}

interface Availability {
  readonly network_id: string;
  readonly total_ips: number;
  readonly used_ips: number;
  readonly subnet_ip_availability: readonly {
    readonly subnet_id: string;
    readonly total_ips: number;
    readonly used_ips: number;
  }[];
}

const GATHER_MS = 400;
/** More addresses than that are never all given out. */
export const MANY = 1e6;

/** The use of addresses by network and by subnet, live; empty for whom the API does not tell it. */
class AddressUses {
  networks: ReadonlyMap<string, AddressUse> = $state.raw(new Map<string, AddressUse>());
  subnets: ReadonlyMap<string, AddressUse> = $state.raw(new Map<string, AddressUse>());
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #stop: () => void;

  constructor() {
    this.#stop = onEvent((event) => {
      const counts = event.type === 'changed' && ['port', 'subnet', 'network'].includes(event.kind);
      if (!counts && event.type !== 'connected') return;
      this.#timer ??= setTimeout(() => void this.#read(), GATHER_MS);
    });
    void this.#read();
  }

  close(): void {
    this.#stop();
    clearTimeout(this.#timer);
  }

  async #read(): Promise<void> {
    this.#timer = undefined;
    const answer = await session.api
      .get<{ network_ip_availabilities: readonly Availability[] }>('network', '/network-ip-availabilities')
      .catch(() => ({ network_ip_availabilities: [] as readonly Availability[] }));
    const all = answer.network_ip_availabilities;
    const use = (one: { total_ips: number; used_ips: number }): AddressUse => ({
      total: one.total_ips,
      used: one.used_ips,
    });
    this.networks = new Map(all.map((one) => [one.network_id, use(countable(one))]));
    this.subnets = new Map(
      all.flatMap((one) => one.subnet_ip_availability.map((each) => [each.subnet_id, use(each)] as const)),
    );
  }
}

/** Of a network, the subnets that may run out of addresses: beside a /64 nothing else shows. */
function countable(network: Availability): { total_ips: number; used_ips: number } {
  const small = network.subnet_ip_availability.filter((one) => one.total_ips < MANY);
  if (small.length === 0) return network;
  return {
    total_ips: small.reduce((sum, one) => sum + one.total_ips, 0),
    used_ips: small.reduce((sum, one) => sum + one.used_ips, 0),
  };
}

/** For as long as this component is there. */
export function useAddressUses(): AddressUses {
  const uses = new AddressUses();
  onDestroy(() => uses.close());
  return uses;
}
