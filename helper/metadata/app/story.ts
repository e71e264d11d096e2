import type { Logger } from '../../http/index.ts';
import type { SagaEngine } from '../../saga/index.ts';
import type { Place } from './lookup.ts';

const MOST_SERVERS = 4096;
const MOST_PATHS = 32;

/**
 * Tells in a server's story (CREATE-FLOW.md, step 39) what its guest asked for: each path once, however often the
 * guest polls, and not more than a few of them. Paths only, no answers: those hold secrets (S21).
 */
export class Story {
  readonly #sagas: Pick<SagaEngine, 'appendEvent'>;
  readonly #logger: Logger;
  readonly #told = new Map<string, Set<string>>();

  constructor(sagas: Pick<SagaEngine, 'appendEvent'>, logger: Logger) {
    this.#sagas = sagas;
    this.#logger = logger;
  }

  asked(serverId: string, path: string, address: string, place: Place): void {
    const told = this.#toldOf(serverId);
    if (told.has(path) || told.size >= MOST_PATHS) return;
    told.add(path);
    const where = 'networkId' in place ? `network ${place.networkId}` : `router ${place.routerId}`;
    try {
      this.#sagas.appendEvent(
        { type: 'server', id: serverId },
        {
          name: 'metadata asked',
          number: 39,
          service: 'metadata',
          text: `${path} from ${address} on ${where}`,
        },
      );
    } catch (error) {
      this.#logger.warn({ err: error, serverId }, 'a metadata request could not be noted in the record');
    }
  }

  #toldOf(serverId: string): Set<string> {
    const there = this.#told.get(serverId);
    if (there !== undefined) return there;
    const [oldest] = this.#told.keys();
    if (oldest !== undefined && this.#told.size >= MOST_SERVERS) this.#told.delete(oldest);
    const fresh = new Set<string>();
    this.#told.set(serverId, fresh);
    return fresh;
  }
}
