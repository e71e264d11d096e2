import { STORE } from '../schemas/import.ts';
import type { Image } from '../store/image.ts';

/** A time as the image API writes it: whole seconds. */
export const time = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** An image as the API shows it; custom properties stand beside the others and cannot hide them. */
export function imageView(image: Image): Record<string, unknown> {
  return {
    ...image.properties,
    id: image.id,
    name: image.name,
    status: image.status,
    visibility: image.visibility,
    protected: image.protected === 1,
    os_hidden: image.os_hidden === 1,
    owner: image.owner_id,
    size: image.size,
    virtual_size: image.virtual_size,
    checksum: image.md5,
    os_hash_algo: image.sha512 === null ? null : 'sha512',
    os_hash_value: image.sha512,
    created_at: time(image.created_at),
    updated_at: time(image.updated_at),
    min_disk: image.min_disk,
    min_ram: image.min_ram,
    tags: image.tags,
    disk_format: image.disk_format,
    container_format: image.container_format,
    ...(image.sha256 === null ? {} : { stores: STORE }),
    ...(image.importing_to_stores === null
      ? {}
      : {
          os_glance_importing_to_stores: image.importing_to_stores,
          os_glance_failed_import: image.failed_import ?? '',
        }),
    self: `/v2/images/${image.id}`,
    file: `/v2/images/${image.id}/file`,
    schema: '/v2/schemas/image',
  };
}
