import type { RawChannel } from '@novnc/novnc';
import { openStream, type PageStream, type ShellError } from '../../shell/shell.ts';

/** A guest's screen as noVNC reads one: the shell's stream in the form of a WebSocket. */
export class ConsoleChannel implements RawChannel {
  binaryType = 'arraybuffer';
  readonly protocol = '';
  readyState = 'open';
  onopen: RawChannel['onopen'] = null;
  onmessage: RawChannel['onmessage'] = null;
  onclose: RawChannel['onclose'] = null;
  onerror: RawChannel['onerror'] = null;
  readonly #stream: PageStream<'console'>;
  /** Why it ended, in words for a person. */
  failure: ShellError | undefined;

  constructor(projectId: string, serverId: string) {
    this.#stream = openStream(
      'console',
      { projectId, serverId, kind: 'vnc' },
      {
        onBytes: (bytes) => {
          // noVNC reads the whole buffer, and these bytes may be a part of a larger one.
          const data = bytes.slice().buffer;
          this.onmessage?.({ data });
        },
        onEnd: (error) => {
          this.failure = error;
          this.#closed(error === undefined);
        },
      },
    );
  }

  send(data: Uint8Array): void {
    // noVNC uses its buffer again at once.
    void this.#stream.write(data.slice());
  }

  close(): void {
    this.#stream.cancel();
    this.#closed(true);
  }

  #closed(wasClean: boolean): void {
    if (this.readyState === 'closed') return;
    this.readyState = 'closed';
    this.onclose?.({ code: wasClean ? 1000 : 1006, reason: this.failure?.message ?? '', wasClean });
  }
}
