import type { AuthContext } from '../../http/index.ts';
import type { ServerVolumeRow } from './server-volume.ts';

/** Buses that a guest's disk may be on. */
export const BUSES = { virtio: 'vd', scsi: 'sd', sata: 'sd', ide: 'hd', usb: 'sd' } as const;
export type Bus = keyof typeof BUSES;

/** How the guest is to have a disk, where somebody asked. */
export interface DiskWish {
  readonly bus?: Bus;
  readonly device?: 'cdrom';
  /** 0 is booted from first. */
  readonly bootIndex?: number;
  readonly tag?: string;
}

/** An ephemeral or swap disk that was asked for in place of the flavor's. */
export interface WantedDisk extends DiskWish {
  readonly name: `disk.eph${number}` | 'disk.swap';
  readonly sizeBytes: number;
}

/** A volume to be made with the server. Its ids are chosen with the request. */
export interface WantedVolume {
  /** As it will be, from when the volume is there. */
  readonly row: ServerVolumeRow;
  readonly name: string;
  readonly sizeGib: number;
  readonly type: string | null;
  readonly source: { readonly kind: 'blank' } | { readonly kind: 'image' | 'snapshot'; readonly id: string };
}

/** `block_devices` of a server's row. */
export interface BlockDevices {
  /** The root disk, where it is a file. */
  readonly root?: DiskWish;
  /** Absent: what the flavor has. */
  readonly ephemerals?: readonly WantedDisk[];
  readonly swap?: WantedDisk;
  readonly volumes?: readonly WantedVolume[];
  /** Who asked: the volumes are made in this name. */
  readonly author?: Author;
}

/** A caller as it can be kept. */
export interface Author extends Omit<AuthContext, 'roles'> {
  readonly roles: readonly string[];
}

export const authorOf = ({ roles, ...auth }: AuthContext): Author => ({ ...auth, roles: [...roles] });

export const authOf = ({ roles, ...author }: Author): AuthContext => ({ ...author, roles: new Set(roles) });

export const blockDevicesOf = (row: { readonly block_devices: string }): BlockDevices =>
  JSON.parse(row.block_devices) as BlockDevices;
