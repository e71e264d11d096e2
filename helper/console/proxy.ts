import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Logger, UpgradeRoute } from '../http/index.ts';
import type { ConsoleGrant, ConsoleKind, ConsoleTokens } from './tokens.ts';

export interface ProxyOptions {
  readonly path: string;
  readonly tokens: ConsoleTokens;
  /** False once the server is gone, whatever the token says. */
  readonly serverExists: (serverId: string) => boolean;
  readonly connect: (socketPath: string) => Promise<Socket>;
  readonly opened: (serverId: string, kind: ConsoleKind) => void;
  readonly logger: Logger;
}

/** Bytes waiting for a slow page before the guest's side is held back. */
const HIGH_WATER = 1 << 20;

/**
 * Carries a console between a WebSocket and the guest's Unix socket. Host and Origin were checked before; the
 * token is asked for here, with or without an Origin (S35).
 */
export class ConsoleProxy {
  readonly #options: ProxyOptions;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: 1 << 20,
    handleProtocols: chooseProtocol,
  });
  readonly #open = new Map<WebSocket, string>();

  constructor(options: ProxyOptions) {
    this.#options = options;
  }

  get route(): UpgradeRoute {
    return {
      path: this.#options.path,
      handle: (request, socket, head) => void this.#accept(request, socket, head),
    };
  }

  /** Ends the consoles of a server; for its delete. */
  closeServer(serverId: string): void {
    for (const [socket, id] of this.#open) if (id === serverId) socket.close(1001, 'the server is gone');
  }

  /** Ends all consoles; for the helper's stop. */
  close(): void {
    for (const socket of this.#open.keys()) socket.terminate();
    this.#sockets.close();
  }

  async #accept(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { tokens, serverExists, connect, logger } = this.#options;
    const grant = tokens.redeem(
      new URL(request.url ?? '/', 'http://localhost').searchParams.get('token') ?? '',
    );
    if (grant === undefined || !serverExists(grant.serverId)) {
      logger.info({}, 'a console was refused: its token is unknown, used or too old');
      refuse(socket, '403 Forbidden');
      return;
    }
    try {
      const guest = await connect(grant.socketPath);
      this.#sockets.handleUpgrade(request, socket, head, (page) => this.#carry(page, guest, grant));
    } catch (error) {
      logger.info({ err: error, serverId: grant.serverId }, 'a console could not be opened');
      refuse(socket, '502 Bad Gateway');
    }
  }

  #carry(page: WebSocket, guest: Socket, grant: ConsoleGrant): void {
    this.#open.set(page, grant.serverId);
    this.#options.opened(grant.serverId, grant.kind);
    guest.on('data', (bytes) => {
      page.send(bytes, { binary: true }, () => {
        if (guest.isPaused() && page.bufferedAmount < HIGH_WATER) guest.resume();
      });
      if (page.bufferedAmount > HIGH_WATER) guest.pause();
    });
    page.on('message', (data) => {
      const bytes = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as ArrayBuffer);
      if (!guest.write(bytes)) page.pause();
    });
    guest.on('drain', () => page.resume());
    guest.on('error', () => page.close(1011, 'the console broke off'));
    guest.on('close', () => page.close(1000));
    page.on('error', () => guest.destroy());
    page.on('close', () => {
      this.#open.delete(page);
      guest.destroy();
    });
  }
}

/** noVNC may offer 'binary', which older proxies wanted. */
const chooseProtocol = (offered: Set<string>): string | false => (offered.has('binary') ? 'binary' : false);

/** Without a body: no byte that comes after the head is to be taken for the guest's (tempest's test_novnc_bad_token). */
function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
