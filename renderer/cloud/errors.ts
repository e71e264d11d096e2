import type { ApiAnswer, ApiRequest } from '../../main/contract/shell.ts';
import { ShellError } from '../shell/shell.ts';

/** A service refused, or failed. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  /** `req-<uuid>`: the way to the operation's trace. */
  readonly requestId: string | null;
  readonly request: ApiRequest;

  constructor(request: ApiRequest, answer: ApiAnswer) {
    super(messageIn(answer.body) ?? `${request.method} ${request.path}: ${answer.status}`);
    this.status = answer.status;
    this.requestId = answer.requestId;
    this.request = request;
  }
}

/** What a person is shown of anything that was thrown. */
export interface Problem {
  readonly message: string;
  readonly status: number | null;
  readonly requestId: string | null;
  /** 'POST compute /servers'. */
  readonly what: string | null;
  /** The carrier broke off, or the person cancelled: there is nothing to mend. */
  readonly passing: boolean;
}

export function problemOf(error: unknown): Problem {
  if (error instanceof ApiError) {
    const { method, service, path } = error.request;
    return {
      message: error.message,
      status: error.status,
      requestId: error.requestId,
      what: `${method} ${service} ${path.split('?', 1)[0] ?? ''}`,
      passing: false,
    };
  }
  return {
    message: error instanceof Error ? error.message : String(error),
    status: null,
    requestId: null,
    what: null,
    passing: error instanceof ShellError && (error.code === 'lost' || error.code === 'cancelled'),
  };
}

/** The text in any service's error body: nova's and glance's nest it, neutron's has a type and detail beside it. */
function messageIn(body: unknown): string | undefined {
  if (typeof body === 'string') return body === '' ? undefined : body.slice(0, 2000);
  if (typeof body !== 'object' || body === null) return undefined;
  for (const value of [body, ...(Object.values(body) as unknown[])]) {
    if (typeof value !== 'object' || value === null) continue;
    const { message } = value as { message?: unknown };
    if (typeof message === 'string') return message;
  }
  return undefined;
}
