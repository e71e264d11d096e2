import { kindOfSegment, type Pool } from './pool.ts';
import type { Attempt } from './requests.ts';
import type { WireAnswer, WireRequest } from './wire.ts';

type Item = Readonly<Record<string, unknown>>;

/** Attributes by which something is named in paths. */
const ID_KEYS = [
  'id',
  'uuid',
  'member_id',
  'name',
  'namespace',
  'access',
  'alias',
  'request_id',
  'port_id',
] as const;

/** Of a list, so many are remembered. */
const FEW = 5;

const idOf = (item: Item): string | undefined => {
  const id = ID_KEYS.map((key) => item[key]).find(
    (one) => typeof one === 'string' || typeof one === 'number',
  );
  return id === undefined ? undefined : String(id);
};

const isItem = (value: unknown): value is Item =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Remembers what an accepted request made, took away or showed, to ask for it later. */
export function learn(
  pool: Pool,
  { service, endpoint, request }: Attempt,
  { json, headers }: WireAnswer,
): void {
  const segments = endpoint.path.split('/').filter((segment) => !segment.startsWith('{'));
  const kind = kindOfSegment(segments.at(-1) ?? '');
  const [path = ''] = request.path.slice(service.prefix.length + service.root.length).split('?', 1);
  if (endpoint.method === 'DELETE') {
    pool.forget(service.name, endpoint.path, path);
    pool.remove(kind, decodeURIComponent(path.split('/').at(-1) ?? ''));
    return;
  }
  if (endpoint.method === 'PUT' && endpoint.path.includes('{')) pool.learn(service.name, endpoint.path, path);
  if (endpoint.id === 'snapshots:os-unmanage')
    pool.mention('released_snapshot', path.split('/').at(-2) ?? '');
  if (service.name === 'placement') consumers(pool, request);
  const token = headers['x-subject-token'];
  if (typeof token === 'string' && endpoint.method === 'POST') pool.add('token', token);
  if (!isItem(json)) return;
  const [wrapped] = Object.values(json);
  const items = Array.isArray(wrapped)
    ? (wrapped as unknown[]).filter(isItem)
    : [isItem(wrapped) ? wrapped : json];
  if (endpoint.method === 'POST' || endpoint.method === 'PUT')
    for (const item of items.slice(0, FEW)) {
      mentions(pool, kind, item);
      const id = idOf(item);
      // Names may hold half a surrogate pair, which no path can.
      if (id?.isWellFormed() !== true) continue;
      pool.add(kind, id);
      if (endpoint.method === 'POST' && endpoint.action === undefined)
        pool.learn(service.name, `${endpoint.path}/{}`, `${path}/${encodeURIComponent(id)}`);
    }
  else if (Array.isArray(wrapped) && !pool.isOfKept(path)) {
    // What services make by themselves, and what is below something.
    const list = path.replace(/\/detail$/, '');
    for (const item of items.slice(-FEW)) {
      const id = idOf(item);
      // Numbers are other names of what is known by its UUID: a service of compute's.
      if (id?.isWellFormed() !== true || /^\d+$/.test(id)) continue;
      pool.add(kind === 'detail' ? kindOfSegment(segments.at(-2) ?? '') : kind, id);
      if (list.split('/').length > 2)
        pool.learn(
          service.name,
          `${endpoint.path.replace(/\/detail$/, '')}/{}`,
          `${list}/${encodeURIComponent(id)}`,
        );
    }
  }
}

/** Whatever gets allocations is a consumer from then on. */
function consumers(pool: Pool, { path, body }: WireRequest): void {
  if (body === undefined || !/allocations|reshaper/.test(path)) return;
  for (const [id] of String(body).matchAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g)) pool.mention('consumer', id);
  const last = path.split('/').at(-1) ?? '';
  if (last !== 'allocations' && last !== 'reshaper') pool.mention('consumer', last);
}

/** What an answer names beside what it is about. */
function mentions(pool: Pool, kind: string, item: Item): void {
  const { user_id: user, floating_ip_address: floating, port_id: port, url } = item;
  if (kind === 'keypair' && typeof user === 'string') pool.mention('user', user);
  if (kind === 'floatingip' && typeof floating === 'string') pool.add('floating_address', floating);
  if (kind === 'interface' && typeof port === 'string') pool.add('attached_port', port);
  const token = typeof url === 'string' ? /token(?:=|%3D)([\w-]+)/.exec(url)?.[1] : undefined;
  if (token !== undefined) pool.add('console_token', token);
}
