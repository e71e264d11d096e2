import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { person } from '../person.ts';

/** An IPv4 address and port as /proc/net/tcp writes them on a little-endian machine: '0100007F:1F90'. */
export function procAddress(address: string, port: number): string {
  const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return `${bytes.toReversed().join('')}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
}

/**
 * Which user's program holds the other end of a connection on loopback.
 * @param table the text of /proc/net/tcp.
 * @returns undefined when the table does not have it.
 */
export function ownerIn(table: string, from: string, to: string): number | undefined {
  for (const line of table.split('\n').slice(1)) {
    // sl local_address rem_address st tx:rx tr:when retrnsmt uid (proc(5))
    const [, local, remote, , , , , uid] = line.trim().split(/\s+/);
    if (local === from && remote === to) return Number(uid);
  }
  return undefined;
}

/**
 * Whether a connection to this machine's loopback comes from a program of the person's or of root's: a one-time
 * address is seen by others, on the command line of the browser that opens it.
 */
export function isFromPerson(socket: Socket): boolean {
  const { remoteAddress, remotePort, localAddress, localPort } = socket;
  if (remoteAddress === undefined || remotePort === undefined) return false;
  const uid = ownerIn(
    readFileSync('/proc/net/tcp', 'utf8'),
    procAddress(remoteAddress, remotePort),
    procAddress(localAddress ?? '', localPort ?? 0),
  );
  return uid === 0 || uid === person().uid || uid === process.getuid?.();
}
