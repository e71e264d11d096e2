/** From which disk a new server starts, and which other volumes it gets. */

export const BOOTS = ['image', 'image-volume', 'volume', 'snapshot'] as const;
export type Boot = (typeof BOOTS)[number];

export interface BootValues {
  from: Boot;
  /** Of the volume or the snapshot; an image is LaunchValues' own. */
  id: string;
  /** GiB of the volume that is made; null while the field is empty. */
  size: number | null;
  /** '': the default one. */
  typeId: string;
  /** The volume is deleted with the server. */
  goes: boolean;
}

/** One more volume: a new one, empty, or one that is there. */
export interface DiskChoice {
  /** '': a new one. */
  readonly id: string;
  /** GiB, of a new one. */
  readonly size: number;
  readonly typeId: string;
  readonly goes: boolean;
}

/** An entry of block_device_mapping_v2 (compute 2.67 for volume_type). */
export interface BlockDevice {
  readonly boot_index: number;
  readonly uuid?: string;
  readonly source_type: 'image' | 'volume' | 'snapshot' | 'blank';
  readonly destination_type: 'local' | 'volume';
  readonly volume_size?: number;
  readonly volume_type?: string;
  readonly delete_on_termination: boolean;
}

export const noBoot = (): BootValues => ({ from: 'image', id: '', size: 1, typeId: '', goes: false });

/** The volume is made of something, so it has a size and a type to choose. */
export const makesVolume = (from: Boot): boolean => from === 'image-volume' || from === 'snapshot';

/** What compute is asked to give the server; nothing where it starts from an image and has no more disks. */
export function devicesOf(
  imageId: string,
  boot: BootValues,
  disks: readonly DiskChoice[],
): readonly BlockDevice[] {
  if (boot.from === 'image' && disks.length === 0) return [];
  const type = (id: string): { volume_type?: string } => (id === '' ? {} : { volume_type: id });
  const first: BlockDevice =
    boot.from === 'image'
      ? {
          boot_index: 0,
          uuid: imageId,
          source_type: 'image',
          destination_type: 'local',
          delete_on_termination: true,
        }
      : {
          boot_index: 0,
          uuid: boot.from === 'image-volume' ? imageId : boot.id,
          source_type: boot.from === 'image-volume' ? 'image' : boot.from,
          destination_type: 'volume',
          ...(makesVolume(boot.from) ? { volume_size: boot.size ?? 1, ...type(boot.typeId) } : {}),
          delete_on_termination: boot.goes,
        };
  return [
    first,
    ...disks.map((disk): BlockDevice => ({
      boot_index: -1,
      ...(disk.id === '' ? {} : { uuid: disk.id }),
      source_type: disk.id === '' ? 'blank' : 'volume',
      destination_type: 'volume',
      ...(disk.id === '' ? { volume_size: disk.size, ...type(disk.typeId) } : {}),
      delete_on_termination: disk.goes,
    })),
  ];
}
