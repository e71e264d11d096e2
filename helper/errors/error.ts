/**
 * What can go wrong with a request, in the words of HTTP and of the OpenStack services. One union for all services;
 * a dialect (dialects.ts) gives each its own body.
 */
export type ErrorKind =
  | 'badRequest'
  | 'unauthorized'
  | 'forbidden'
  | 'overQuota'
  | 'notFound'
  | 'methodNotAllowed'
  | 'notAcceptable'
  | 'conflict'
  | 'gone'
  | 'tooLarge'
  | 'unsupportedMediaType'
  | 'rateLimited'
  | 'internal'
  | 'notImplemented'
  | 'unavailable'
  | 'noSpace';

export interface CloudErrorOptions {
  /**
   * Upstream's exception name where clients read it: neutron's `type` ('SubnetInUse', 'IpAddressGenerationFailure').
   */
  readonly type?: string;
  /** HTTP status where upstream departs from the kind's usual one. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** What happened inside; for the log, never for the caller. */
  readonly cause?: unknown;
}

/**
 * A failure that a caller is told about. `message` is written for that caller: it names the cause and, where there
 * is one, the remedy, and never holds a secret or a path of the host that the caller did not give.
 */
export class CloudError extends Error {
  override readonly name = 'CloudError';
  readonly kind: ErrorKind;
  readonly type: string | undefined;
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(kind: ErrorKind, message: string, options: CloudErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = kind;
    this.type = options.type;
    this.status = options.status;
    this.headers = options.headers ?? {};
  }
}

const of =
  (kind: ErrorKind) =>
  (message: string, options?: CloudErrorOptions): CloudError =>
    new CloudError(kind, message, options);

/** Short makers, so that a line reads `throw notFound('Server x could not be found.')`. */
export const badRequest = of('badRequest');
export const unauthorized = of('unauthorized');
export const forbidden = of('forbidden');
export const overQuota = of('overQuota');
export const notFound = of('notFound');
export const notAcceptable = of('notAcceptable');
export const conflict = of('conflict');
export const gone = of('gone');
export const tooLarge = of('tooLarge');
export const unsupportedMediaType = of('unsupportedMediaType');
export const notImplemented = of('notImplemented');
export const unavailable = of('unavailable');
export const noSpace = of('noSpace');

/** True when the same request may succeed later without being changed. */
export function retryable(error: CloudError): boolean {
  switch (error.kind) {
    case 'rateLimited':
    case 'unavailable':
    case 'noSpace':
    case 'internal':
      return true;
    case 'badRequest':
    case 'unauthorized':
    case 'forbidden':
    case 'overQuota':
    case 'notFound':
    case 'methodNotAllowed':
    case 'notAcceptable':
    case 'conflict':
    case 'gone':
    case 'tooLarge':
    case 'unsupportedMediaType':
    case 'notImplemented':
      return false;
  }
}

/** Any thrown value as a CloudError; what is not one is 'internal' and keeps its details to the log. */
export function asCloudError(error: unknown): CloudError {
  if (error instanceof CloudError) return error;
  if (isDatabaseFull(error)) {
    return noSpace(
      "The disk that holds Deskcloud's state is full, so nothing can be changed. Free space on it, or move the state directory to a larger disk.",
      { cause: error },
    );
  }
  return new CloudError(
    'internal',
    'An unexpected error happened inside Deskcloud; its log has the details under this request id.',
    {
      cause: error,
    },
  );
}

/** SQLite found no room for a write, be it that of a migration. */
export const isDatabaseFull = (error: unknown): boolean =>
  error instanceof Error &&
  ((error as Error & { code?: unknown }).code === 'SQLITE_FULL' || isDatabaseFull(error.cause));
