import type { DiskFormat } from '../../host/disk/interface.ts';
import { badRequest } from '../../errors/error.ts';
import type { Caller } from '../../http/index.ts';
import type { VolumeType } from '../store/type.ts';
import { findVolumeRow } from '../store/volume.ts';
import { sees, type VolumeContext } from './context.ts';

/** What POST /volumes may hold. */
export interface VolumeRequest {
  readonly name?: string | null;
  readonly display_name?: string | null;
  readonly description?: string | null;
  readonly display_description?: string | null;
  readonly volume_type?: string | null;
  readonly metadata?: Readonly<Record<string, string>> | null;
  readonly snapshot_id?: string | null;
  readonly source_volid?: string | null;
  readonly size?: string | number | null;
  readonly availability_zone?: string | null;
  readonly multiattach?: string | boolean | null;
  readonly image_id?: string | null;
  readonly imageRef?: string | null;
  readonly group_id?: string | null;
  readonly consistencygroup_id?: string | null;
  readonly backup_id?: string | null;
}

/** GiB. @throws {CloudError} badRequest for what is no whole number above 0. */
export function sizeOf(asked: string | number | null | undefined, ofSource: number | undefined): number {
  const size = asked ?? ofSource;
  const number = typeof size === 'string' && /^\d{1,9}$/.test(size) ? Number(size) : size;
  if (typeof number !== 'number' || !Number.isInteger(number) || number <= 0 || number > 2_147_483_647)
    throw badRequest(
      `Invalid input received: Volume size must be an integer and greater than 0, not ${JSON.stringify(asked ?? null)}.`,
    );
  // As large as the largest qcow2 that QEMU opens.
  if (number > 1_048_576)
    throw badRequest(`Invalid input received: A volume has at most 1048576 GiB, not ${number}.`);
  return number;
}

/** What a type says whose volumes several servers may have. */
export const MULTIATTACH = { multiattach: '<is> True' } as const;

export const isMultiattach = (type: Pick<VolumeType, 'extra_specs'>): boolean =>
  type.extra_specs['multiattach'] === MULTIATTACH.multiattach;

/** Raw for volumes that several guests may write to, which would tear another format's tables; else the back end's own. */
export const formatOf = (
  extraSpecs: VolumeType['extra_specs'],
  backend: { readonly format: DiskFormat },
): DiskFormat => (isMultiattach({ extra_specs: extraSpecs }) ? 'raw' : backend.format);

/** The type's own bounds (`provisioning:min_vol_size`, `max_vol_size`). @throws {CloudError} badRequest */
export function checkSizeOfType(type: VolumeType, sizeGib: number): void {
  const bound = (key: string): number | undefined => {
    const text = type.extra_specs[`provisioning:${key}`];
    return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
  };
  const least = bound('min_vol_size');
  const most = bound('max_vol_size');
  if (least !== undefined && sizeGib < least)
    throw badRequest(
      `Invalid input received: Specified volume size of ${sizeGib} GiB is less than the minimum size of volume type ${type.name} (${least} GiB).`,
    );
  if (most !== undefined && sizeGib > most)
    throw badRequest(
      `Invalid input received: Specified volume size of ${sizeGib} GiB is greater than the maximum size of volume type ${type.name} (${most} GiB).`,
    );
}

/** The zone that is asked for; null when any will do. @throws {CloudError} badRequest when there is no such zone. */
export function availabilityZone(
  there: string,
  asked: string | null | undefined,
  type: VolumeType,
): string | null {
  const ofType = type.extra_specs['RESKEY:availability_zones']
    ?.split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  if (asked !== undefined && asked !== null && asked !== '' && asked !== there)
    throw badRequest(`Invalid input received: Availability zone '${asked.slice(0, 80)}' is invalid.`);
  if (ofType !== undefined && !ofType.includes(there))
    throw badRequest(
      `Invalid input received: Volume type ${type.name} is for the zones ${ofType.join(', ')}, of which there is none.`,
    );
  return asked === undefined || asked === null || asked === '' ? null : asked;
}

/** Back ends of the volumes that `same_host` and `different_host` name. */
export function backendsOfHints(
  { db }: VolumeContext,
  caller: Caller,
  hints: Readonly<Record<string, unknown>>,
): { sameBackends: readonly string[] | null; differentBackends: readonly string[] | null } {
  const of = (name: string): readonly string[] | null => {
    const value = hints[name];
    if (value === undefined) return null;
    const ids = (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string');
    return ids.flatMap((id) => {
      const row = findVolumeRow(db, id);
      return row?.backend == null || !sees(caller.auth, row.project_id) ? [] : [row.backend];
    });
  };
  return { sameBackends: of('same_host'), differentBackends: of('different_host') };
}
