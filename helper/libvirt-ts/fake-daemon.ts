/** A daemon for tests: speaks the protocol on a socket of its own and answers as the test says. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { array, i32, struct, type Codec } from './codec.ts';
import { FrameDecoder } from './framing.ts';
import { decodePacket, encodePacket, MessageStatus, MessageType, Program, type Packet } from './protocol.ts';
import { domain, errorStructure } from './types.ts';
import { XdrWriter } from './xdr.ts';

/** Procedure numbers that the tests answer. */
export const Procedure = {
  OPEN: 1,
  GET_TYPE: 3,
  GET_HOSTNAME: 59,
  AUTH_LIST: 66,
  AUTH_POLKIT: 70,
  REGISTER: 316,
};

export const encoded = <I>(codec: Pick<Codec<unknown, I>, 'write'>, value: I): Buffer => {
  const writer = new XdrWriter();
  codec.write(writer, value);
  return Buffer.from(writer.bytes());
};

/** What a function throws; undefined where it returns. */
export const errorOf = (run: () => unknown): unknown => {
  try {
    run();
    return undefined;
  } catch (error) {
    return error;
  }
};

/** One client's connection, from the daemon's side. */
export class Peer {
  readonly socket: Socket;
  constructor(socket: Socket) {
    this.socket = socket;
  }

  reply(to: Packet, payload: Buffer = Buffer.alloc(0)): void {
    this.send({ ...to, type: MessageType.REPLY, status: MessageStatus.OK, payload });
  }

  fail(to: Packet, code: number, message: string): void {
    const nothing = { dom: null, str1: message, str2: null, str3: null, int1: -1, int2: -1, net: null };
    const payload = encoded(errorStructure, { code, domain: 10, message, level: 2, ...nothing });
    this.send({ ...to, type: MessageType.REPLY, status: MessageStatus.ERROR, payload });
  }

  /** A packet of the stream that the call opened. */
  stream(to: Packet, status: number, payload: Buffer = Buffer.alloc(0)): boolean {
    return this.send({ ...to, type: MessageType.STREAM, status, payload });
  }

  lifecycle(name: string, event: number): void {
    const codec = struct({ callbackId: i32, dom: domain, event: i32, detail: i32 });
    const dom = { name, uuid: '00000000-0000-4000-8000-000000000001', id: 1 };
    const payload = encoded(codec, { callbackId: 1, dom, event, detail: 0 });
    this.message(Program.REMOTE, 318, payload);
  }

  message(program: number, procedure: number, payload: Buffer = Buffer.alloc(0)): void {
    const { MESSAGE: type } = MessageType;
    this.send({ program, procedure, type, serial: 0, status: MessageStatus.OK, payload });
  }

  send(packet: Packet): boolean {
    return this.socket.write(encodePacket(packet));
  }
}

/** Answers a call, or returns false to have it answered as an ordinary daemon does. */
export type Script = (packet: Packet, peer: Peer) => boolean;

export class FakeDaemon {
  readonly directory = mkdtempSync(join(tmpdir(), 'lvts-fake-'));
  readonly socketPath = join(this.directory, 'sock');
  readonly peers = new Set<Peer>();
  /** Every packet that came, of all clients. */
  readonly received: Packet[] = [];
  #script: Script;
  #server: Server | undefined;

  constructor(script: Script = () => false) {
    this.#script = script;
  }

  set script(script: Script) {
    this.#script = script;
  }

  listen(): Promise<void> {
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
    return new Promise((resolve) => server.listen(this.socketPath, resolve));
  }

  /** As when the daemon is killed: all connections end and the socket goes. */
  stop(): Promise<void> {
    for (const peer of this.peers) peer.socket.destroy();
    return new Promise((resolve) =>
      this.#server === undefined ? resolve() : this.#server.close(() => resolve()),
    );
  }

  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.directory, { recursive: true });
  }

  #accept(socket: Socket): void {
    const peer = new Peer(socket);
    const decoder = new FrameDecoder();
    this.peers.add(peer);
    socket.on('close', () => this.peers.delete(peer));
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      for (const frame of decoder.push(chunk)) {
        const packet = decodePacket(frame);
        this.received.push(packet);
        if (!this.#script(packet, peer)) this.#answer(packet, peer);
      }
    });
  }

  #answer(packet: Packet, peer: Peer): void {
    if (packet.type !== MessageType.CALL) return;
    if (packet.procedure === Procedure.AUTH_LIST) peer.reply(packet, encoded(array(i32, 20), [0]));
    else if (packet.procedure === Procedure.REGISTER) peer.reply(packet, encoded(i32, 1));
    else if (packet.procedure === Procedure.OPEN) peer.reply(packet);
    else peer.fail(packet, 3, 'not in the script');
  }
}
