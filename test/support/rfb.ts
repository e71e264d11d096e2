import { once } from 'node:events';
import { WebSocket, type RawData } from 'ws';

/** Bytes of a WebSocket, taken in the portions that a protocol wants. */
export class SocketBytes {
  readonly socket: WebSocket;
  #buffer = Buffer.alloc(0);
  #closed = false;
  #wake: () => void = () => undefined;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data: RawData) => {
      this.#buffer = Buffer.concat([this.#buffer, data as Buffer]);
      this.#wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  /** @throws {Error} with the HTTP status when the console is refused. */
  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<SocketBytes> {
    const socket = new WebSocket(url, 'binary', { headers });
    const bytes = new SocketBytes(socket);
    await Promise.race([
      once(socket, 'open'),
      once(socket, 'unexpected-response').then(([, response]) => {
        throw new Error(`refused: ${(response as { statusCode: number }).statusCode}`);
      }),
    ]);
    return bytes;
  }

  send(data: Buffer | string): void {
    this.socket.send(Buffer.from(data));
  }

  /** The next `length` bytes. @throws {Error} when the socket closes before or nothing comes for a minute. */
  async take(length: number): Promise<Buffer> {
    while (this.#buffer.length < length) await this.#more();
    const taken = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return taken;
  }

  /** All up to and with what the pattern matches, as text. */
  async until(pattern: RegExp): Promise<string> {
    for (;;) {
      const text = this.#buffer.toString('latin1');
      const found = pattern.exec(text);
      if (found !== null) {
        const end = found.index + found[0].length;
        this.#buffer = this.#buffer.subarray(end);
        return text.slice(0, end);
      }
      await this.#more();
    }
  }

  async #more(): Promise<void> {
    const seen = JSON.stringify(this.#buffer.subarray(-300).toString('latin1'));
    if (this.#closed) throw new Error(`the console closed after ${seen}`);
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve, reject) => {
      this.#wake = resolve;
      timer = setTimeout(() => reject(new Error(`the console is silent after ${seen}`)), 120_000);
    }).finally(() => clearTimeout(timer));
  }
}

export interface Screen {
  readonly version: string;
  readonly securityTypes: readonly number[];
  readonly name: string;
  readonly width: number;
  readonly height: number;
  /** How many pixels have each colour (0xRRGGBB). */
  readonly colours: ReadonlyMap<number, number>;
}

/** Speaks RFB 3.8 (RFC 6143) as a viewer without security, and takes one whole picture in the raw encoding. */
export async function readScreen(bytes: SocketBytes): Promise<Screen> {
  const version = (await bytes.take(12)).toString('latin1');
  bytes.send('RFB 003.008\n');
  const count = (await bytes.take(1))[0] ?? 0;
  const securityTypes = [...(await bytes.take(count))];
  bytes.send(Buffer.from([1]));
  const result = (await bytes.take(4)).readUInt32BE();
  if (result !== 0) throw new Error(`the security handshake ended with ${result}`);
  bytes.send(Buffer.from([1]));
  const init = await bytes.take(24);
  const [width, height] = [init.readUInt16BE(0), init.readUInt16BE(2)];
  const name = (await bytes.take(init.readUInt32BE(20))).toString();
  // SetPixelFormat: 32 bits, depth 24, little endian, true colour, red at bit 16; SetEncodings: raw only.
  bytes.send(Buffer.from([0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0]));
  bytes.send(Buffer.from([2, 0, 0, 1, 0, 0, 0, 0]));
  const request = Buffer.alloc(10);
  request[0] = 3;
  request.writeUInt16BE(width, 6);
  request.writeUInt16BE(height, 8);
  bytes.send(request);
  const colours = new Map<number, number>();
  let pixels = 0;
  while (pixels < width * height) {
    const head = await bytes.take(4);
    if (head[0] !== 0) throw new Error(`expected a framebuffer update, got message ${head[0]}`);
    for (let left = head.readUInt16BE(2); left > 0; left--) {
      const rectangle = await bytes.take(12);
      const size = rectangle.readUInt16BE(4) * rectangle.readUInt16BE(6);
      const raw = await bytes.take(size * 4);
      for (let at = 0; at < raw.length; at += 4) {
        const colour = raw.readUIntLE(at, 3);
        colours.set(colour, (colours.get(colour) ?? 0) + 1);
      }
      pixels += size;
    }
  }
  return { version, securityTypes, name, width, height, colours };
}
