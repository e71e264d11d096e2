import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { ShellStreams } from '../../contract/shell.ts';
import { messageOf, type CloudAccess } from '../cloud-access.ts';
import type { ShellStream } from '../stream.ts';

/** What waits for a slow guest before the page's bytes are left where they are. */
const HIGH_WATER = 1 << 20;

/**
 * Carries a guest's console: asks compute for a URL that opens it once, and connects there.
 * @throws {Error} with compute's words, or when the console breaks off.
 */
export async function carryConsole(
  cloud: CloudAccess,
  { projectId, serverId, kind }: ShellStreams['console']['input'],
  stream: ShellStream<never, never>,
): Promise<void> {
  const response = await cloud.fetch(projectId, 'compute', `/servers/${serverId}/remote-consoles`, {
    method: 'POST',
    signal: stream.signal,
    headers: { 'content-type': 'application/json', 'openstack-api-version': 'compute 2.93' },
    body: JSON.stringify({
      remote_console:
        kind === 'vnc' ? { protocol: 'vnc', type: 'novnc' } : { protocol: 'serial', type: 'serial' },
    }),
  });
  const body = (await response.json()) as { remote_console?: { url: string } };
  if (body.remote_console === undefined) throw new Error(messageOf(body));
  const socket = new WebSocket(socketAddress(body.remote_console.url, await cloud.origin()));
  stream.signal.addEventListener('abort', () => socket.terminate(), { once: true });
  // Before it is open: a guest speaks first, and its words may come in one packet with the answer to the upgrade.
  socket.on('message', (data: Buffer) => {
    socket.pause();
    void stream.write(data).then(() => socket.resume());
  });
  await once(socket, 'open');

  const closed = new Promise<void>((resolve, reject) => {
    socket.on('close', (code, reason) =>
      code === 1000 || stream.signal.aborted
        ? resolve()
        : reject(new Error(reason.toString() || `The console broke off (${code}).`)),
    );
    socket.on('error', reject);
  });
  void (async () => {
    for await (const bytes of stream.bytes) {
      socket.send(bytes);
      while (socket.bufferedAmount > HIGH_WATER && socket.readyState === WebSocket.OPEN)
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
    socket.close();
  })();
  await closed;
}

/** The WebSocket behind a console's URL: itself for a serial line, in the page's `path` for a screen. */
export function socketAddress(url: string, origin: string): URL {
  const given = new URL(url);
  const path = given.searchParams.get('path');
  const socket = path === null ? given : new URL(`/${path}`, origin);
  // Whatever name the cloud is known by outside, here it is on loopback.
  const address = new URL(`${socket.pathname}${socket.search}`, origin);
  address.protocol = 'ws:';
  return address;
}
