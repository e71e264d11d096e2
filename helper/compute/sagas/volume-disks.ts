import type { Db } from '../../db/index.ts';
import { DISK_LIMITS, type DiskLimit, type DomainDisk } from '../../host/domain/interface.ts';
import { imagePropertiesOfRow } from '../store/server-row.ts';
import { volumesOf, type ServerVolumeRow } from '../store/server-volume.ts';
import { serverOf } from '../store/server.ts';
import { diskBus } from './domain-disks.ts';
import type { ServerServices } from './services.ts';

/** A volume as a disk of the guest. */
export interface VolumeDisk extends DomainDisk {
  readonly attachmentId: string;
}

/** A server's volumes as disks; the guest knows each by its volume's id, as its serial number. */
export function volumeDisks(
  services: Pick<ServerServices, 'volume'>,
  db: Db,
  serverId: string,
): readonly VolumeDisk[] {
  const rows = volumesOf(db, serverId);
  if (rows.length === 0) return [];
  const bus = diskBus(imagePropertiesOfRow(serverOf(db, serverId)));
  return rows.map((row) => ({ ...diskOfVolume(services, row, bus), attachmentId: row.attachment_id }));
}

/** One volume as a disk of the guest. */
export function diskOfVolume(
  { volume }: Pick<ServerServices, 'volume'>,
  row: ServerVolumeRow,
  bus: DomainDisk['bus'],
): DomainDisk {
  const { source, format, encryption, readOnly, shareable, limits: asked } = volume.disk(row.attachment_id);
  const limits: Partial<Record<DiskLimit, number>> = {};
  for (const name of DISK_LIMITS) {
    const limit = asked[name];
    if (limit !== undefined) limits[name] = limit;
  }
  return {
    target: row.target,
    bus: row.disk_bus ?? bus,
    device: row.device_type,
    format,
    source,
    serial: row.volume_id,
    ...(encryption === undefined ? {} : { encryption }),
    ...(readOnly || row.device_type === 'cdrom' ? { readOnly: true } : {}),
    ...(shareable ? { shareable } : {}),
    ...(row.boot_index === null ? {} : { bootIndex: row.boot_index + 1 }),
    ...(Object.keys(limits).length === 0 ? {} : { limits }),
  };
}
