import type { WebSocket } from 'ws';
import { decodeFrame, encodeFrame } from '../contract/frame.ts';
import type { Carrier } from '../shell/session.ts';

/** The contract over a WebSocket. */
export function socketCarrier(socket: WebSocket): Carrier {
  return {
    send: (frame) => {
      if (socket.readyState === socket.OPEN) socket.send(encodeFrame(frame));
    },
    waiting: () => socket.bufferedAmount,
    onFrame: (listener) =>
      socket.on('message', (data, isBinary) => {
        const message = Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer);
        let frame: unknown;
        try {
          frame = decodeFrame(isBinary ? new Uint8Array(message) : message.toString('utf8'));
        } catch {
          socket.close(1002, 'not a frame');
          return;
        }
        listener(frame);
      }),
    onClose: (listener) => socket.on('close', listener),
    close: () => socket.close(1002, 'against the contract'),
  };
}
