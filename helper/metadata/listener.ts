import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server as HttpServer,
  type ServerResponse,
} from 'node:http';
import type { Server, Socket } from 'node:net';
import { plainAddress, type Found, type Place } from './app/lookup.ts';
import type { MetadataListener } from '../network/face.ts';

/** What a guest may take of the helper. */
export interface ListenerLimits {
  /** Milliseconds from the connection to the end of the request's head. */
  readonly headMs: number;
  /** Milliseconds from there to the end of the answer. */
  readonly answerMs: number;
  /** Octets of the request's head. */
  readonly headBytes: number;
  /** Open connections of one socket, so of a network or router. */
  readonly connections: number;
  /** Of these, from one address. */
  readonly connectionsOfOne: number;
}

export const LIMITS: ListenerLimits = {
  headMs: 5000,
  answerMs: 15_000,
  headBytes: 8192,
  connections: 256,
  connectionsOfOne: 16,
};

export interface ListenerOptions {
  /** Undefined: there is no such thing, or no such guest. */
  lookUp(place: Place, address: string, url: string): Found | undefined;
  /** Called after an answer about a server was sent. */
  answered(serverId: string, path: string, address: string, place: Place): void;
  failed(error: unknown, place: Place, address: string): void;
  /** The guest leaves a password for its owner: false when there is one already. */
  storePassword(serverId: string, password: string): boolean;
  /** Others than {@link LIMITS} in tests. */
  readonly limits?: Partial<ListenerLimits>;
}

/** Four parts of 255 octets, as nova stores it. */
const PASSWORD_BYTES = 1020;

interface Visit {
  readonly place: Place;
  readonly address: string;
  deadline: NodeJS.Timeout;
}

/**
 * HTTP for guests: one request per connection, within limits; nothing of the request counts but method and path. Guests
 * are not trusted, and one of them cannot keep the others of its network from being answered.
 */
export class GuestListener implements MetadataListener {
  readonly #options: ListenerOptions;
  readonly #limits: ListenerLimits;
  readonly #http: HttpServer;
  readonly #visits = new WeakMap<Socket, Visit>();

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits };
    // It never listens itself, so Node's own checks of slow requests do not run: each visit has its deadline.
    this.#http = createServer({ maxHeaderSize: this.#limits.headBytes }, (request, response) =>
      this.#answer(request, response),
    );
    this.#http.maxRequestsPerSocket = 1;
    this.#http.maxHeadersCount = 100;
  }

  serve(socket: Server, from: Place): void {
    const open = new Map<string, number>();
    socket.maxConnections = this.#limits.connections;
    socket.on('connection', (connection) => this.#visit(connection, from, open));
  }

  #visit(connection: Socket, place: Place, open: Map<string, number>): void {
    const address = plainAddress(connection.remoteAddress ?? '');
    const count = open.get(address) ?? 0;
    if (address === '' || count >= this.#limits.connectionsOfOne) {
      connection.resetAndDestroy();
      return;
    }
    open.set(address, count + 1);
    const visit = { place, address, deadline: cutAfter(connection, this.#limits.headMs) };
    this.#visits.set(connection, visit);
    connection.once('close', () => {
      clearTimeout(visit.deadline);
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
    this.#http.emit('connection', connection);
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const visit = this.#visits.get(request.socket);
    if (visit === undefined) {
      request.socket.destroy();
      return;
    }
    clearTimeout(visit.deadline);
    visit.deadline = cutAfter(request.socket, this.#limits.answerMs);
    const { place, address } = visit;
    let found: Found | undefined;
    try {
      found = this.#options.lookUp(place, address, request.url ?? '');
    } catch (error) {
      this.#options.failed(error, place, address);
      send(response, 500, 'An unknown error has occurred. Please try your request again.\n');
      return;
    }
    if (found === undefined) {
      send(response, 404, 'Not found.\n');
    } else if (request.method === 'POST' && found.document === 'password' && found.serverId !== undefined) {
      this.#takePassword(found.serverId, request, response, visit);
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      send(response, 405, 'Only GET and HEAD are answered here.\n', { allow: 'GET, HEAD' });
    } else {
      const { serverId, path, body, json } = found;
      send(response, 200, body, json ? { 'content-type': 'application/json' } : {}, () => {
        if (serverId !== undefined) this.#options.answered(serverId, path, address, place);
      });
    }
  }

  /** nova's rules: at most 1020 octets, and only the first one counts until its owner clears it. */
  #takePassword(serverId: string, request: IncomingMessage, response: ServerResponse, visit: Visit): void {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= PASSWORD_BYTES) chunks.push(chunk);
      else if (!response.headersSent) send(response, 400, 'Request is too large.\n');
    });
    request.on('end', () => {
      if (response.headersSent) return;
      try {
        const stored = this.#options.storePassword(serverId, Buffer.concat(chunks).toString('utf8'));
        if (stored) send(response, 200, '');
        else send(response, 409, 'There is a password already.\n');
      } catch (error) {
        this.#options.failed(error, visit.place, visit.address);
        send(response, 500, 'An unknown error has occurred. Please try your request again.\n');
      }
    });
  }
}

function cutAfter(connection: Socket, milliseconds: number): NodeJS.Timeout {
  return setTimeout(() => connection.destroy(), milliseconds).unref();
}

function send(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  headers: OutgoingHttpHeaders = {},
  sent?: () => void,
): void {
  response.shouldKeepAlive = false;
  response.writeHead(status, {
    'content-type': 'text/plain; charset=UTF-8',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body, sent);
}
