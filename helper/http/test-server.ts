import type { AddressInfo } from 'node:net';
import type { AuthContext } from './auth.ts';
import type { Service } from './endpoint.ts';
import { silentLogger } from './log.ts';
import { createHttpServer } from './server.ts';

/** Services behind the real HTTP layer on loopback, for tests. Tokens are the names of the callers; answers are checked. */
export class TestServer {
  readonly #server: ReturnType<typeof createHttpServer>;

  constructor(services: readonly Service[], callers: Readonly<Record<string, AuthContext>>) {
    this.#server = createHttpServer({
      services,
      authenticate: (token) => callers[token],
      origins: { hostNames: [], origins: [] },
      validateResponses: true,
      logger: silentLogger,
    });
  }

  /** 'http://127.0.0.1:<port>', once it listens. */
  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
