import type { ApiRequest, ApiService } from '../../main/contract/shell.ts';
import { shell } from '../shell/shell.ts';
import { ApiError } from './errors.ts';

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly contentType?: string;
  readonly microversion?: string;
}

/** The cloud's APIs in one project. Each call rejects with an {@link ApiError} unless the status is 2xx. */
export class Api {
  /** Null: the administrator's own. */
  readonly projectId: string | null;

  constructor(projectId: string | null) {
    this.projectId = projectId;
  }

  get<T>(service: ApiService, path: string, options?: CallOptions): Promise<T> {
    return this.#call<T>('GET', service, path, undefined, options);
  }

  post<T>(service: ApiService, path: string, body?: unknown, options?: CallOptions): Promise<T> {
    return this.#call<T>('POST', service, path, body, options);
  }

  put<T>(service: ApiService, path: string, body?: unknown, options?: CallOptions): Promise<T> {
    return this.#call<T>('PUT', service, path, body, options);
  }

  patch<T>(service: ApiService, path: string, body: unknown, options?: CallOptions): Promise<T> {
    return this.#call<T>('PATCH', service, path, body, options);
  }

  delete(service: ApiService, path: string, options?: CallOptions): Promise<void> {
    return this.#call('DELETE', service, path, undefined, options);
  }

  async #call<T>(
    method: ApiRequest['method'],
    service: ApiService,
    path: string,
    body: unknown,
    { signal, contentType, microversion }: CallOptions = {},
  ): Promise<T> {
    const request: ApiRequest = {
      method,
      service,
      path,
      projectId: this.projectId,
      ...(body === undefined ? {} : { body }),
      ...(contentType === undefined ? {} : { contentType }),
      ...(microversion === undefined ? {} : { microversion }),
    };
    const answer = await shell.api(request, signal);
    if (answer.status < 200 || answer.status > 299) throw new ApiError(request, answer);
    return answer.body as T;
  }
}
