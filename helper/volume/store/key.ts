import { statement, type Db } from '../../db/index.ts';
import { Secret } from '../../secret.ts';

/** What opens an encrypted disk. Its id is the API's `encryption_key_id`. */
export interface VolumeKey {
  readonly id: string;
  readonly passphrase: Secret;
  /** Of AES. */
  readonly keyBits: 128 | 256;
}

interface KeyRow {
  readonly id: string;
  readonly passphrase: string;
  readonly key_bits: 128 | 256;
}

export interface KeyOwner {
  readonly projectId: string;
  readonly userId: string;
  readonly at: number;
}

/** @param imageId of the image whose data it opens, and with which it goes; null for a key of volumes. */
export function insertKey(
  db: Db,
  { id, passphrase, keyBits }: VolumeKey,
  owner: KeyOwner,
  imageId: string | null = null,
): void {
  statement<[string, string, string, string, number, number, string | null]>(
    db,
    `INSERT INTO volume_key (id, project_id, user_id, passphrase, key_bits, created_at, image_id)
     VALUES (?, ?, ?, ?, ?, ?, ?)`,
  ).run(id, owner.projectId, owner.userId, passphrase.reveal(), keyBits, owner.at, imageId);
}

/** A key that an upload left for an image: whose it is, and of what length. */
export const findImageKey = (
  db: Db,
  id: string,
): { readonly project_id: string; readonly key_bits: 128 | 256 } | undefined =>
  statement<[string], { project_id: string; key_bits: 128 | 256 }>(
    db,
    'SELECT project_id, key_bits FROM volume_key WHERE id = ? AND image_id IS NOT NULL',
  ).get(id);

export function findKey(db: Db, id: string): VolumeKey | undefined {
  const row = statement<[string], KeyRow>(
    db,
    'SELECT id, passphrase, key_bits FROM volume_key WHERE id = ?',
  ).get(id);
  return row && { id, passphrase: new Secret(row.passphrase), keyBits: row.key_bits };
}

/** Not there is fine. */
export const deleteKey = (db: Db, id: string): void => {
  statement<[string]>(db, 'DELETE FROM volume_key WHERE id = ?').run(id);
};

/** A volume that went to another project has taken its key along. */
export const giveKey = (db: Db, id: string, to: { projectId: string; userId: string }): void => {
  statement<[string, string, string]>(
    db,
    'UPDATE volume_key SET project_id = ?, user_id = ? WHERE id = ?',
  ).run(to.projectId, to.userId, id);
};

/** The key of each attachment of a server whose volume is encrypted. */
export const keysOfAttachments = (
  db: Db,
): readonly { readonly attachment_id: string; readonly key_id: string; readonly attach_status: string }[] =>
  statement<[], { attachment_id: string; key_id: string; attach_status: string }>(
    db,
    `SELECT volume_attachment.id AS attachment_id, encryption_key_id AS key_id, volume_attachment.attach_status
       FROM volume_attachment JOIN volume ON volume.id = volume_id
      WHERE encryption_key_id IS NOT NULL AND instance_uuid IS NOT NULL`,
  ).all();
