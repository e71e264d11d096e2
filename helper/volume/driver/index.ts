import type { DiskFormat } from '../../host/disk/interface.ts';
import { conflict } from '../../errors/error.ts';
import type { Disk, Stored, VolumeDriver } from './interface.ts';

export { FileDriver, type Directory } from './file.ts';
export { LvmDriver } from './lvm.ts';
export { MountedFileDriver } from './mounted.ts';
export type { Backend, CloneInto, Disk, ForeignDisk, Stored, VolumeDriver } from './interface.ts';

/** A volume or a snapshot, and the back end that keeps it. */
export interface Placed extends Stored {
  readonly backend: string;
}

/** The drivers of all back ends, by their names in the configuration. */
export class Drivers {
  readonly all: readonly VolumeDriver[];

  constructor(all: readonly VolumeDriver[]) {
    this.all = all;
  }

  /** @throws {CloudError} conflict when the configuration has lost a back end that still holds volumes. */
  of(name: string): VolumeDriver {
    const found = this.all.find(({ backend }) => backend.name === name);
    if (found === undefined)
      throw conflict(
        `The back end '${name}' is not in the configuration any more (volume.backends); put it back to use what is on it.`,
      );
    return found;
  }

  /** Where the bytes of what a back end keeps are. */
  local(placed: Placed): Disk {
    return this.of(placed.backend).local(placed);
  }
}

/** A volume by its row's back end. */
export const placedVolume = (backend: string, id: string, format?: DiskFormat): Placed => ({
  backend,
  kind: 'volume',
  id,
  ...(format === undefined ? {} : { format }),
});
/** A snapshot by its row's back end. */
export const placedSnapshot = (backend: string, id: string): Placed => ({ backend, kind: 'snapshot', id });
