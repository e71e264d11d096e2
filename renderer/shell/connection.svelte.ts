import {
  SOCKET_PATH,
  decodeFrame,
  encodeFrame,
  type Bridge,
  type PageFrame,
  type ShellFrame,
} from '../../main/contract/frame.ts';

declare global {
  interface Window {
    /** Put here by Electron's preload. */
    readonly deskcloud?: Bridge;
  }
}

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 5000;

/** The carrier of this page: Electron's bridge where there is one, else a WebSocket that is opened again when it breaks. */
export class Connection {
  /** 'refused': the shell that this page came from has ended. */
  state: 'connecting' | 'open' | 'refused' = $state('connecting');
  #socket: WebSocket | undefined;
  #waiting: PageFrame[] = [];
  #failures = 0;
  readonly #onFrame: (frame: ShellFrame) => void;
  readonly #onLost: () => void;

  /** @param onLost everything that was open on the carrier is gone. */
  constructor(onFrame: (frame: ShellFrame) => void, onLost: () => void) {
    this.#onFrame = onFrame;
    this.#onLost = onLost;
    if (window.deskcloud === undefined) this.#connect();
    else {
      window.deskcloud.listen(onFrame);
      this.state = 'open';
    }
  }

  send(frame: PageFrame): void {
    if (window.deskcloud !== undefined) window.deskcloud.send(frame);
    else if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(encodeFrame(frame));
    else this.#waiting.push(frame);
  }

  #connect(): void {
    const socket = new WebSocket(`ws://${location.host}${SOCKET_PATH}`);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    socket.addEventListener('open', () => {
      this.state = 'open';
      this.#failures = 0;
      for (const frame of this.#waiting.splice(0)) socket.send(encodeFrame(frame));
    });
    socket.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => {
      this.#onFrame(decodeFrame(typeof data === 'string' ? data : new Uint8Array(data)) as ShellFrame);
    });
    socket.addEventListener('close', () => {
      this.#waiting = [];
      this.#onLost();
      this.#failures += 1;
      this.state = this.#failures > 4 ? 'refused' : 'connecting';
      const pause = Math.min(FIRST_PAUSE_MS * 2 ** this.#failures, LONGEST_PAUSE_MS);
      setTimeout(() => this.#connect(), pause);
    });
  }
}
