-- Block storage service: backups. Times are milliseconds since the epoch, sizes GiB.
CREATE TABLE volume_backup (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  name TEXT,
  description TEXT,
  -- The volume may be gone: a backup outlives it.
  volume_id TEXT NOT NULL,
  snapshot_id TEXT,
  -- The backup that an incremental one builds on.
  parent_id TEXT,
  restore_volume_id TEXT,
  size INTEGER NOT NULL,
  -- creating, available, deleting, restoring, error, error_deleting
  status TEXT NOT NULL,
  fail_reason TEXT,
  availability_zone TEXT,
  container TEXT NOT NULL,
  -- Which store has it, by the name of its driver; null until it was chosen.
  service TEXT,
  -- The name of its objects' folder in the container.
  service_metadata TEXT NOT NULL,
  object_count INTEGER NOT NULL,
  -- When the data was as it is in the backup.
  data_timestamp INTEGER NOT NULL,
  encryption_key_id TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX volume_backup_by_project ON volume_backup (project_id, created_at, id);
CREATE INDEX volume_backup_by_age ON volume_backup (created_at, id);
CREATE INDEX volume_backup_by_volume ON volume_backup (volume_id, data_timestamp);
CREATE INDEX volume_backup_by_folder ON volume_backup (service_metadata);
CREATE INDEX volume_backup_by_parent ON volume_backup (parent_id);

CREATE TABLE volume_backup_metadata (
  backup_id TEXT NOT NULL REFERENCES volume_backup (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (backup_id, key)
) STRICT, WITHOUT ROWID;
