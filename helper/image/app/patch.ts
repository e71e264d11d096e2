import { CloudError, badRequest, conflict, forbidden } from '../../errors/error.ts';
import { check } from '../../http/schema.ts';
import { settable } from '../schemas/image.ts';
import type { Image } from '../store/image.ts';

/** One operation of a patch in either of glance's two media types. */
export interface PatchOperation {
  readonly op?: 'add' | 'replace' | 'remove' | undefined;
  readonly path?: string | undefined;
  readonly value?: unknown;
  readonly add?: string | undefined;
  readonly replace?: string | undefined;
  readonly remove?: string | undefined;
}

/** Attributes that the service itself keeps (S8). */
const READ_ONLY = new Set([
  'id',
  'status',
  'size',
  'virtual_size',
  'checksum',
  'os_hash_algo',
  'os_hash_value',
  'created_at',
  'updated_at',
  'self',
  'file',
  'schema',
  'direct_url',
  'stores',
]);
/** Names that mean something inside glance and must not become custom properties. */
const RESERVED = new Set([
  'locations',
  'is_public',
  'deleted',
  'deleted_at',
  'members',
  'project_id',
  'tenant',
  // A name that JavaScript's objects cannot have like any other.
  '__proto__',
]);

const COLUMN: Readonly<Record<string, keyof Image>> = {
  name: 'name',
  visibility: 'visibility',
  min_disk: 'min_disk',
  min_ram: 'min_ram',
  disk_format: 'disk_format',
  container_format: 'container_format',
};

/**
 * @throws {CloudError} forbidden for attributes and names that no caller sets.
 */
export function refuseReadOnly(attribute: string): void {
  if (READ_ONLY.has(attribute)) throw forbidden(`Attribute '${attribute}' is read-only.`);
  if (RESERVED.has(attribute) || attribute.startsWith('os_glance_'))
    throw forbidden(`Attribute '${attribute}' is reserved.`);
}

/**
 * The image as a patch wants it. The image itself is not changed.
 * @throws {CloudError} as glance: 403 for read-only attributes, 409 for what is not there to be replaced or removed.
 */
export function patched(image: Image, operations: readonly PatchOperation[]): Image {
  return operations.reduce(applyOne, image);
}

function applyOne(image: Image, operation: PatchOperation): Image {
  const op =
    operation.op ?? (['add', 'replace', 'remove'] as const).find((key) => operation[key] !== undefined);
  const path = operation.op === undefined ? (op === undefined ? undefined : operation[op]) : operation.path;
  if (op === undefined || path === undefined)
    throw badRequest('Operations must be one of add, replace and remove, with a path.');
  if (!path.startsWith('/')) throw badRequest(`Pointer '${path.slice(0, 80)}' does not start with "/".`);
  if (/~(?![01])/.test(path))
    throw badRequest(`Pointer '${path.slice(0, 80)}' contains '~' not part of a recognized escape sequence.`);
  const keys = path
    .slice(1)
    .split('/')
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const [attribute = '', item] = keys;
  if (attribute === '' || keys.length > 2 || (item !== undefined && attribute !== 'tags')) {
    throw badRequest(`Invalid JSON pointer for this resource: '${path.slice(0, 80)}'`);
  }
  refuseReadOnly(attribute);
  if (attribute === 'tags' && item !== undefined) return patchTag(image, op, item, operation.value);
  return op === 'remove' ? without(image, attribute) : withValue(image, attribute, operation.value, op);
}

function patchTag(image: Image, op: 'add' | 'replace' | 'remove', item: string, value: unknown): Image {
  if (op === 'add' && (item === '-' || /^\d+$/.test(item))) {
    check(settable.tags, [value], 'tags');
    return { ...image, tags: [...new Set([...image.tags, String(value)])] };
  }
  throw badRequest('Tags are set as a whole, or added one by one with /tags/-.');
}

function without(image: Image, attribute: string): Image {
  if (attribute === 'tags') return { ...image, tags: [] };
  if (Object.hasOwn(settable, attribute) || attribute === 'owner')
    throw forbidden(`Property ${attribute} may not be removed.`);
  if (!Object.hasOwn(image.properties, attribute)) throw conflict(`Property ${attribute} does not exist.`);
  const { [attribute]: _gone, ...properties } = image.properties;
  return { ...image, properties };
}

function withValue(image: Image, attribute: string, value: unknown, op: 'add' | 'replace'): Image {
  if (attribute === 'owner') {
    if (value !== null && typeof value !== 'string') throw badRequest('The owner is the id of a project.');
    return { ...image, owner_id: value, project_id: value };
  }
  if (Object.hasOwn(settable, attribute)) {
    check(settable[attribute as keyof typeof settable], value, attribute);
    return withBase(image, attribute, value);
  }
  if (typeof value !== 'string')
    throw badRequest(`The value of the property '${attribute.slice(0, 80)}' is not a string.`);
  if (attribute.length > 255) throw badRequest('Names of properties have at most 255 characters.');
  if (op === 'replace' && !Object.hasOwn(image.properties, attribute))
    throw conflict(`Property ${attribute} does not exist.`);
  return { ...image, properties: { ...image.properties, [attribute]: value } };
}

function withBase(image: Image, attribute: string, value: unknown): Image {
  if (attribute === 'tags') return { ...image, tags: [...new Set(value as readonly string[])] };
  if (attribute === 'protected' || attribute === 'os_hidden')
    return { ...image, [attribute]: value === true ? 1 : 0 };
  if ((attribute === 'disk_format' || attribute === 'container_format') && image.status !== 'queued') {
    if (value !== image[attribute])
      throw forbidden(`Attribute ${attribute} can be only replaced for a queued image.`);
  }
  const column = COLUMN[attribute];
  if (column === undefined) throw new CloudError('internal', `no column for ${attribute}`);
  return { ...image, [column]: value };
}
