import type { Api } from '../../cloud/api.ts';
import type { Volume } from '../../cloud/storage-types.ts';
import { differenceOf, parsePairs } from '../../ui/pairs.ts';
import { act } from './volume.ts';

export interface EditValues {
  name: string;
  description: string;
  metadata: string;
  imageMetadata: string;
  bootable: boolean;
  readonly: boolean;
}

/** What an administrator may say of a volume. */
export const RESETTABLE = [
  'available',
  'in-use',
  'error',
  'maintenance',
  'detaching',
  'error_deleting',
] as const;

/** Shown among the metadata, but not of it. */
const NOT_OWN = new Set(['readonly', 'attached_mode']);

/** The metadata that its owner wrote. */
export const ownMetadata = (volume: Volume): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(volume.metadata).filter(([name]) => !NOT_OWN.has(name)));

/** Sends what has changed, and nothing else. @throws {ApiError} */
export async function saveVolume(api: Api, volume: Volume, values: EditValues): Promise<void> {
  const path = `/volumes/${volume.id}`;
  const name = values.name.trim();
  const changes = {
    ...(name === (volume.name ?? '') ? {} : { name }),
    ...(values.description === (volume.description ?? '') ? {} : { description: values.description }),
  };
  if (Object.keys(changes).length > 0) await api.put('volume', path, { volume: changes });
  const metadata = Object.fromEntries(parsePairs(values.metadata).pairs);
  if (!isSame(metadata, ownMetadata(volume))) await api.put('volume', `${path}/metadata`, { metadata });
  const before = volume.volume_image_metadata ?? {};
  const { set, removed } = differenceOf(before, Object.fromEntries(parsePairs(values.imageMetadata).pairs));
  if (Object.keys(set).length > 0) await act(volume.id, { 'os-set_image_metadata': { metadata: set } });
  for (const key of removed) await act(volume.id, { 'os-unset_image_metadata': { key } });
  if (values.bootable !== (volume.bootable === 'true'))
    await act(volume.id, { 'os-set_bootable': { bootable: values.bootable } });
  if (values.readonly !== (volume.metadata['readonly'] === 'True'))
    await act(volume.id, { 'os-update_readonly_flag': { readonly: values.readonly } });
}

const isSame = (a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean =>
  Object.keys(a).length === Object.keys(b).length &&
  Object.entries(a).every(([name, value]) => b[name] === value);
