/**
 * Consoles of a simulated guest: a text console and a VNC server (RFB 3.8, RFC 6143) on Unix sockets, where a real
 * guest has its own.
 */
import { appendFile, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { paint, SCREEN_HEIGHT, SCREEN_WIDTH, type Colour } from './simulated-screen.ts';
import type { DomainSpec } from './interface.ts';

export interface SimulatedConsoles {
  /** Closes the connections and removes the sockets. */
  close(): Promise<void>;
}

/** Listens on the spec's sockets and writes a few lines into the console's log. The directories must be there. */
export async function openSimulatedConsoles(spec: DomainSpec): Promise<SimulatedConsoles> {
  await appendFile(spec.consoleLogPath, bootText(spec), { mode: 0o600 });
  const serial = await listen(spec.serialSocketPath, (socket) => serveSerial(socket, spec));
  try {
    const vnc = await listen(spec.vncSocketPath, (socket) => serveRfb(socket, spec));
    return {
      close: async () => {
        await Promise.all([serial(), vnc()]);
      },
    };
  } catch (error) {
    await serial();
    throw error;
  }
}

const printable = (text: string): string => text.replaceAll(/\p{C}/gu, '?');

function bootText(spec: DomainSpec): string {
  return [
    '[    0.000000] This server is simulated: no guest runs, nothing answers on its addresses.',
    `[    0.000001] ${spec.name}: ${spec.vcpus} vCPU, ${spec.memoryMib} MiB, ${spec.disks.length} disks, ${spec.nics.length} network cards`,
    '',
    `${printable(spec.labels.serverName)} login (simulated): `,
    '',
  ].join('\n');
}

async function listen(path: string, serve: (socket: Socket) => void): Promise<() => Promise<void>> {
  await rm(path, { force: true });
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    serve(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
  return async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
    await rm(path, { force: true });
  };
}

function serveSerial(socket: Socket, spec: DomainSpec): void {
  const prompt = '(simulated) $ ';
  socket.write(
    `\r\n${printable(spec.labels.serverName)}: this server is simulated. What you type comes back, and nothing else happens.\r\n${prompt}`,
  );
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    socket.write(
      text
        .split(/\r\n|\r|\n/)
        .map(printable)
        .join(`\r\n${prompt}`),
    );
  });
}

interface PixelFormat {
  readonly bytes: 1 | 2 | 4;
  readonly bigEndian: boolean;
  readonly max: Colour;
  readonly shift: Colour;
}

const DEFAULT_FORMAT: PixelFormat = { bytes: 4, bigEndian: false, max: [255, 255, 255], shift: [16, 8, 0] };
/** Bytes of a clipboard that a client may send us; more of it and the connection ends. */
const MAX_CUT_TEXT = 1_048_576;

function encodePixel(format: PixelFormat, colour: Colour): Buffer {
  const value = colour.reduce(
    (sum, part, index) =>
      sum + Math.round((part * (format.max[index] ?? 0)) / 255) * 2 ** (format.shift[index] ?? 0),
    0,
  );
  const pixel = Buffer.alloc(4);
  pixel.writeUInt32LE(value % 2 ** 32);
  const little = pixel.subarray(0, format.bytes);
  return format.bigEndian ? Buffer.from(little.toReversed()) : little;
}

function serverInit(name: string): Buffer {
  const text = Buffer.from(name);
  const init = Buffer.alloc(24);
  init.writeUInt16BE(SCREEN_WIDTH, 0);
  init.writeUInt16BE(SCREEN_HEIGHT, 2);
  // 32 bits, depth 24, little endian, true colour, 255 of each, shifts 16, 8, 0.
  init.set([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0], 4);
  init.writeUInt32BE(text.length, 20);
  return Buffer.concat([init, text]);
}

/** A client's SetPixelFormat; without true colour there is nothing to draw with, and the old format stays. */
function readPixelFormat(message: Buffer): PixelFormat | undefined {
  const bytes = message.readUInt8(4) / 8;
  if ((bytes !== 1 && bytes !== 2 && bytes !== 4) || message.readUInt8(7) === 0) return undefined;
  return {
    bytes,
    bigEndian: message.readUInt8(6) !== 0,
    max: [message.readUInt16BE(8), message.readUInt16BE(10), message.readUInt16BE(12)],
    shift: [message.readUInt8(14), message.readUInt8(15), message.readUInt8(16)],
  };
}

/** Length of the client's message at the start of `buffer`; undefined until it can be told, 0 for an unknown one. */
function messageLength(buffer: Buffer): number | undefined {
  switch (buffer[0]) {
    case 0:
      return 20;
    case 2:
      return buffer.length < 4 ? undefined : 4 + 4 * buffer.readUInt16BE(2);
    case 3:
      return 10;
    case 4:
      return 8;
    case 5:
      return 6;
    case 6: {
      if (buffer.length < 8) return undefined;
      // Negative lengths are the extended clipboard's.
      const length = Math.abs(buffer.readInt32BE(4));
      return length > MAX_CUT_TEXT ? 0 : 8 + length;
    }
    case undefined:
      return undefined;
    default:
      return 0;
  }
}

function serveRfb(socket: Socket, spec: DomainSpec): void {
  let state: 'version' | 'security' | 'init' | 'running' = 'version';
  let format = DEFAULT_FORMAT;
  let buffer = Buffer.alloc(0);
  const take = (length: number): Buffer => {
    const taken = buffer.subarray(0, length);
    buffer = buffer.subarray(length);
    return taken;
  };
  const update = (): void => {
    const head = Buffer.alloc(16);
    // FramebufferUpdate with one rectangle, the whole screen, raw.
    head.writeUInt16BE(1, 2);
    head.writeUInt16BE(SCREEN_WIDTH, 8);
    head.writeUInt16BE(SCREEN_HEIGHT, 10);
    const pixels = paint((colour) => encodePixel(format, colour));
    socket.write(Buffer.concat([head, pixels]));
  };
  /** One step of the conversation; false when more bytes are needed. */
  const step = (): boolean => {
    switch (state) {
      case 'version':
        if (buffer.length < 12) return false;
        if (!/^RFB 003\.00[78]\n$/.test(take(12).toString('latin1'))) socket.destroy();
        state = 'security';
        // One security type: none. Who may connect is settled by the console's token and the socket's directory.
        socket.write(Buffer.from([1, 1]));
        return true;
      case 'security':
        if (buffer.length < 1) return false;
        take(1);
        state = 'init';
        socket.write(Buffer.alloc(4));
        return true;
      case 'init':
        if (buffer.length < 1) return false;
        take(1);
        state = 'running';
        socket.write(serverInit(`${spec.labels.serverName} (simulated)`));
        return true;
      case 'running': {
        const length = messageLength(buffer);
        if (length === undefined || buffer.length < length) return false;
        if (length === 0) {
          socket.destroy();
          return false;
        }
        const message = take(length);
        if (message[0] === 0) format = readPixelFormat(message) ?? format;
        // The picture never changes: who asks for changes only, is not answered.
        if (message[0] === 3 && message[1] === 0) update();
        return true;
      }
    }
  };
  socket.write('RFB 003.008\n');
  socket.on('data', (bytes) => {
    buffer = Buffer.concat([buffer, bytes]);
    while (!socket.destroyed && step());
  });
}
