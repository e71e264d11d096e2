import { STATUS_CODES } from 'node:http';
import type { CloudError, ErrorKind } from './error.ts';

/** An error as one service writes it. */
export interface ErrorReply {
  readonly status: number;
  readonly body: unknown;
}

/** How one service turns errors into answers. */
export type Dialect = (error: CloudError) => ErrorReply;

const STATUS: Record<ErrorKind, number> = {
  badRequest: 400,
  unauthorized: 401,
  forbidden: 403,
  overQuota: 403,
  notFound: 404,
  methodNotAllowed: 405,
  notAcceptable: 406,
  conflict: 409,
  gone: 410,
  tooLarge: 413,
  unsupportedMediaType: 415,
  rateLimited: 429,
  internal: 500,
  notImplemented: 501,
  unavailable: 503,
  noSpace: 507,
};

const statusOf = (error: CloudError, exceptions: Partial<Record<ErrorKind, number>> = {}): number =>
  error.status ?? exceptions[error.kind] ?? STATUS[error.kind];

/** nova's names for its faults, nova/api/openstack/wsgi.py (Fault._fault_names). */
const COMPUTE_FAULTS: Record<number, string> = {
  400: 'badRequest',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'itemNotFound',
  405: 'badMethod',
  409: 'conflictingRequest',
  413: 'overLimit',
  415: 'badMediaType',
  429: 'overLimit',
  501: 'notImplemented',
  503: 'serviceUnavailable',
};

/** A fault says in its body, too, after how many seconds to come again (nova/api/openstack/wsgi.py, Fault). */
function computeFault(error: CloudError, status: number): ErrorReply {
  const retryAfter = error.headers['retry-after'];
  return {
    status,
    body: {
      [COMPUTE_FAULTS[status] ?? 'computeFault']: {
        code: status,
        message: error.message,
        ...(retryAfter === undefined ? {} : { retryAfter }),
      },
    },
  };
}

/** nova: `{"itemNotFound": {"code": 404, "message": "..."}}`. Over quota is 403. */
export const computeDialect: Dialect = (error) => computeFault(error, statusOf(error, { noSpace: 503 }));

/** cinder writes as nova does; over quota and over a rate is 413. */
export const volumeDialect: Dialect = (error) =>
  computeFault(error, statusOf(error, { overQuota: 413, rateLimited: 413, noSpace: 503 }));

/** Names for errors to which the thrower gave none, as neutron's clients map them. */
const NETWORK_TYPES: Partial<Record<ErrorKind, string>> = {
  badRequest: 'HTTPBadRequest',
  unauthorized: 'HTTPUnauthorized',
  forbidden: 'PolicyNotAuthorized',
  overQuota: 'OverQuota',
  notFound: 'HTTPNotFound',
  conflict: 'HTTPConflict',
  rateLimited: 'HTTPTooManyRequests',
  unavailable: 'ServiceUnavailable',
};

/** neutron: `{"NeutronError": {"type": "...", "message": "...", "detail": ""}}`. Over quota is 409. */
export const networkDialect: Dialect = (error) => ({
  status: statusOf(error, { overQuota: 409, noSpace: 503 }),
  body: {
    NeutronError: {
      type: error.type ?? NETWORK_TYPES[error.kind] ?? 'HTTPInternalServerError',
      message: error.message,
      detail: '',
    },
  },
});

/** keystone: `{"error": {"code", "title", "message"}}`. */
export const identityDialect: Dialect = (error) => {
  const status = statusOf(error, { noSpace: 503 });
  return {
    status,
    body: { error: { code: status, title: STATUS_CODES[status] ?? 'Error', message: error.message } },
  };
};

/** glance answers with its message; JSON here, since clients accept both its HTML and a JSON object. */
export const imageDialect: Dialect = (error) => {
  const status = statusOf(error, { overQuota: 413, noSpace: 413 });
  return {
    status,
    body: {
      message: error.message,
      code: `${status} ${STATUS_CODES[status] ?? 'Error'}`,
      title: STATUS_CODES[status] ?? 'Error',
    },
  };
};

/** placement and other newer services: the API working group's `{"errors": [...]}`. */
export const placementDialect: Dialect = (error) => {
  const status = statusOf(error, { noSpace: 503 });
  const title = STATUS_CODES[status] ?? 'Error';
  return {
    status,
    body: {
      errors: [{ status, title, detail: error.message, code: error.type ?? 'placement.undefined_code' }],
    },
  };
};

/** Deskcloud's own API: `{"error": {"kind", "message"}}`. */
export const deskcloudDialect: Dialect = (error) => ({
  status: statusOf(error),
  body: { error: { kind: error.kind, message: error.message } },
});
