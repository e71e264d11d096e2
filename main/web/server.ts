import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable, type Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { WebSocketServer } from 'ws';
import { BYTES_AT_ONCE, SOCKET_PATH } from '../contract/frame.ts';
import { DOWNLOAD_PREFIX, type Shell } from '../shell/index.ts';
import { socketCarrier } from './carrier.ts';
import { SECURITY_HEADERS, windowFile } from './files.ts';
import { isFromPerson } from './peer.ts';
import type { Place } from './place.ts';
import { SessionKey } from './session-key.ts';

export interface WebServerOptions {
  readonly shell: Shell;
  /** The built window. */
  readonly directory: string;
  readonly place: Place;
}

/**
 * The window for a browser on this machine: a listener on loopback, under a host name of the person's own below
 * localhost. Cookies know no ports, so under that name alone no other program on this machine is sent the session's.
 */
export class WebServer {
  readonly #options: WebServerOptions;
  readonly #key = new SessionKey();
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: BYTES_AT_ONCE * 8 });

  constructor(options: WebServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      void this.#answer(request, response).catch(() => response.destroy());
    });
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** @throws {Error} when the port is taken. */
  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.place.port, '127.0.0.1', resolve);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** `http://<name>.localhost:<port>`. */
  get origin(): string {
    return `http://${this.#options.place.name}.localhost:${this.port}`;
  }

  /** An address that opens the window at a route, once. */
  openingUrl(route = '/'): string {
    return `${this.origin}/open?token=${this.#key.newToken()}&route=${encodeURIComponent(route)}`;
  }

  close(): void {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.headers.host !== new URL(this.origin).host) {
      refuse(response, 421, 'This address is not known here.');
      return;
    }
    const url = new URL(request.url ?? '/', this.origin);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      refuse(response, 405, 'There are only pages here.');
    } else if (url.pathname === '/open') {
      if (isFromPerson(request.socket)) this.#open(url, response);
      else refuse(response, 403, 'This window is of another user of this machine.');
    } else if (!this.#key.opens(request.headers.cookie)) {
      refuse(
        response,
        401,
        'This window needs its one-time address. Start Deskcloud once more: it gives a new one.',
      );
    } else if (url.pathname.startsWith(DOWNLOAD_PREFIX)) {
      await this.#download(url.pathname.slice(DOWNLOAD_PREFIX.length), response);
    } else {
      const file = await windowFile(this.#options.directory, url.pathname);
      if (file === undefined) refuse(response, 404, 'There is no such page.');
      else {
        response.writeHead(200, file.headers);
        if (request.method === 'HEAD') response.end();
        else await pipeline(file.stream, response);
      }
    }
  }

  #open(url: URL, response: ServerResponse): void {
    const cookie = this.#key.redeem(url.searchParams.get('token') ?? '');
    const route = url.searchParams.get('route') ?? '/';
    if (cookie === undefined)
      refuse(
        response,
        401,
        'This address was used already or is too old. Start Deskcloud once more: it gives a new one.',
      );
    else {
      // Only a path: '//host' would lead elsewhere.
      const path = /^\/(?!\/)[A-Za-z0-9/._~%?&=:,-]*$/.test(route) ? route : '/';
      response.writeHead(303, { ...SECURITY_HEADERS, location: path, 'set-cookie': cookie });
      response.end();
    }
  }

  async #download(ticket: string, response: ServerResponse): Promise<void> {
    const download = await this.#options.shell.download(ticket);
    if (download === undefined) {
      refuse(response, 404, 'This download was used already or is too old.');
      return;
    }
    response.writeHead(200, {
      ...SECURITY_HEADERS,
      'content-type': 'application/octet-stream',
      'cache-control': 'no-store',
      'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(download.name)}`,
      ...(download.size === null ? {} : { 'content-length': download.size }),
    });
    await pipeline(Readable.fromWeb(download.stream as never), response);
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    const { headers, url } = request;
    const allowed =
      url === SOCKET_PATH &&
      headers.host === new URL(this.origin).host &&
      headers.origin === this.origin &&
      this.#key.opens(headers.cookie);
    if (!allowed) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (page) => {
      this.#options.shell.serve(socketCarrier(page));
    });
  }
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { ...SECURITY_HEADERS, 'content-type': 'text/plain; charset=utf-8' });
  response.end(`${text}\n`);
}
