import { request } from 'node:http';
import { createInterface } from 'node:readline';
import type { ChangeEvent } from '../helper/contract/change.ts';
import type { TrafficEvent } from '../helper/contract/devices.ts';
import type {
  LaggedEvent,
  Operation,
  OperationEvent,
  OperationSummary,
} from '../helper/contract/operation.ts';
import type { DesktopCredentials, ExternalNetworkPlan, HelperStatus } from '../helper/contract/status.ts';

/** The helper answered with an error, or did not answer. The message is for a person. */
export class HelperError extends Error {
  override readonly name = 'HelperError';
  /** HTTP status; 0 when nothing answered. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Talks to the helper over the desktop's Unix socket. */
export class HelperClient {
  readonly socketPath: string;

  constructor(socketPath: string) {
    this.socketPath = socketPath;
  }

  status(): Promise<HelperStatus> {
    return this.#json('GET', '/status');
  }

  credentials(): Promise<DesktopCredentials> {
    return this.#json('GET', '/credentials');
  }

  external(): Promise<ExternalNetworkPlan> {
    return this.#json('GET', '/external');
  }

  async operations(query: Readonly<Record<string, string>>): Promise<readonly OperationSummary[]> {
    const search = new URLSearchParams(query).toString();
    const answer = await this.#json<{ operations: OperationSummary[] }>('GET', `/operations?${search}`);
    return answer.operations;
  }

  async operation(id: string): Promise<Operation> {
    return (await this.#json<{ operation: Operation }>('GET', `/operations/${encodeURIComponent(id)}`))
      .operation;
  }

  async retry(id: string): Promise<void> {
    await this.#json('POST', `/operations/${encodeURIComponent(id)}/retry`);
  }

  async stop(guests: 'keep' | 'shutdown'): Promise<void> {
    await this.#json('POST', `/stop/${guests}`);
  }

  /** Undefined when no helper listens on the socket. */
  async statusIfRunning(): Promise<HelperStatus | undefined> {
    try {
      return await this.status();
    } catch (error) {
      if (error instanceof HelperError && error.status === 0) return undefined;
      throw error;
    }
  }

  /**
   * Calls `listener` with each event of the live stream until `signal` aborts or the helper ends.
   * @throws {HelperError} when the stream cannot be opened.
   */
  async follow(listener: (event: OperationEvent | LaggedEvent) => void, signal: AbortSignal): Promise<void> {
    await this.#stream('/events', listener, () => undefined, signal);
  }

  /** As {@link follow}, with what changes in the cloud; `onOpen` is called once nothing more is missed. */
  async followAll(
    listener: (event: OperationEvent | ChangeEvent | LaggedEvent | TrafficEvent) => void,
    onOpen: () => void,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#stream('/events?changes=true', listener, onOpen, signal);
  }

  /** Any call of Deskcloud's own API, its answer as it is. @throws {HelperError} when nothing answers. */
  async exchange(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; requestId: string | null; body: unknown }> {
    const { status, requestId, text } = await this.#exchange(method, path, body);
    return { status, requestId, body: text === '' ? null : (JSON.parse(text) as unknown) };
  }

  async #stream(
    path: string,
    listener: (event: never) => void,
    onOpen: () => void,
    signal: AbortSignal,
  ): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const sent = request(
        { socketPath: this.socketPath, path: `/deskcloud/v1${path}`, signal },
        (response) => {
          const lines = createInterface({ input: response });
          lines.on('line', (line) => {
            if (line.startsWith('data: ')) listener(JSON.parse(line.slice(6)) as never);
            // The first thing that is said, once the listener is in its place.
            else if (line === ': live') onOpen();
          });
          lines.on('close', resolve);
          // The stream's end in the middle: aborted here, or the helper is gone. readline passes it on.
          lines.on('error', () => resolve());
        },
      );
      sent.on('error', (error) => (signal.aborted ? resolve() : reject(this.#unreachable(error))));
      sent.end();
    });
  }

  async #json<T>(method: string, path: string): Promise<T> {
    const { status, text } = await this.#exchange(method, path);
    const body = (text === '' ? undefined : JSON.parse(text)) as unknown;
    if (status >= 400)
      throw new HelperError(status, messageOf(body) ?? `the helper answered with status ${status}`);
    return body as T;
  }

  #exchange(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; requestId: string | null; text: string }> {
    return new Promise((resolve, reject) => {
      const json = body === undefined ? undefined : JSON.stringify(body);
      const headers =
        json === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(json)) };
      const sent = request(
        { socketPath: this.socketPath, method, path: `/deskcloud/v1${path}`, headers },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
          response.on('end', () => {
            const requestId = response.headers['x-openstack-request-id'];
            resolve({
              status: response.statusCode ?? 0,
              requestId: typeof requestId === 'string' ? requestId : null,
              text,
            });
          });
          response.on('error', reject);
        },
      );
      sent.on('error', (error) => reject(this.#unreachable(error)));
      sent.end(json);
    });
  }

  #unreachable(error: NodeJS.ErrnoException): HelperError {
    if (error.code === 'EACCES') {
      return new HelperError(
        403,
        `You may not open ${this.socketPath}. Join its group with: sudo usermod -aG deskcloud $USER, then log in again.`,
      );
    }
    return new HelperError(
      0,
      `Deskcloud is not running (${this.socketPath}: ${error.code ?? error.message}).`,
    );
  }
}

function messageOf(body: unknown): string | undefined {
  const error = (body as { error?: { message?: unknown } } | undefined)?.error;
  return typeof error?.message === 'string' ? error.message : undefined;
}
