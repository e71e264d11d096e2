import type { ShellFrame } from '../contract/frame.ts';
import type {
  CallInput,
  CallName,
  CallOutput,
  ShellFailure,
  ShellStreams,
  StreamName,
} from '../contract/shell.ts';
import { HelperError } from '../helper-client.ts';
import {
  CALL_INPUTS,
  STREAM_INPUTS,
  asFrame,
  fits,
  type Beginning,
  type Following,
  type RawFrame,
} from './inputs.ts';
import { SessionStream, type ShellStream } from './stream.ts';

/** Brings frames across to one page. */
export interface Carrier {
  send(frame: ShellFrame): void;
  /** Bytes that were given to it and have not left yet. */
  waiting(): number;
  onFrame(listener: (frame: unknown) => void): void;
  onClose(listener: () => void): void;
  /** Ends the page's connection; of one that does not keep to the contract. */
  close(): void;
}

export type CallHandlers = {
  readonly [K in CallName]: (
    input: CallInput<K>,
    signal: AbortSignal,
  ) => CallOutput<K> | Promise<CallOutput<K>>;
};

export type StreamHandlers = {
  readonly [K in StreamName]: (
    input: ShellStreams[K]['input'],
    stream: ShellStream<ShellStreams[K]['send'], ShellStreams[K]['receive']>,
  ) => Promise<void>;
};

export interface Handlers {
  readonly calls: CallHandlers;
  readonly streams: StreamHandlers;
}

/** Calls and streams that one page may have open. */
const MAX_OPEN = 256;

/** Serves one page over its carrier until it closes: checks each frame, runs handlers, answers. */
export function serveSession(carrier: Carrier, handlers: Handlers): void {
  const calls = new Map<number, AbortController>();
  const streams = new Map<number, { stream: SessionStream; name: StreamName }>();

  const fail = (id: number, failure: ShellFailure): void => carrier.send({ type: 'failure', id, failure });
  const badInput = (id: number, name: string): void =>
    fail(id, {
      code: 'input',
      message: `The input of '${name.slice(0, 40)}' is not what the contract says.`,
    });

  function call(id: number, name: CallName, input: unknown): void {
    const abort = new AbortController();
    calls.set(id, abort);
    const handler = handlers.calls[name] as (input: unknown, signal: AbortSignal) => unknown;
    void (async () => {
      try {
        const value = await handler(input, abort.signal);
        if (!abort.signal.aborted) carrier.send({ type: 'result', id, value: value ?? null });
      } catch (error) {
        if (!abort.signal.aborted) fail(id, failureOf(error));
      } finally {
        calls.delete(id);
      }
    })();
  }

  function open(id: number, name: StreamName, input: unknown): void {
    const stream = new SessionStream(
      id,
      (frame) => carrier.send(frame),
      () => carrier.waiting(),
    );
    streams.set(id, { stream, name });
    const handler = handlers.streams[name] as (input: unknown, stream: SessionStream) => Promise<void>;
    void (async () => {
      try {
        await handler(input, stream);
        if (!stream.signal.aborted) carrier.send({ type: 'end', id });
      } catch (error) {
        if (!stream.signal.aborted) fail(id, failureOf(error));
      } finally {
        streams.delete(id);
        stream.cancel();
      }
    })();
  }

  function begin(frame: Beginning): void {
    const { id, name, input } = frame;
    if (calls.has(id) || streams.has(id)) carrier.close();
    else if (calls.size + streams.size >= MAX_OPEN)
      fail(id, { code: 'failed', message: `More than ${MAX_OPEN} requests are open at the same time.` });
    else if (frame.type === 'call') {
      if (Object.hasOwn(CALL_INPUTS, name) && fits(CALL_INPUTS[name as CallName], input))
        call(id, name as CallName, input);
      else badInput(id, name);
    } else if (Object.hasOwn(STREAM_INPUTS, name) && fits(STREAM_INPUTS[name as StreamName].input, input))
      open(id, name as StreamName, input);
    else badInput(id, name);
  }

  function within(frame: Following): void {
    const found = streams.get(frame.id);
    if (frame.type === 'cancel') calls.get(frame.id)?.abort();
    // What crosses the end of a stream on its way comes too late, and is no fault.
    if (found === undefined) return;
    const { stream, name } = found;
    switch (frame.type) {
      case 'bytes':
        if (!stream.takeBytes(frame.bytes)) carrier.close();
        break;
      case 'credit':
        stream.takeCredit(frame.count);
        break;
      case 'message': {
        const { send } = STREAM_INPUTS[name];
        if (send === null || !fits(send, frame.value)) carrier.close();
        else stream.takeMessage(frame.value);
        break;
      }
      case 'end':
        stream.takeEnd();
        break;
      case 'cancel':
        stream.cancel();
        break;
    }
  }

  carrier.onFrame((value) => {
    const frame = asFrame(value);
    if (frame === undefined) carrier.close();
    else if (isBeginning(frame)) begin(frame);
    else within(frame);
  });
  carrier.onClose(() => {
    for (const abort of calls.values()) abort.abort();
    for (const { stream } of streams.values()) stream.cancel();
  });
}

const isBeginning = (frame: RawFrame): frame is Beginning => frame.type === 'call' || frame.type === 'open';

function failureOf(error: unknown): ShellFailure {
  const message = error instanceof Error ? error.message : String(error);
  return { code: error instanceof HelperError && error.status === 0 ? 'helper' : 'failed', message };
}
