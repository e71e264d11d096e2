import { BYTES_AT_ONCE, BYTE_WINDOW, type ShellFrame } from '../../main/contract/frame.ts';
import type {
  CallInput,
  CallName,
  CallOutput,
  ShellFailure,
  ShellStreams,
  StreamName,
} from '../../main/contract/shell.ts';
import { Connection } from './connection.svelte.ts';

/** The shell could not do what it was asked; the message names cause and remedy. */
export class ShellError extends Error {
  override readonly name = 'ShellError';
  readonly code: ShellFailure['code'] | 'lost';

  constructor(code: ShellError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

export interface StreamListener<K extends StreamName> {
  onMessage?: (message: ShellStreams[K]['receive']) => void;
  onBytes?: (bytes: Uint8Array) => void;
  /** Once; without an error when it ended well. */
  onEnd?: (error: ShellError | undefined) => void;
}

/** The page's end of an open stream. */
export interface PageStream<K extends StreamName> {
  send(message: ShellStreams[K]['send']): void;
  /** Resolves when there is room for more. */
  write(bytes: Uint8Array): Promise<void>;
  /** Nothing more is sent. */
  end(): void;
  /** Nothing more is wanted. `onEnd` is not called. */
  cancel(): void;
}

interface OpenStream {
  readonly listener: StreamListener<StreamName>;
  window: number;
  wake: () => void;
}

interface OpenCall {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: ShellError) => void;
}

let last = 0;
const calls = new Map<number, OpenCall>();
const streams = new Map<number, OpenStream>();

const connection = new Connection(take, () => {
  const lost = new ShellError('lost', 'The connection to Deskcloud broke off.');
  const open = [...calls.values()];
  const running = [...streams.values()];
  calls.clear();
  streams.clear();
  for (const call of open) call.reject(lost);
  for (const stream of running) {
    stream.wake();
    stream.listener.onEnd?.(lost);
  }
});

/** How the page is connected to the shell; reactive. */
export const connectionState = (): Connection['state'] => connection.state;

function take(frame: ShellFrame): void {
  const call = calls.get(frame.id);
  const stream = streams.get(frame.id);
  switch (frame.type) {
    case 'result':
      calls.delete(frame.id);
      call?.resolve(frame.value);
      break;
    case 'message':
      stream?.listener.onMessage?.(frame.value as never);
      break;
    case 'bytes':
      if (stream === undefined) break;
      stream.listener.onBytes?.(frame.bytes);
      connection.send({ type: 'credit', id: frame.id, count: frame.bytes.length });
      break;
    case 'credit':
      if (stream === undefined) break;
      stream.window += frame.count;
      stream.wake();
      break;
    case 'end':
    case 'failure': {
      const error =
        frame.type === 'end' ? undefined : new ShellError(frame.failure.code, frame.failure.message);
      calls.delete(frame.id);
      streams.delete(frame.id);
      if (error !== undefined) call?.reject(error);
      stream?.wake();
      stream?.listener.onEnd?.(error);
      break;
    }
  }
}

function ask<K extends CallName>(name: K, input: CallInput<K>, signal?: AbortSignal): Promise<CallOutput<K>> {
  last += 1;
  const id = last;
  return new Promise<CallOutput<K>>((resolve, reject) => {
    calls.set(id, { resolve: resolve as (value: unknown) => void, reject });
    connection.send({ type: 'call', id, name, input });
    signal?.addEventListener(
      'abort',
      () => {
        if (!calls.delete(id)) return;
        connection.send({ type: 'cancel', id });
        reject(new ShellError('cancelled', 'Cancelled.'));
      },
      { once: true },
    );
  });
}

type Calls = {
  readonly [K in CallName]: (input: CallInput<K>, signal?: AbortSignal) => Promise<CallOutput<K>>;
};

/** The contract's calls, as functions: `await shell.api({ ... })`. Each rejects with a {@link ShellError}. */
export const shell = new Proxy({} as Calls, {
  get: (_target, name) => (input: never, signal?: AbortSignal) => ask(name as CallName, input, signal),
});

/** Opens one of the contract's streams. */
export function openStream<K extends StreamName>(
  name: K,
  input: ShellStreams[K]['input'],
  listener: StreamListener<K>,
): PageStream<K> {
  last += 1;
  const id = last;
  const stream: OpenStream = {
    listener: listener as StreamListener<StreamName>,
    window: BYTE_WINDOW,
    wake: () => undefined,
  };
  streams.set(id, stream);
  connection.send({ type: 'open', id, name, input });
  return {
    send: (value) => {
      if (streams.has(id)) connection.send({ type: 'message', id, value });
    },
    write: async (bytes) => {
      for (let at = 0; at < bytes.length && streams.has(id);) {
        while (stream.window === 0 && streams.has(id))
          await new Promise<void>((resolve) => {
            stream.wake = resolve;
          });
        if (!streams.has(id)) return;
        const piece = bytes.subarray(at, at + Math.min(stream.window, BYTES_AT_ONCE));
        stream.window -= piece.length;
        at += piece.length;
        connection.send({ type: 'bytes', id, bytes: piece });
      }
    },
    end: () => {
      if (streams.has(id)) connection.send({ type: 'end', id });
    },
    cancel: () => {
      if (!streams.delete(id)) return;
      stream.wake();
      connection.send({ type: 'cancel', id });
    },
  };
}
