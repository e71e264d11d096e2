import type { Socket } from 'node:net';
import type { Logger, RawRoute, UpgradeRoute } from '../http/index.ts';
import { consoleFiles } from './files.ts';
import { ConsoleProxy } from './proxy.ts';
import { ConsoleTokens, type ConsoleKind } from './tokens.ts';

export type { ConsoleKind } from './tokens.ts';

const PREFIX = '/console';
const SOCKET_PATH = `${PREFIX}/websocket`;

export interface ConsoleDeps {
  readonly now: () => number;
  readonly logger: Logger;
  readonly serverExists: (serverId: string) => boolean;
  /** The guest's Unix socket for a kind of console; chosen by Deskcloud, never by a caller. */
  readonly socketPath: (serverId: string, kind: ConsoleKind) => string;
  readonly connect: (socketPath: string) => Promise<Socket>;
  /** Somebody looks at a guest now. */
  readonly opened: (serverId: string, kind: ConsoleKind) => void;
}

/** Whose console is asked for, and how the caller reached the API. */
export interface ConsoleRequest {
  readonly serverId: string;
  readonly type: ConsoleKind;
  /** `http://host:port`. */
  readonly origin: string;
}

/** Consoles of guests for people: screens by noVNC, serial lines by WebSocket. */
export interface Consoles {
  readonly rawRoutes: readonly RawRoute[];
  readonly upgrades: readonly UpgradeRoute[];
  /** A URL that opens a console once, within ten minutes: a page for 'novnc', a WebSocket of raw bytes for 'serial'. */
  issue(request: ConsoleRequest): string;
  /** The server whose console a token opens, if it still does. */
  serverOf(token: string): string | undefined;
  /** Ends tokens and open consoles of a server that is being deleted. */
  revoke(serverId: string): void;
  close(): void;
}

export async function createConsoles(deps: ConsoleDeps): Promise<Consoles> {
  const tokens = new ConsoleTokens(deps.now);
  const proxy = new ConsoleProxy({ path: SOCKET_PATH, tokens, ...deps });
  return {
    rawRoutes: await consoleFiles(PREFIX),
    upgrades: [proxy.route],
    issue: ({ serverId, type, origin }) => {
      const token = tokens.issue({ serverId, kind: type, socketPath: deps.socketPath(serverId, type) });
      const socket = `${SOCKET_PATH}?token=${token}`;
      return type === 'serial'
        ? `${origin.replace(/^http/, 'ws')}${socket}`
        : `${origin}${PREFIX}/vnc?path=${encodeURIComponent(socket.slice(1))}`;
    },
    serverOf: (token) => tokens.serverOf(token),
    revoke: (serverId) => {
      tokens.revoke(serverId);
      proxy.closeServer(serverId);
    },
    close: () => proxy.close(),
  };
}
