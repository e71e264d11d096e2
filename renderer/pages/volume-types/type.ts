import { session } from '../../cloud/session.svelte.ts';
import type { QosSpecs, VolumeType } from '../../cloud/storage-types.ts';

/** Extra specs that are offered to be put in. */
export const KNOWN_SPECS = ['volume_backend_name', 'multiattach', 'provisioning:max_vol_size'] as const;

/** Limits that QEMU keeps. */
export const KNOWN_LIMITS = [
  'total_iops_sec',
  'read_iops_sec',
  'write_iops_sec',
  'total_bytes_sec',
  'read_bytes_sec',
  'write_bytes_sec',
] as const;

/** The type that this project's volumes get when none is chosen. @throws {ApiError} */
export const readDefault = async (): Promise<VolumeType> =>
  (await session.api.get<{ volume_type: VolumeType }>('volume', '/types/default')).volume_type;

/** @throws {ApiError} */
export const readQos = async (): Promise<readonly QosSpecs[]> =>
  (await session.api.get<{ qos_specs: QosSpecs[] }>('volume', '/qos-specs')).qos_specs;

export const specsText = (specs: Readonly<Record<string, string>>): string =>
  Object.entries(specs)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
