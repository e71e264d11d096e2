import type { Image } from '../../cloud/types.ts';
import { parsePairs } from '../../ui/pairs.ts';

export const SOURCES = ['empty', 'image', 'snapshot', 'volume', 'backup'] as const;
export type Source = (typeof SOURCES)[number];

export const isSource = (text: string | null): text is Source =>
  (SOURCES as readonly (string | null)[]).includes(text);

export interface CreateValues {
  source: Source;
  /** Of the image, snapshot or volume; '' for an empty one. */
  from: string;
  name: string;
  description: string;
  /** GiB; null while the field is empty. */
  size: number | null;
  /** '': the default one. */
  typeId: string;
  zone: string;
  metadata: string;
}

const GIB = 2 ** 30;

/** GiB that an image needs at least. */
export const leastOf = (image: Pick<Image, 'min_disk' | 'virtual_size' | 'size'>): number =>
  Math.max(1, image.min_disk, Math.ceil((image.virtual_size ?? image.size ?? 0) / GIB));

const KEYS: Readonly<Record<Exclude<Source, 'empty'>, string>> = {
  image: 'imageRef',
  snapshot: 'snapshot_id',
  volume: 'source_volid',
  backup: 'backup_id',
};

/** POST /volumes. */
export function bodyOf(values: CreateValues): object {
  const { pairs } = parsePairs(values.metadata);
  return {
    volume: {
      name: values.name.trim(),
      size: values.size,
      ...(values.description === '' ? {} : { description: values.description }),
      ...(values.source === 'empty' ? {} : { [KEYS[values.source]]: values.from }),
      ...(values.typeId === '' ? {} : { volume_type: values.typeId }),
      ...(values.zone === '' ? {} : { availability_zone: values.zone }),
      ...(pairs.length === 0 ? {} : { metadata: Object.fromEntries(pairs) }),
    },
  };
}
