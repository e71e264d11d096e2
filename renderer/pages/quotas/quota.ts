import type { Api } from '../../cloud/api.ts';

export type QuotaService = 'compute' | 'network' | 'volume' | 'image';

/** One limit of a project. */
export interface Quota {
  readonly service: QuotaService;
  /** By the service's name: 'instances'. */
  readonly name: string;
  readonly used: number;
  /** -1: none. */
  readonly limit: number;
  readonly standard: number | undefined;
  /** The service has a way to change it. */
  readonly editable: boolean;
}

type Figures = Readonly<Record<string, unknown>>;
interface Use {
  readonly limit: number;
  readonly in_use?: number;
  readonly used?: number;
  readonly usage?: number;
}

/** Names of volume types ('gigabytes_lvm') say the same for one type alone. */
const isOfType = (name: string): boolean => /^(volumes|snapshots|gigabytes)_/.test(name);

function quotasOf(
  service: QuotaService,
  uses: Figures,
  standards: Figures,
  editable: boolean,
): readonly Quota[] {
  return Object.entries(uses).flatMap(([name, value]) => {
    if (typeof value !== 'object' || value === null || isOfType(name)) return [];
    const use = value as Use;
    const standard = standards[name];
    return [
      {
        service,
        name,
        used: use.in_use ?? use.used ?? use.usage ?? 0,
        limit: use.limit,
        standard: typeof standard === 'number' ? standard : undefined,
        editable,
      },
    ];
  });
}

/** All limits of a project in all services that there are. @throws {ApiError} */
export async function readQuotas(api: Api, projectId: string): Promise<readonly Quota[]> {
  const set = (path: string): Promise<{ quota_set: Figures }> => api.get('compute', path);
  const [compute, computeDefaults, network, networkDefaults, image, volume] = await Promise.all([
    set(`/os-quota-sets/${projectId}/detail`),
    set(`/os-quota-sets/${projectId}/defaults`),
    api.get<{ quota: Figures }>('network', `/quotas/${projectId}/details`),
    api.get<{ quota: Figures }>('network', `/quotas/${projectId}/default`),
    // Of the project that asks: glance shows nobody else's.
    api.projectId === projectId
      ? api.get<{ usage: Figures }>('image', '/info/usage').then(({ usage }) => usage)
      : Promise.resolve({}),
    // There may be no block storage in this cloud.
    Promise.all([
      api.get<{ quota_set: Figures }>('volume', `/os-quota-sets/${projectId}?usage=True`),
      api.get<{ quota_set: Figures }>('volume', `/os-quota-sets/${projectId}/defaults`),
    ]).catch(() => undefined),
  ]);
  return [
    ...quotasOf('compute', compute.quota_set, computeDefaults.quota_set, true),
    ...quotasOf('network', network.quota, networkDefaults.quota, true),
    ...(volume === undefined ? [] : quotasOf('volume', volume[0].quota_set, volume[1].quota_set, true)),
    ...quotasOf('image', image, {}, false),
  ];
}

/** Sets limits of a project; each service is asked once. @throws {ApiError} */
export async function writeQuotas(
  api: Api,
  projectId: string,
  changes: readonly { readonly service: QuotaService; readonly name: string; readonly limit: number }[],
): Promise<void> {
  for (const [service, some] of Map.groupBy(changes, (one) => one.service)) {
    const limits = Object.fromEntries(some.map(({ name, limit }) => [name, limit]));
    if (service === 'network') await api.put('network', `/quotas/${projectId}`, { quota: limits });
    // What is in use may be more than the new limit: the person was told so.
    else if (service === 'compute')
      await api.put('compute', `/os-quota-sets/${projectId}`, { quota_set: { ...limits, force: true } });
    else if (service === 'volume')
      await api.put('volume', `/os-quota-sets/${projectId}`, { quota_set: limits });
  }
}

/** Takes a project's own limits away. @throws {ApiError} */
export async function resetQuotas(api: Api, projectId: string, withVolume: boolean): Promise<void> {
  await api.delete('compute', `/os-quota-sets/${projectId}`);
  await api.delete('network', `/quotas/${projectId}`);
  if (withVolume) await api.delete('volume', `/os-quota-sets/${projectId}`);
}

/** In bytes, for what is counted in units of them; undefined for what is just counted. */
export function unitOf(name: string): number | undefined {
  if (name === 'ram' || name === 'image_size_total' || name === 'image_stage_total') return 2 ** 20;
  return name.endsWith('gigabytes') ? 2 ** 30 : undefined;
}
