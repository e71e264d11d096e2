/**
 * Runs inside a network namespace: opens the sockets it is told to, hands them to the helper, and ends. A socket
 * belongs for good to the namespace in which it was made, whichever process holds it.
 */
import { createSocket, type Socket } from 'node:dgram';
import { createServer, type Server } from 'node:net';
import type { OpenReply, OpenRequest } from './protocol.ts';

function reply(message: OpenReply, handle?: Server | Socket): void {
  process.send?.(message, handle, undefined, () => undefined);
}

function open(index: number, request: OpenRequest): void {
  const fail = (error: NodeJS.ErrnoException): void => reply({ index, error: error.code ?? error.message });
  if (request.kind === 'tcp') {
    // Whoever connects before the helper has the socket is told to try again.
    const server = createServer((socket) => socket.resetAndDestroy());
    server.once('error', fail);
    server.listen({ host: request.host, port: request.port }, () => reply({ index }, server));
    return;
  }
  const socket = createSocket('udp4');
  socket.once('error', fail);
  socket.bind({ address: request.host, port: request.port }, () => reply({ index }, socket));
}

process.on('message', (message: readonly OpenRequest[] | 'done') => {
  if (message === 'done') process.exit(0);
  for (const [index, request] of message.entries()) open(index, request);
});
process.on('disconnect', () => process.exit(0));
