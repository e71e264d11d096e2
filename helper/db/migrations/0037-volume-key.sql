-- Block storage: passphrases of encrypted disks, as random as keys. Volumes and snapshots name one, and a snapshot's is
-- its volume's; it goes with the last of them (triggers below), and those of backups and images with these.
CREATE TABLE volume_key (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  passphrase TEXT NOT NULL,
  -- Of AES: 128 or 256.
  key_bits INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE volume_snapshot ADD COLUMN encryption_key_id TEXT;

CREATE INDEX volume_by_key ON volume (encryption_key_id) WHERE encryption_key_id IS NOT NULL;
CREATE INDEX volume_snapshot_by_key ON volume_snapshot (encryption_key_id) WHERE encryption_key_id IS NOT NULL;

CREATE TRIGGER volume_key_of_volume AFTER DELETE ON volume WHEN old.encryption_key_id IS NOT NULL
BEGIN
  DELETE FROM volume_key WHERE id = old.encryption_key_id
    AND NOT EXISTS (SELECT 1 FROM volume WHERE encryption_key_id = old.encryption_key_id)
    AND NOT EXISTS (SELECT 1 FROM volume_snapshot WHERE encryption_key_id = old.encryption_key_id);
END;

CREATE TRIGGER volume_key_of_snapshot AFTER DELETE ON volume_snapshot WHEN old.encryption_key_id IS NOT NULL
BEGIN
  DELETE FROM volume_key WHERE id = old.encryption_key_id
    AND NOT EXISTS (SELECT 1 FROM volume WHERE encryption_key_id = old.encryption_key_id)
    AND NOT EXISTS (SELECT 1 FROM volume_snapshot WHERE encryption_key_id = old.encryption_key_id);
END;
