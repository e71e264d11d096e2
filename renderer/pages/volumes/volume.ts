import { session } from '../../cloud/session.svelte.ts';
import type { Volume, VolumeSnapshot } from '../../cloud/storage-types.ts';
import { m } from '../../i18n/index.svelte.ts';
import type { Tone } from '../../ui/tones.ts';

export const nameOf = (one: { readonly id: string; readonly name: string | null }): string =>
  one.name === null || one.name === '' ? one.id.slice(0, 8) : one.name;

/** A status in words; what is not known is told as it is. */
export const statusOf = (status: string): string =>
  (m().volumes.statuses as Readonly<Record<string, string>>)[status] ?? status;

const AT_REST: Readonly<Record<string, Tone>> = {
  available: 'ok',
  'in-use': 'ok',
  reserved: 'warn',
  maintenance: 'warn',
  'awaiting-transfer': 'warn',
  deleted: 'idle',
};

/** Of volumes, snapshots and backups: all that is not at rest is being worked on. */
export const storageTone = (status: string): Tone =>
  AT_REST[status] ?? (status.startsWith('error') ? 'bad' : 'busy');

/** What can be done with a volume. */
export type VolumeAction = keyof ReturnType<typeof m>['volumes']['actions'];

/** In which states block storage does it; upstream's rules. */
const LEGAL: Readonly<Record<VolumeAction, readonly string[] | 'any'>> = {
  attach: ['available'],
  detach: ['in-use'],
  extend: ['available', 'in-use'],
  snapshot: ['available', 'in-use'],
  backUp: ['available', 'in-use'],
  clone: ['available', 'in-use'],
  launch: ['available'],
  upload: ['available', 'in-use'],
  retype: ['available', 'in-use'],
  transfer: ['available'],
  cancelTransfer: ['awaiting-transfer'],
  edit: 'any',
  revert: ['available'],
  reimage: ['available', 'error'],
  resetState: 'any',
};

/** Why something cannot be done with a volume now; undefined when it can. */
export function whyNot(
  action: VolumeAction,
  volume: Volume,
  snapshots: readonly VolumeSnapshot[],
): string | undefined {
  const words = m().volumes.whyNot;
  const legal = LEGAL[action];
  const shared = action === 'attach' && volume.multiattach && volume.status === 'in-use';
  if (legal !== 'any' && !legal.includes(volume.status) && !shared) {
    if (action === 'detach' && volume.attachments.length === 0) return words.notAttached;
    if (volume.status === 'in-use') return words.attached;
    return words.status(statusOf(volume.status));
  }
  if (action === 'launch' && volume.bootable !== 'true') return words.notBootable;
  if (action === 'revert') {
    const latest = latestOf(snapshots);
    if (latest === undefined) return words.noSnapshots;
    if (latest.status !== 'available') return words.status(statusOf(latest.status));
    if (latest.size !== volume.size) return words.resized;
  }
  return undefined;
}

const DELETABLE = new Set(['available', 'error', 'error_restoring', 'error_extending', 'error_managing']);

/** Why a volume cannot be deleted, snapshots apart: they can go with it. */
export const whyNotDelete = (volume: Volume): string | undefined =>
  volume.attachments.length > 0
    ? m().volumes.whyNot.attached
    : volume.group_id !== null
      ? m().volumes.whyNot.group
      : DELETABLE.has(volume.status)
        ? undefined
        : m().volumes.whyNot.status(statusOf(volume.status));

/** Why a volume cannot be forgotten while its disk stays (os-unmanage). */
export function whyNotLetGo(volume: Volume, snapshots: readonly VolumeSnapshot[]): string | undefined {
  const words = m().volumes.whyNot;
  if (volume.attachments.length > 0) return words.attached;
  if (volume.group_id !== null) return words.group;
  if (snapshots.length > 0) return words.snapshots(snapshots.length);
  if (volume.encrypted) return words.encrypted;
  return ['available', 'error', 'error_managing'].includes(volume.status)
    ? undefined
    : words.status(statusOf(volume.status));
}

export const latestOf = (snapshots: readonly VolumeSnapshot[]): VolumeSnapshot | undefined =>
  snapshots.toSorted((a, b) => b.created_at.localeCompare(a.created_at))[0];

/** cinder's times have no zone, and are UTC. */
export const time = (text: string): string => (/[Zz+]/.test(text.slice(10)) ? text : `${text}Z`);

/** POST /volumes/{id}/action. @throws {ApiError} */
export const act = <T = unknown>(id: string, body: object): Promise<T> =>
  session.api.post<T>('volume', `/volumes/${id}/action`, body);
