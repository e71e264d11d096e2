import { chmodSync, chownSync, readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Config } from './config.ts';

const SOCKET_GROUP = 'deskcloud';

/**
 * The APIs' listener.
 * @returns its origin, with the port that it got.
 * @throws {Error} that names the remedy when another program has the port.
 */
export function listenOnLoopback(server: Server, { address, port }: Config['listener']): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE';
      reject(
        inUse
          ? new Error(
              `Port ${port} on ${address} is taken by another program; choose another one with --port or listener.port.`,
            )
          : error,
      );
    });
    server.listen(port, address, () => {
      const own = (server.address() as AddressInfo).port;
      resolve(`http://${address.includes(':') ? `[${address}]` : address}:${own}`);
    });
  });
}

/** The desktop's socket: for root and one group (S47). It is made closed, and opened to the group afterwards. */
export function listenOnSocket(server: Server, path: string, desktopGid: number | undefined): Promise<void> {
  // The database's lock says that no other helper of this instance runs, so a socket that is there is a dead one's.
  rmSync(path, { force: true });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    // listen() binds a path before it returns, so that no other file is made with this mask.
    const before = process.umask(0o177);
    try {
      server.listen(path, () => {
        const gid = desktopGroup(desktopGid);
        if (gid !== undefined && process.getuid?.() === 0) chownSync(path, 0, gid);
        chmodSync(path, 0o660);
        resolve();
      });
    } finally {
      process.umask(before);
    }
  });
}

/** Who may use the cloud of this machine: the group of the person whose desktop it is, else the package's. */
export function desktopGroup(desktopGid: number | undefined): number | undefined {
  if (desktopGid !== undefined) return desktopGid;
  const line = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${SOCKET_GROUP}:`));
  return line === undefined ? undefined : Number(line.split(':')[2]);
}
