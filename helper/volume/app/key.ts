import { randomBytes, randomUUID } from 'node:crypto';
import type { Db } from '../../db/index.ts';
import { badRequest, conflict } from '../../errors/error.ts';
import type { DiskEncryption } from '../../host/disk/interface.ts';
import { IMAGE_KEY_PROPERTY, type ImageInfo } from '../../image/face.ts';
import { Secret } from '../../secret.ts';
import { findImageKey, findKey, insertKey, type KeyOwner } from '../store/key.ts';
import { findSnapshot } from '../store/snapshot.ts';
import { encryptionOf, type EncryptionRow, type VolumeType } from '../store/type.ts';
import { findVolumeRow } from '../store/volume.ts';

/** Names that cinder and nova have had for LUKS, version 1. */
const LUKS = new Set([
  'luks',
  'LuksEncryptor',
  'nova.volume.encryptors.luks.LuksEncryptor',
  'os_brick.encryptors.luks.LuksEncryptor',
]);

/** As random as the key that it opens: nobody types it. */
const PASSPHRASE_BYTES = 32;

/**
 * What QEMU, which does the encryption here, can do of what a type asks for.
 * @throws {CloudError} badRequest that names it.
 */
export function requireSupported(
  request: Pick<EncryptionRow, 'provider' | 'control_location' | 'cipher' | 'key_size'>,
): { readonly keyBits: 128 | 256 } {
  const { provider, control_location: location, cipher, key_size: size } = request;
  const refuse = (what: string): Error =>
    badRequest(
      `Invalid input received: ${what} Encryption here is by QEMU: provider 'luks' (version 1), control_location 'front-end', cipher 'aes-xts-plain64', key_size 128 or 256.`,
    );
  if (!LUKS.has(provider))
    throw refuse(`The encryption provider '${provider.slice(0, 80)}' is not supported.`);
  if (location !== 'front-end')
    throw refuse(`No back end encrypts by itself (control_location '${location}').`);
  if (cipher !== null && cipher !== 'aes-xts-plain64')
    throw refuse(`The cipher '${cipher.slice(0, 80)}' is not supported.`);
  if (size !== null && size !== 128 && size !== 256) throw refuse(`A key_size of ${size} is not supported.`);
  return { keyBits: size ?? 256 };
}

/** A type's encryption, without what names the record; types that agree in it may have copies of each other's volumes. */
const essence = (row: EncryptionRow | undefined): string =>
  JSON.stringify(row && [row.provider, row.control_location, row.cipher, row.key_size]);

export const encryptionChanges = (db: Db, typeId: string, otherTypeId: string): boolean =>
  essence(encryptionOf(db, typeId)) !== essence(encryptionOf(db, otherTypeId));

/**
 * A key for a new disk, in the caller's transaction: of its own, or what opens the disk that it becomes a copy of.
 * @returns its id; null where the type asks for no encryption.
 * @throws {CloudError} badRequest for a type that cannot be had, or that is encrypted otherwise than the source.
 */
export function keyForNew(
  db: Db,
  type: VolumeType,
  source: { readonly typeId: string; readonly keyId: string | null } | undefined,
  owner: KeyOwner,
): string | null {
  if (source !== undefined && encryptionChanges(db, type.id, source.typeId))
    throw badRequest(
      `Invalid input received: Invalid volume_type provided: ${type.name} (requested type is not compatible; either match source volume, or omit type argument).`,
    );
  const encryption = encryptionOf(db, type.id);
  if (source?.keyId != null) return cloneKey(db, source.keyId, owner);
  if (encryption === undefined) return null;
  const { keyBits } = requireSupported(encryption);
  const id = randomUUID();
  insertKey(
    db,
    { id, passphrase: new Secret(randomBytes(PASSPHRASE_BYTES).toString('hex')), keyBits },
    owner,
  );
  return id;
}

/** The same passphrase under another id, for whom the first may go. `imageId`: for an image of that id. */
export function cloneKey(db: Db, keyId: string, owner: KeyOwner, imageId: string | null = null): string {
  const id = randomUUID();
  const { passphrase, keyBits } = keyOf(db, keyId);
  insertKey(db, { id, passphrase, keyBits }, owner, imageId);
  return id;
}

/** Properties of an image that an encrypted volume was uploaded to, by cinder's names. */
export const imageKeyProperties = (keyId: string): Readonly<Record<string, string>> => ({
  [IMAGE_KEY_PROPERTY]: keyId,
  cinder_encryption_key_deletion_policy: 'on_image_deletion',
});
export const isKeyProperty = (name: string): boolean => name.startsWith('cinder_encryption_key_');

/**
 * What opens an image's data, for somebody of this project; null where they are not encrypted. Only keys that uploads
 * left count: the property is anybody's to write, and must not lead to a volume's key or another project's.
 * @throws {CloudError} badRequest
 */
export function keyOfImage(
  db: Db,
  { id, diskFormat, properties }: Pick<ImageInfo, 'id' | 'diskFormat' | 'properties'>,
  projectId: string | undefined,
): { readonly id: string; readonly keyBits: 128 | 256 } | null {
  const keyId = properties[IMAGE_KEY_PROPERTY];
  if (keyId === undefined) return null;
  const key = findImageKey(db, keyId);
  const unacceptable = (why: string): Error => badRequest(`Image ${id} is unacceptable: ${why}`);
  if (key === undefined)
    throw unacceptable(
      `it is encrypted, and its key ${keyId.slice(0, 80)} is not there: it went with the image that it was made for.`,
    );
  if (key.project_id !== projectId)
    throw unacceptable('it is encrypted, and its key belongs to another project.');
  if (diskFormat !== 'raw') throw unacceptable('an encrypted volume is uploaded as raw, and this is not.');
  return { id: keyId, keyBits: key.key_bits };
}

/** How the disk of this key is encrypted. @throws {CloudError} conflict when the key is gone. */
export function keyOf(db: Db, keyId: string): DiskEncryption {
  const key = findKey(db, keyId);
  if (key === undefined)
    throw conflict(`The encryption key ${keyId} is gone, and what it opens is lost with it.`);
  const { passphrase, keyBits } = key;
  return { passphrase, keyBits };
}

/** The member for options of disks; nothing for a disk without a key. */
export const encryptedBy = (db: Db, keyId: string | null | undefined): { encryption?: DiskEncryption } =>
  keyId == null ? {} : { encryption: keyOf(db, keyId) };

/** The same of what a back end keeps, by its row. */
export function encryptionOfStored(
  db: Db,
  { kind, id }: { readonly kind: 'volume' | 'snapshot'; readonly id: string },
): { encryption?: DiskEncryption } {
  const row = kind === 'volume' ? findVolumeRow(db, id) : findSnapshot(db, id);
  return encryptedBy(db, row?.encryption_key_id);
}
