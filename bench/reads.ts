import type { OpenStackClient, ServiceName } from '../main/openstack-client.ts';
import { percentile } from './statistics.ts';

/** Lists of a page's length, and what is shown of the first of them. */
const LISTS: readonly { readonly service: ServiceName; readonly path: string; readonly key: string }[] = [
  { service: 'identity', path: '/users?limit=100', key: 'users' },
  { service: 'identity', path: '/projects?limit=100', key: 'projects' },
  { service: 'image', path: '/images?limit=100', key: 'images' },
  { service: 'compute', path: '/servers?limit=100', key: 'servers' },
  { service: 'compute', path: '/servers/detail?limit=100', key: 'servers' },
  { service: 'compute', path: '/flavors?limit=100', key: 'flavors' },
  { service: 'network', path: '/networks?limit=100', key: 'networks' },
  { service: 'network', path: '/subnets?limit=100', key: 'subnets' },
  { service: 'network', path: '/ports?limit=100', key: 'ports' },
  { service: 'network', path: '/routers?limit=100', key: 'routers' },
  { service: 'network', path: '/security-groups?limit=100', key: 'security_groups' },
  { service: 'network', path: '/floatingips?limit=100', key: 'floatingips' },
];

const TIMES = 60;

/** What one read took: the answer's items, and the median of its milliseconds. */
export interface ReadTime {
  readonly items: number;
  readonly ms: number;
}

/**
 * Each service's main lists, and a show of each kind.
 * @returns times by 'service path'.
 */
export async function timeReads(client: OpenStackClient): Promise<ReadonlyMap<string, ReadTime>> {
  const times = new Map<string, ReadTime>();
  for (const { service, path, key } of LISTS) {
    const found = (await client.get(service, path))[key] as { id: string }[];
    times.set(`${service} ${path}`, {
      items: found.length,
      ms: await medianOf(() => client.get(service, path)),
    });
    const [first] = found;
    if (first === undefined || path.startsWith('/servers/')) continue;
    const show = `${path.replace(/\?.*/, '')}/${first.id}`;
    times.set(`${service} ${path.replace(/\?.*/, '')}/{id}`, {
      items: 1,
      ms: await medianOf(() => client.get(service, show)),
    });
  }
  return times;
}

async function medianOf(work: () => Promise<unknown>): Promise<number> {
  const list: number[] = [];
  for (let n = -5; n < TIMES; n++) {
    const started = performance.now();
    await work();
    if (n >= 0) list.push(performance.now() - started);
  }
  return percentile(list, 50);
}

/** One line a read: milliseconds with full and with nearly empty tables, how many items were shown, the ratio. */
export function readLines(
  empty: ReadonlyMap<string, ReadTime>,
  full: ReadonlyMap<string, ReadTime>,
): readonly string[] {
  return [...full].map(([name, now]) => {
    const before = empty.get(name);
    const ratio = before === undefined ? '' : `${(now.ms / before.ms).toFixed(1)} x`;
    const was = before === undefined ? '' : `${before.ms.toFixed(2)} ms of ${before.items}`;
    return `  ${name.padEnd(44)} ${now.ms.toFixed(2).padStart(7)} ms of ${String(now.items).padStart(3)}   ${was.padEnd(16)} ${ratio}`;
  });
}
