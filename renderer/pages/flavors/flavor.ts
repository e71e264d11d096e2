import type { Api } from '../../cloud/api.ts';
import type { Flavor } from '../../cloud/types.ts';

/** Extra specs that compute obeys; offered while a person types. */
export const KNOWN_SPECS = [
  'hw:cpu_policy',
  'hw:cpu_sockets',
  'hw:cpu_cores',
  'hw:cpu_threads',
  'hw:watchdog_action',
  'hw_rng:allowed',
  'quota:cpu_shares',
  'quota:disk_read_bytes_sec',
  'quota:vif_inbound_average',
  'aggregate_instance_extra_specs:ssd',
] as const;

/** The sizes that newcomers know from other clouds. */
export const USUAL = [
  { name: 'm1.tiny', vcpus: 1, ram: 512, disk: 1 },
  { name: 'm1.small', vcpus: 1, ram: 2048, disk: 20 },
  { name: 'm1.medium', vcpus: 2, ram: 4096, disk: 40 },
  { name: 'm1.large', vcpus: 4, ram: 8192, disk: 80 },
  { name: 'm1.xlarge', vcpus: 8, ram: 16384, disk: 160 },
] as const;

/** Whole numbers of a person's memory. */
export const RAM_STEPS = [256, 512, 1024, 2048, 4096, 8192, 16384] as const;

export interface NewFlavor {
  readonly name: string;
  readonly vcpus: number;
  readonly ram: number;
  readonly disk: number;
  readonly ephemeral?: number;
  readonly swap?: number;
  readonly id?: string;
  readonly isPublic?: boolean;
  readonly description?: string;
  readonly extraSpecs?: Readonly<Record<string, string>>;
}

/** Makes a flavor with its extra specs. @throws {ApiError} */
export async function createFlavor(api: Api, wanted: NewFlavor): Promise<Flavor> {
  const { flavor } = await api.post<{ flavor: Flavor }>('compute', '/flavors', {
    flavor: {
      name: wanted.name,
      vcpus: wanted.vcpus,
      ram: wanted.ram,
      disk: wanted.disk,
      swap: wanted.swap ?? 0,
      'OS-FLV-EXT-DATA:ephemeral': wanted.ephemeral ?? 0,
      'os-flavor-access:is_public': wanted.isPublic ?? true,
      ...(wanted.id === undefined || wanted.id === '' ? {} : { id: wanted.id }),
      ...(wanted.description === undefined || wanted.description === ''
        ? {}
        : { description: wanted.description }),
    },
  });
  const specs = wanted.extraSpecs ?? {};
  if (Object.keys(specs).length > 0)
    await api.post('compute', `${pathOf(flavor.id)}/os-extra_specs`, { extra_specs: specs });
  return flavor;
}

export const pathOf = (id: string): string => `/flavors/${encodeURIComponent(id)}`;
export const deleteFlavor = (api: Api, id: string): Promise<void> => api.delete('compute', pathOf(id));
