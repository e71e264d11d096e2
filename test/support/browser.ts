import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { WebSocket, type RawData } from 'ws';

export const CHROMIUM = '/usr/bin/chromium';

/** Just enough of Chromium's DevTools protocol to look at a page. */
export class Browser {
  readonly #child: ChildProcess;
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (answer: unknown) => void>();
  #last = 0;

  private constructor(child: ChildProcess, socket: WebSocket) {
    this.#child = child;
    this.#socket = socket;
    socket.on('message', (data: RawData) => {
      const { id, result, error } = JSON.parse((data as Buffer).toString()) as Record<string, unknown>;
      this.#answers.get(id as number)?.(result ?? error);
    });
  }

  /** Opens a page in a browser without a window; its profile is made below `directory`. */
  static async open(directory: string, url: string): Promise<Browser> {
    const child = spawn(
      CHROMIUM,
      [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--remote-debugging-port=0',
        `--user-data-dir=${join(directory, 'chromium')}`,
        '--window-size=900,600',
        url,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, HOME: directory } },
    );
    const origin = await new Promise<string>((resolve, reject) => {
      let said = '';
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        const found = /DevTools listening on ws:\/\/([\d.:]+)\//.exec(said);
        if (found !== null) resolve(`http://${found[1] ?? ''}`);
      });
      child.once('exit', () => reject(new Error(`chromium ended: ${said}`)));
    });
    const pages = (await (await fetch(`${origin}/json/list`)).json()) as {
      type: string;
      webSocketDebuggerUrl: string;
    }[];
    const page = pages.find((one) => one.type === 'page');
    const socket = new WebSocket(page?.webSocketDebuggerUrl ?? '');
    await once(socket, 'open');
    return new Browser(child, socket);
  }

  async #call(method: string, params: object): Promise<Record<string, unknown>> {
    this.#last += 1;
    const id = this.#last;
    const answer = new Promise<unknown>((resolve) => this.#answers.set(id, resolve));
    this.#socket.send(JSON.stringify({ id, method, params }));
    return (await answer) as Record<string, unknown>;
  }

  /** The value of a JavaScript expression in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const { result } = await this.#call('Runtime.evaluate', { expression, returnByValue: true });
    return (result as { value?: unknown }).value;
  }

  /** A PNG file of the page. */
  async screenshot(): Promise<Buffer> {
    return Buffer.from(String((await this.#call('Page.captureScreenshot', {}))['data']), 'base64');
  }

  async close(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#socket.close();
    this.#child.kill('SIGTERM');
    await gone;
  }
}
