import { BYTES_AT_ONCE, BYTE_WINDOW, type ShellFrame } from '../contract/frame.ts';

/** The shell's end of an open stream. */
export interface ShellStream<Send, Receive> {
  /** Aborted when the page wants nothing more, or is gone. */
  readonly signal: AbortSignal;
  /** The page's bytes until it ends them. Taking a piece lets the page send as much again. */
  readonly bytes: AsyncIterable<Uint8Array, undefined>;
  /** True while so much waits for a slow page that messages should be left out. */
  readonly isBehind: boolean;
  send(message: Receive): void;
  /** Resolves when the page has room for these bytes, or wants nothing more. */
  write(bytes: Uint8Array): Promise<void>;
  /** One listener; messages before it are not kept. */
  onMessage(listener: (message: Send) => void): void;
}

/** What waits in the carrier before a page counts as slow. */
const BEHIND = 4 << 20;

/** One stream within a session: the window for bytes in both directions, and the page's bytes as they are taken. */
export class SessionStream implements ShellStream<unknown, unknown> {
  readonly id: number;
  readonly signal: AbortSignal;
  readonly #abort = new AbortController();
  readonly #out: (frame: ShellFrame) => void;
  readonly #waiting: () => number;
  readonly #pieces: Uint8Array[] = [];
  #held = 0;
  #pageEnded = false;
  #wakeReader: () => void = () => undefined;
  #window = BYTE_WINDOW;
  #wakeWriter: () => void = () => undefined;
  #listener: (message: unknown) => void = () => undefined;

  /** @param waiting how many bytes the carrier has not sent yet. */
  constructor(id: number, out: (frame: ShellFrame) => void, waiting: () => number) {
    this.id = id;
    this.#out = out;
    this.#waiting = waiting;
    this.signal = this.#abort.signal;
  }

  get isBehind(): boolean {
    return this.#waiting() > BEHIND;
  }

  get bytes(): AsyncIterable<Uint8Array, undefined> {
    return this.#take();
  }

  send(value: unknown): void {
    if (!this.signal.aborted) this.#out({ type: 'message', id: this.id, value });
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#listener = listener;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      while (this.#window === 0 && !this.signal.aborted)
        await new Promise<void>((resolve) => {
          this.#wakeWriter = resolve;
        });
      if (this.signal.aborted) return;
      const piece = bytes.subarray(at, at + Math.min(this.#window, BYTES_AT_ONCE));
      this.#window -= piece.length;
      at += piece.length;
      this.#out({ type: 'bytes', id: this.id, bytes: piece });
    }
  }

  /** @returns false when the page sent more than it may. */
  takeBytes(bytes: Uint8Array): boolean {
    if (this.#pageEnded || this.#held + bytes.length > BYTE_WINDOW) return false;
    this.#held += bytes.length;
    this.#pieces.push(bytes);
    this.#wakeReader();
    return true;
  }

  takeMessage(value: unknown): void {
    this.#listener(value);
  }

  takeCredit(count: number): void {
    this.#window = Math.min(BYTE_WINDOW, this.#window + count);
    this.#wakeWriter();
  }

  takeEnd(): void {
    this.#pageEnded = true;
    this.#wakeReader();
  }

  cancel(): void {
    this.#abort.abort();
    this.#wakeReader();
    this.#wakeWriter();
  }

  async *#take(): AsyncGenerator<Uint8Array, undefined> {
    while (!this.signal.aborted) {
      const piece = this.#pieces.shift();
      if (piece !== undefined) {
        this.#held -= piece.length;
        this.#out({ type: 'credit', id: this.id, count: piece.length });
        yield piece;
      } else if (this.#pageEnded) return undefined;
      else
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve;
        });
    }
  }
}
