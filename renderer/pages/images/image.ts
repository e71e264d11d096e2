import type { Api } from '../../cloud/api.ts';
import type { Image } from '../../cloud/types.ts';

/** What the image service says of every image; anything else is a property that somebody gave it. */
const OWN = new Set([
  'id',
  'name',
  'status',
  'visibility',
  'owner',
  'size',
  'virtual_size',
  'disk_format',
  'container_format',
  'min_disk',
  'min_ram',
  'protected',
  'os_hidden',
  'checksum',
  'os_hash_algo',
  'os_hash_value',
  'tags',
  'created_at',
  'updated_at',
  'self',
  'file',
  'schema',
  'stores',
  'locations',
  'direct_url',
  'os_glance_importing_to_stores',
  'os_glance_failed_import',
]);

/** Properties that mean something to compute; offered while a person types. */
export const KNOWN_PROPERTIES = [
  'architecture',
  'hw_disk_bus',
  'hw_machine_type',
  'hw_qemu_guest_agent',
  'hw_rng_model',
  'hw_scsi_model',
  'hw_video_model',
  'hw_vif_model',
  'hw_watchdog_action',
  'os_admin_user',
  'os_distro',
  'os_require_quiesce',
  'os_type',
  'os_version',
] as const;

export const VISIBILITIES = ['private', 'shared', 'community', 'public'] as const;

/** Names and values beyond what every image has, in order. */
export const propertiesOf = (image: Image): readonly (readonly [string, string])[] =>
  Object.entries(image as unknown as Readonly<Record<string, unknown>>)
    .filter(([name]) => !OWN.has(name))
    .map(([name, value]) => [name, String(value)] as const)
    .sort(([a], [b]) => a.localeCompare(b));

export interface Change {
  readonly op: 'add' | 'replace' | 'remove';
  readonly path: string;
  readonly value?: unknown;
}

/** A JSON pointer's part (RFC 6901). */
const pointer = (name: string): string => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** What is to be said to the image service so that an image becomes as it is wanted; empty when it already is. */
export function changesTo(
  image: Image,
  wanted: Partial<
    Pick<Image, 'name' | 'visibility' | 'protected' | 'os_hidden' | 'min_disk' | 'min_ram' | 'tags'>
  >,
  properties?: readonly (readonly [string, string])[],
): readonly Change[] {
  const changes: Change[] = Object.entries(wanted).flatMap(([name, value]) =>
    JSON.stringify(image[name as keyof Image]) === JSON.stringify(value)
      ? []
      : [{ op: 'replace' as const, path: pointer(name), value }],
  );
  if (properties === undefined) return changes;
  const before = new Map(propertiesOf(image));
  const after = new Map(properties);
  for (const [name, value] of after) {
    if (before.get(name) !== value)
      changes.push({ op: before.has(name) ? 'replace' : 'add', path: pointer(name), value });
  }
  for (const name of before.keys()) if (!after.has(name)) changes.push({ op: 'remove', path: pointer(name) });
  return changes;
}

/** Changes an image. @throws {ApiError} */
export const patchImage = (api: Api, id: string, changes: readonly Change[]): Promise<Image> =>
  api.patch<Image>('image', `/images/${id}`, changes, {
    contentType: 'application/openstack-images-v2.1-json-patch',
  });

/** The tags in a text with commas between them; each once. */
export const parseTags = (text: string): readonly string[] => [
  ...new Set(
    text
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== ''),
  ),
];
