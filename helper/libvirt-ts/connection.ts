/**
 * One connection to the daemon, from connect() to close: serial numbers, calls that wait for their reply, the
 * authentication and the open, keepalive answers. It does not come back once it is gone; client.ts makes a new one.
 */
import { createConnection, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import {
  connectError,
  LibvirtConnectError,
  LibvirtDisconnectedError,
  LibvirtError,
  LibvirtProtocolError,
  LibvirtTimeoutError,
} from './errors.ts';
import { FrameDecoder } from './framing.ts';
import { sessionProcedures } from './procedures/index.ts';
import type { Decoder, Procedure } from './procedures/rpc.ts';
import {
  decodePacket,
  encodePacket,
  KeepaliveProcedure,
  MessageStatus,
  MessageType,
  Program,
  type Packet,
} from './protocol.ts';
import { errorStructure } from './types.ts';
import { XdrError, XdrReader, XdrWriter } from './xdr.ts';

const NO_PAYLOAD = Buffer.alloc(0);

/** What the daemon may demand before the open (enum remote_auth_type). */
const AuthType = { NONE: 0, SASL: 1, POLKIT: 2 } as const;

/** Where the packets of a call's stream go. */
export interface StreamSink {
  receive(status: number, payload: Buffer): void;
  disconnected(error: LibvirtDisconnectedError): void;
}

/** How a stream sends. */
export interface StreamPort {
  readonly procedure: string;
  send(status: number, payload: Buffer, sent?: (error?: Error | null) => void): void;
  /** Stops and restarts reading the socket: a stream has its connection for itself. */
  pause(): void;
  resume(): void;
  close(): void;
}

export interface CallOptions {
  readonly timeoutMs: number;
  /** The reply opens a stream: makes its receiving end. */
  readonly stream?: (port: StreamPort) => StreamSink;
}

interface Pending {
  readonly name: string;
  readonly program: number;
  readonly procedure: number;
  settle(payload: Buffer): void;
  fail(error: Error): void;
}

export interface ConnectionEvents {
  /** An event message of the remote program. */
  message(packet: Packet): void;
  /** Called once, after all pending calls were rejected. */
  closed(connection: Connection, cause: Error | undefined): void;
}

export class Connection {
  readonly #socketPath: string;
  readonly #socket: Socket;
  readonly #events: ConnectionEvents;
  readonly #decoder = new FrameDecoder();
  readonly #pending = new Map<number, Pending>();
  readonly #streams = new Map<number, StreamSink>();
  readonly #done: Promise<void>;
  #serial = 0;
  #closed = false;
  #cause: Error | undefined;

  constructor(socketPath: string, events: ConnectionEvents) {
    this.#socketPath = socketPath;
    this.#events = events;
    this.#socket = createConnection({ path: socketPath });
    this.#done = new Promise((resolve) => {
      this.#socket.on('close', () => {
        this.#ended();
        resolve();
      });
    });
    this.#socket.on('error', (error) => {
      this.#cause ??= error;
    });
    this.#socket.on('data', (chunk) => this.#receive(chunk));
  }

  /** Connects, authenticates and opens the URI, all within the time limit. */
  async open(uri: string, timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    const options = (): CallOptions => ({ timeoutMs: Math.max(1, Math.ceil(deadline - performance.now())) });
    try {
      await this.#connected();
      await this.#authenticate(options);
      await this.call('connectOpen', sessionProcedures.connectOpen, { uri }, options());
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  #connected(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.once('connect', resolve);
      this.#socket.once('close', () =>
        reject(connectError(this.#socketPath, this.#cause ?? new Error('the connection was closed'))),
      );
    });
  }

  async #authenticate(options: () => CallOptions): Promise<void> {
    const types = await this.call('authList', sessionProcedures.authList, {}, options());
    if (types.length === 0 || types.includes(AuthType.NONE)) return;
    const remedy = 'run as root or join the libvirt group ("usermod -aG libvirt USER", then log in again)';
    if (!types.includes(AuthType.POLKIT)) {
      throw new LibvirtConnectError(
        `${this.#socketPath} demands SASL authentication, which is not supported here: ${remedy}`,
      );
    }
    try {
      await this.call('authPolkit', sessionProcedures.authPolkit, {}, options());
    } catch (error) {
      if (!(error instanceof LibvirtError)) throw error;
      throw new LibvirtConnectError(`polkit refused access to ${this.#socketPath}: ${remedy}`, {
        cause: error,
      });
    }
  }

  /** Sends a call and waits for its reply. */
  call<I, O>(name: string, procedure: Procedure<I, O>, input: I, options: CallOptions): Promise<O> {
    return this.exchange(name, procedure, input, procedure.ret, options);
  }

  /** The same, with the reply read by another decoder than the table's. */
  async exchange<I, O>(
    name: string,
    procedure: Procedure<I, unknown>,
    input: I,
    ret: Decoder<O>,
    options: CallOptions,
  ): Promise<O> {
    const writer = new XdrWriter();
    procedure.args.write(writer, input);
    if (this.#closed) throw new LibvirtDisconnectedError(name, 'not-sent', this.#cause);
    const serial = this.#nextSerial();
    const { program, number } = procedure;
    const packet = (type: number, status: number, payload: Buffer): Buffer =>
      encodePacket({ program, procedure: number, type, serial, status, payload });
    const request = packet(MessageType.CALL, MessageStatus.OK, writer.bytes());
    if (options.stream !== undefined) {
      const port: StreamPort = {
        procedure: name,
        send: (status, payload, sent) =>
          void this.#socket.write(packet(MessageType.STREAM, status, payload), sent ?? (() => undefined)),
        pause: () => void this.#socket.pause(),
        resume: () => void this.#socket.resume(),
        close: () => void this.close(),
      };
      this.#streams.set(serial, options.stream(port));
    }
    const payload = await new Promise<Buffer>((resolve, reject) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.#pending.delete(serial);
      };
      const fail = (error: Error): void => {
        finish();
        this.#streams.delete(serial);
        reject(error);
      };
      const timer = setTimeout(
        () => fail(new LibvirtTimeoutError(name, options.timeoutMs)),
        options.timeoutMs,
      );
      const settle = (bytes: Buffer): void => {
        finish();
        resolve(bytes);
      };
      this.#pending.set(serial, { name, program, procedure: number, settle, fail });
      this.#socket.write(request);
    });
    try {
      const reader = new XdrReader(payload);
      const result = ret.read(reader);
      reader.end();
      return result;
    } catch (error) {
      throw malformed(`the reply to ${name}`, error);
    }
  }

  /** Ends the connection; resolves when the socket is gone and every pending call was rejected. */
  close(): Promise<void> {
    this.#socket.destroy();
    return this.#done;
  }

  /** Serial 0 is for events. */
  #nextSerial(): number {
    do {
      this.#serial = (this.#serial + 1) >>> 0;
    } while (this.#serial === 0 || this.#pending.has(this.#serial));
    return this.#serial;
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#decoder.push(chunk)) this.#dispatch(decodePacket(frame));
    } catch (error) {
      // Out of step: nothing that follows on this socket can be trusted.
      this.#socket.destroy(malformed('what libvirt sent', error));
    }
  }

  #dispatch(packet: Packet): void {
    if (packet.program === Program.KEEPALIVE) return this.#keepalive(packet);
    switch (packet.type) {
      case MessageType.REPLY:
        return this.#reply(packet);
      case MessageType.STREAM:
        return this.#streams.get(packet.serial)?.receive(packet.status, packet.payload);
      case MessageType.MESSAGE:
        if (packet.program === Program.REMOTE) this.#events.message(packet);
        return;
      default:
        throw new XdrError(`packet type ${packet.type} was not asked for`);
    }
  }

  /** A reply to nobody is one whose caller gave up waiting. */
  #reply(packet: Packet): void {
    const pending = this.#pending.get(packet.serial);
    if (pending === undefined) return;
    if (packet.program !== pending.program || packet.procedure !== pending.procedure) {
      throw new XdrError(`reply ${packet.serial} is not of the procedure that was called`);
    }
    if (packet.status === MessageStatus.OK) return pending.settle(packet.payload);
    pending.fail(readError(pending.name, packet.payload));
  }

  #keepalive(packet: Packet): void {
    if (packet.procedure !== KeepaliveProcedure.PING) return;
    this.#socket.write(
      encodePacket({
        program: Program.KEEPALIVE,
        procedure: KeepaliveProcedure.PONG,
        type: MessageType.MESSAGE,
        serial: 0,
        status: MessageStatus.OK,
        payload: NO_PAYLOAD,
      }),
    );
  }

  #ended(): void {
    this.#closed = true;
    const cause = this.#cause;
    for (const pending of this.#pending.values()) {
      pending.fail(new LibvirtDisconnectedError(pending.name, 'unknown', cause));
    }
    for (const sink of this.#streams.values()) {
      sink.disconnected(new LibvirtDisconnectedError('stream', 'unknown', cause));
    }
    this.#streams.clear();
    this.#events.closed(this, cause);
  }
}

/** The error that a failed call or a broken stream carries. */
export function readError(procedure: string, payload: Buffer): Error {
  try {
    return new LibvirtError(procedure, errorStructure.read(new XdrReader(payload)));
  } catch (error) {
    return malformed(`the error reply to ${procedure}`, error);
  }
}

export function malformed(what: string, cause: unknown): LibvirtProtocolError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new LibvirtProtocolError(`${what} is malformed: ${reason}`, { cause });
}
