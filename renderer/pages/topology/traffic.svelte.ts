import { onDestroy } from 'svelte';
import type { LinkTraffic } from '../../../helper/contract/devices.ts';
import { Api } from '../../cloud/api.ts';
import { onEvent } from '../../shell/events.ts';

const api = new Api(null);
/** Well before the helper takes it that nobody looks any more. */
const AGAIN_MS = 8000;

/** What passes each device now, by its name; kept current for as long as somebody looks. */
class Traffic {
  links: ReadonlyMap<string, LinkTraffic> = $state.raw(new Map<string, LinkTraffic>());
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #stop: () => void;

  constructor() {
    this.#stop = onEvent((event) => {
      if (event.type === 'traffic') this.links = new Map(event.links.map((one) => [one.device, one]));
      else if (event.type === 'connected') void watch();
    });
    this.#timer = setInterval(() => {
      if (!document.hidden) void watch();
    }, AGAIN_MS);
    void watch();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#stop();
  }
}

/** Who may not look sees no counters, and everything else. */
const watch = (): Promise<unknown> => api.post('deskcloud', '/network/traffic').catch(() => undefined);

/** For as long as this component is there. */
export function useTraffic(): Traffic {
  const traffic = new Traffic();
  onDestroy(() => traffic.close());
  return traffic;
}
