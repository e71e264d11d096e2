import { problemOf, type Problem } from '../../cloud/errors.ts';
import type { Api } from '../../cloud/api.ts';
import { sampleOf, type Diagnostics, type Sample } from './metrics.ts';

const AGAIN_MS = 2000;
/** Ten minutes. */
const KEPT = 300;

/** What was seen of a guest while somebody looked. It outlives its page, so that the way back finds it. Reactive. */
export class Metrics {
  samples: readonly Sample[] = $state.raw([]);
  problem: Problem | undefined = $state.raw(undefined);
  readonly #path: string;
  #before: { at: number; found: Diagnostics } | undefined;

  constructor(serverId: string) {
    this.#path = `/servers/${serverId}/diagnostics`;
  }

  /** Looks again and again. @returns how to stop. */
  watch(api: Api): () => void {
    let gone = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const again = async (): Promise<void> => {
      if (!document.hidden) await this.#look(api);
      if (!gone) timer = setTimeout(() => void again(), AGAIN_MS);
    };
    void again();
    return () => {
      gone = true;
      clearTimeout(timer);
      // Rates across a time in which nobody looked would be flat lies.
      this.#before = undefined;
    };
  }

  async #look(api: Api): Promise<void> {
    try {
      const found = await api.get<Diagnostics>('compute', this.#path);
      const now = { at: Date.now(), found };
      this.samples = [...this.samples.slice(1 - KEPT), sampleOf(now, this.#before)];
      this.#before = now;
      this.problem = undefined;
    } catch (error) {
      this.problem = problemOf(error);
      this.#before = undefined;
    }
  }
}

const kept = new Map<string, Metrics>();

export function metricsOf(serverId: string): Metrics {
  let found = kept.get(serverId);
  if (found === undefined) {
    found = new Metrics(serverId);
    kept.set(serverId, found);
  }
  return found;
}
