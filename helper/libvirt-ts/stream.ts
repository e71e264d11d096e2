/**
 * A stream of bytes that belongs to a call: a screenshot's image, a console. Each stream has a connection of its own,
 * so its back-pressure (stop reading the socket) holds up nothing else.
 */
import { Duplex } from 'node:stream';
import { readError, type StreamPort, type StreamSink } from './connection.ts';
import type { LibvirtDisconnectedError } from './errors.ts';
import { MessageStatus } from './protocol.ts';

const NO_PAYLOAD = Buffer.alloc(0);
/** Well below VIR_NET_MESSAGE_LEGACY_PAYLOAD_MAX (262,120). */
const CHUNK_BYTES = 65_536;

/**
 * libvirt has no half-closed streams: an empty packet from the daemon ends its data, either side then finishes with
 * status OK, and the daemon confirms. Only the confirmation ends both halves here, so data that was cut short is an
 * error and never looks complete.
 */
export class LibvirtStream extends Duplex implements StreamSink {
  readonly #port: StreamPort;
  #finishing = false;
  #finished = false;
  #onFinished: (() => void) | undefined;

  constructor(port: StreamPort) {
    super({ allowHalfOpen: false });
    this.#port = port;
    // A stream can break before its owner had a chance to listen; that must not end the process.
    this.on('error', () => undefined);
  }

  receive(status: number, payload: Buffer): void {
    if (this.destroyed) return;
    if (status === MessageStatus.ERROR) {
      this.destroy(readError(this.#port.procedure, payload));
    } else if (status === MessageStatus.OK) {
      this.#finished = true;
      this.push(null);
      this.#onFinished?.();
    } else if (payload.length === 0) {
      this.#finish();
    } else if (!this.push(payload)) {
      this.#port.pause();
    }
  }

  disconnected(error: LibvirtDisconnectedError): void {
    if (!this.#finished) this.destroy(error);
  }

  #finish(): void {
    if (this.#finishing) return;
    this.#finishing = true;
    this.#port.send(MessageStatus.OK, NO_PAYLOAD);
  }

  override _read(): void {
    this.#port.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#finishing) return done(new Error('the stream has ended'));
    for (let at = 0; at < chunk.length; at += CHUNK_BYTES) {
      const last = at + CHUNK_BYTES >= chunk.length;
      this.#port.send(MessageStatus.CONTINUE, chunk.subarray(at, at + CHUNK_BYTES), last ? done : undefined);
    }
    if (chunk.length === 0) done();
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#finished) return done();
    this.#onFinished = done;
    this.#finish();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#port.close();
    done(error);
  }
}
