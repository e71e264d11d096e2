import type { Socket } from 'node:dgram';
import type { Server } from 'node:net';

export interface ListenRequest {
  /** Address in the namespace, '0.0.0.0' for all. */
  readonly host: string;
  /** 0 lets the kernel choose. */
  readonly port: number;
}

/** A relay that is running; close() frees its sockets. */
export interface DnsRelay {
  close(): Promise<void>;
}

/**
 * Sockets that live in this process and are bound inside a namespace. They die with this process. Close them before
 * the namespace is removed: the kernel keeps a namespace as long as it has sockets.
 */
export interface SocketHost {
  /**
   * A listening server: add a 'connection' handler (or `httpServer.emit('connection', socket)`). A connection's
   * remoteAddress is the peer's as the namespace sees it.
   * @throws when the namespace is not there or the address is taken.
   */
  listenTcp(namespace: string, request: ListenRequest): Promise<Server>;
  bindUdp(namespace: string, request: ListenRequest): Promise<Socket>;
  /**
   * DNS over UDP and TCP on 127.0.0.1:port in the namespace, answered by the host's own resolvers (read again when
   * /etc/resolv.conf changes). At most 256 questions at once; a question is given up after 5 s.
   */
  startDnsRelay(namespace: string, port: number): Promise<DnsRelay>;
}
