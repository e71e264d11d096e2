import type { Logger } from '../../http/index.ts';
import type { SagaEngine } from '../../saga/index.ts';
import type { Place } from './lookup.ts';

const MOST_SERVERS = 4096;
const MOST_PATHS = 32;

/**
 * Tells in a server's story (CREATE-FLOW.md, step 39) what its guest asked for: each path once since the guest was last
 * started, however often it polls, and not more than a few of them. Paths only, no answers: those hold secrets (S21).
 */
export class Story {
  readonly #sagas: Pick<SagaEngine, 'appendEvent' | 'storyOf'>;
  readonly #logger: Logger;
  /** By server: the operation that tells the story now, and the paths that are in it. */
  readonly #told = new Map<string, { readonly operationId: string; readonly paths: Set<string> }>();

  constructor(sagas: Pick<SagaEngine, 'appendEvent' | 'storyOf'>, logger: Logger) {
    this.#sagas = sagas;
    this.#logger = logger;
  }

  asked(serverId: string, path: string, address: string, place: Place): void {
    const where = 'networkId' in place ? `network ${place.networkId}` : `router ${place.routerId}`;
    try {
      const operationId = this.#sagas.storyOf({ type: 'server', id: serverId });
      if (operationId === undefined) return;
      const told = this.#toldOf(serverId, operationId);
      if (told.has(path) || told.size >= MOST_PATHS) return;
      told.add(path);
      this.#sagas.appendEvent(operationId, {
        name: 'metadata asked',
        number: 39,
        service: 'metadata',
        text: `${path} from ${address} on ${where}`,
      });
    } catch (error) {
      this.#logger.warn({ err: error, serverId }, 'a metadata request could not be noted in the record');
    }
  }

  #toldOf(serverId: string, operationId: string): Set<string> {
    const there = this.#told.get(serverId);
    if (there?.operationId === operationId) return there.paths;
    const [oldest] = this.#told.keys();
    if (oldest !== undefined && this.#told.size >= MOST_SERVERS) this.#told.delete(oldest);
    const paths = new Set<string>();
    this.#told.set(serverId, { operationId, paths });
    return paths;
  }
}
