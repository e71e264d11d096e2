/** The packet header and the numbers of libvirt's RPC (src/rpc/virnetprotocol.x, docs: internals/rpc.html). */
import { XdrError, XdrReader, XdrWriter } from './xdr.ts';

export const Program = {
  REMOTE: 0x2000_8086,
  QEMU: 0x2000_8087,
  KEEPALIVE: 0x6b65_6570,
} as const;

/** All three programs are at version 1. */
export const PROGRAM_VERSION = 1;

export const MessageType = {
  CALL: 0,
  REPLY: 1,
  MESSAGE: 2,
  STREAM: 3,
  CALL_WITH_FDS: 4,
  REPLY_WITH_FDS: 5,
  STREAM_HOLE: 6,
} as const;

export const MessageStatus = { OK: 0, ERROR: 1, CONTINUE: 2 } as const;

export const KeepaliveProcedure = { PING: 1, PONG: 2 } as const;

export const LENGTH_BYTES = 4;
export const HEADER_BYTES = 24;
/** VIR_NET_MESSAGE_MAX: header and payload, without the length word. */
export const MESSAGE_MAX = 33_554_432;

/** One packet, without its length word. */
export interface Packet {
  readonly program: number;
  readonly procedure: number;
  /** One of {@link MessageType}. */
  readonly type: number;
  /** The call's number; 0 in events and keepalive messages. */
  readonly serial: number;
  /** One of {@link MessageStatus}. */
  readonly status: number;
  readonly payload: Buffer;
}

/** The packet with its length word, ready to send. */
export function encodePacket(packet: Packet): Buffer {
  const length = HEADER_BYTES + packet.payload.length;
  if (length > MESSAGE_MAX)
    throw new XdrError(`a message of ${length} bytes exceeds libvirt's limit of 32 MiB`);
  const writer = new XdrWriter(LENGTH_BYTES + length);
  writer.uint32(LENGTH_BYTES + length);
  writer.uint32(packet.program);
  writer.uint32(PROGRAM_VERSION);
  writer.int32(packet.procedure);
  writer.int32(packet.type);
  writer.uint32(packet.serial);
  writer.int32(packet.status);
  return Buffer.concat([writer.bytes(), packet.payload]);
}

/**
 * Reads a frame (header and payload, without the length word). Every field of the header is checked, since a stream
 * that is out of step must end the connection and not reach anything behind it.
 */
export function decodePacket(frame: Buffer): Packet {
  const reader = new XdrReader(frame);
  const program = reader.uint32();
  const version = reader.uint32();
  const procedure = reader.int32();
  const type = reader.int32();
  const serial = reader.uint32();
  const status = reader.int32();
  if (program !== Program.REMOTE && program !== Program.QEMU && program !== Program.KEEPALIVE) {
    throw new XdrError(`packet of an unknown program 0x${program.toString(16)}`);
  }
  if (version !== PROGRAM_VERSION) throw new XdrError(`packet of an unknown program version ${version}`);
  if (type < MessageType.CALL || type > MessageType.STREAM_HOLE)
    throw new XdrError(`unknown packet type ${type}`);
  if (status < MessageStatus.OK || status > MessageStatus.CONTINUE) {
    throw new XdrError(`unknown packet status ${status}`);
  }
  return { program, procedure, type, serial, status, payload: frame.subarray(HEADER_BYTES) };
}
