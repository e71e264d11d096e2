/**
 * What goes over a carrier. The page chooses `id`s, each once. In both directions a sender of bytes stays within the
 * window that the receiver opens again with 'credit', so a slow side holds the fast one back.
 */
import type { CallName, ShellFailure, StreamName } from './shell.ts';

/** Bytes that may be on their way in one direction of a stream before the first 'credit'. */
export const BYTE_WINDOW = 1 << 20;
/** The largest piece of bytes in one frame. */
export const BYTES_AT_ONCE = 256 * 1024;

export type PageFrame =
  | { readonly type: 'call'; readonly id: number; readonly name: CallName; readonly input: unknown }
  | { readonly type: 'open'; readonly id: number; readonly name: StreamName; readonly input: unknown }
  | { readonly type: 'message'; readonly id: number; readonly value: unknown }
  /** The page sends nothing more; the shell may still. */
  | { readonly type: 'end'; readonly id: number }
  /** The page wants nothing more of this call or stream. */
  | { readonly type: 'cancel'; readonly id: number }
  | Bytes
  | Credit;

export type ShellFrame =
  | { readonly type: 'result'; readonly id: number; readonly value: unknown }
  | { readonly type: 'message'; readonly id: number; readonly value: unknown }
  /** The stream is over, and well. */
  | { readonly type: 'end'; readonly id: number }
  | { readonly type: 'failure'; readonly id: number; readonly failure: ShellFailure }
  | Bytes
  | Credit;

export interface Bytes {
  readonly type: 'bytes';
  readonly id: number;
  readonly bytes: Uint8Array;
}

export interface Credit {
  readonly type: 'credit';
  readonly id: number;
  /** So many bytes were taken. */
  readonly count: number;
}

/** What Electron's preload puts into the page, and all that it does. */
export interface Bridge {
  send(frame: PageFrame): void;
  /** One listener; a second one takes its place. */
  listen(listener: (frame: ShellFrame) => void): void;
}

/** Where on the loopback listener the WebSocket of the contract is. */
export const SOCKET_PATH = '/shell';

/** As a WebSocket's messages: bytes are binary, with the id in front (4 bytes, big end first); the rest is JSON. */
export function encodeFrame(frame: PageFrame | ShellFrame): string | Uint8Array<ArrayBuffer> {
  if (frame.type !== 'bytes') return JSON.stringify(frame);
  const message = new Uint8Array(4 + frame.bytes.length);
  new DataView(message.buffer).setUint32(0, frame.id);
  message.set(frame.bytes, 4);
  return message;
}

/** @throws {Error} when it is none. What the frame says is not looked at here. */
export function decodeFrame(message: string | Uint8Array): unknown {
  if (typeof message === 'string') return JSON.parse(message) as unknown;
  if (message.length < 4) throw new Error('a binary message without its id');
  const id = new DataView(message.buffer, message.byteOffset).getUint32(0);
  return { type: 'bytes', id, bytes: message.subarray(4) };
}
