import type { Endpoint, Service } from '../../helper/http/index.ts';
import { responseProblem } from '../../helper/http/response.ts';
import { Router, type Match } from '../../helper/http/router.ts';
import type { Attempt } from './requests.ts';
import type { WireAnswer, WireRequest } from './wire.ts';

/** Further statuses of success: by microversion, or by what was there before. */
const ALSO_OK: Readonly<Record<string, readonly number[]>> = {
  'compute os-keypairs:create': [200, 201],
  'compute os-keypairs:delete': [202, 204],
  'compute os-server-tags:update': [201, 204],
  'compute os-server-external-events:create': [200, 207],
  'placement resource_providers:create': [200, 201],
  'placement resource_classes:ensure': [201, 204],
  'placement traits:update': [201, 204],
  'placement inventories:create': [200, 201],
  'image image-data:download': [200, 204, 206],
};

/** What upstream answers so where it has no such service behind it, too. */
const NOT_IMPLEMENTED = new Set([
  'compute os-baremetal-nodes:list',
  'compute os-baremetal-nodes:show',
  'compute os-hosts:update',
  'compute os-hosts:reboot',
  'compute os-hosts:shutdown',
  'compute os-hosts:startup',
]);

/** What is wrong with answers. */
export class Judge {
  readonly #router: Router;

  constructor(services: readonly Service[]) {
    this.#router = new Router(services);
  }

  /** @returns what is wrong, in words; undefined when nothing is. */
  problem({ service, endpoint, request, version }: Attempt, answer: WireAnswer): string | undefined {
    const { status, headers, text, json } = answer;
    if (status === 501 && NOT_IMPLEMENTED.has(`${service.name} ${endpoint.id}`)) return undefined;
    if (status >= 500) return `status ${status}`;
    // Node's own parser answers what is no HTTP.
    if (headers['x-openstack-request-id'] === undefined)
      return text === '' && (status === 400 || status === 431)
        ? undefined
        : `status ${status} without a request id`;
    const [path = ''] = request.path.split('?', 1);
    const match = this.#router.match(request.method, path);
    if (request.method === 'HEAD' || status === 204 || status === 205)
      return text === '' ? undefined : 'a body where there is to be none';
    // What comes from a foreign page is refused before anybody looks which service it is for.
    if (request.headers['origin'] !== undefined)
      return status === 403 ? undefined : `status ${status} to a foreign page`;
    if (status >= 400) return errorProblem(match, status, json);
    if (match.kind !== 'endpoint') return undefined;
    return this.#successProblem(match, version, request, answer);
  }

  #successProblem(
    { service, candidates }: Extract<Match, { kind: 'endpoint' }>,
    version: number,
    { path, body }: WireRequest,
    answer: WireAnswer,
  ): string | undefined {
    const { status, headers } = answer;
    const echoed = /(\d+)\.(\d+)$/.exec(String(headers['openstack-api-version'] ?? ''));
    const used = echoed === null ? version : Number(echoed[1]) * 1000 + Number(echoed[2]);
    const live = candidates.filter(({ min = 0, max = Infinity }) => used >= min && used <= max);
    const endpoint = live.find(({ action }) => action === undefined || action === actionOf(body)) ?? live[0];
    if (endpoint === undefined) return undefined;
    const expected = [endpoint.ok, ...(ALSO_OK[`${service.name} ${endpoint.id}`] ?? [])];
    if (!expected.includes(status)) return `status ${status}, declared is ${endpoint.ok}`;
    return bodyProblem(endpoint, { path, version: used, answer });
  }
}

function actionOf(body: string | Buffer | undefined): string | undefined {
  try {
    return Object.keys(JSON.parse(String(body)) as object)[0];
  } catch {
    return undefined;
  }
}

function bodyProblem(
  { response = 'none' }: Endpoint,
  { path, version, answer }: { path: string; version: number; answer: WireAnswer },
): string | undefined {
  const { headers, status, text, json } = answer;
  const isJson = headers['content-type'] === 'application/json';
  if (isJson && json === undefined) return 'no JSON';
  return responseProblem(response, {
    version,
    selected: new URL(path, 'http://helper').searchParams.has('fields'),
    body: isJson ? json : undefined,
    streamed: !isJson && (text !== '' || (response === 'stream' && status !== 204)),
  });
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Each service's errors have its own shape. */
export function errorProblem(
  match: Pick<Match, 'kind'> & { service?: Service | undefined },
  status: number,
  json: unknown,
) {
  if (!isRecord(json)) return `error ${status} without a JSON object`;
  const only = Object.values(json)[0];
  const says = (value: unknown): boolean => isRecord(value) && typeof value['message'] === 'string';
  switch (match.service?.name) {
    case 'compute':
      return says(only) && (only as { code: unknown }).code === status
        ? undefined
        : `no fault of nova's: ${status}`;
    case 'network':
      return says(json['NeutronError']) ? undefined : `no NeutronError: ${status}`;
    case 'identity':
      return says(json['error']) && (json['error'] as { code: unknown }).code === status
        ? undefined
        : `no error of keystone's: ${status}`;
    case 'image':
      return typeof json['message'] === 'string' ? undefined : `no message of glance's: ${status}`;
    case undefined:
    default:
      return undefined;
  }
}
