-- Block storage service: groups of volumes, their types and snapshots. Times are milliseconds since the epoch.
CREATE TABLE volume_group_type (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  description TEXT,
  is_public INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX volume_group_type_by_age ON volume_group_type (created_at, id);

CREATE TABLE volume_group_type_spec (
  group_type_id TEXT NOT NULL REFERENCES volume_group_type (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT,
  PRIMARY KEY (group_type_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE volume_group (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  name TEXT,
  description TEXT,
  -- creating, available, updating, in-use, deleting, deleted, error, error_deleting
  status TEXT NOT NULL,
  availability_zone TEXT NOT NULL,
  group_type_id TEXT NOT NULL REFERENCES volume_group_type (id),
  -- Where all of its volumes are; null until the scheduler has chosen.
  backend TEXT,
  -- What it was made of.
  group_snapshot_id TEXT,
  source_group_id TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX volume_group_by_project ON volume_group (project_id, created_at, id);
CREATE INDEX volume_group_by_age ON volume_group (created_at, id);
CREATE INDEX volume_group_by_type ON volume_group (group_type_id);
CREATE INDEX volume_group_by_source ON volume_group (source_group_id);
CREATE INDEX volume_group_by_snapshot ON volume_group (group_snapshot_id);

-- Types that its volumes may have.
CREATE TABLE volume_group_volume_type (
  group_id TEXT NOT NULL REFERENCES volume_group (id) ON DELETE CASCADE,
  volume_type_id TEXT NOT NULL REFERENCES volume_type (id),
  PRIMARY KEY (group_id, volume_type_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX volume_group_volume_type_by_type ON volume_group_volume_type (volume_type_id);

CREATE TABLE volume_group_snapshot (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  group_id TEXT NOT NULL REFERENCES volume_group (id),
  group_type_id TEXT NOT NULL REFERENCES volume_group_type (id),
  name TEXT,
  description TEXT,
  -- creating, available, updating, deleting, deleted, error, error_deleting
  status TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX volume_group_snapshot_by_project ON volume_group_snapshot (project_id, created_at, id);
CREATE INDEX volume_group_snapshot_by_age ON volume_group_snapshot (created_at, id);
CREATE INDEX volume_group_snapshot_by_group ON volume_group_snapshot (group_id);
CREATE INDEX volume_group_snapshot_by_type ON volume_group_snapshot (group_type_id);

CREATE INDEX volume_by_group ON volume (group_id);
CREATE INDEX volume_snapshot_by_group ON volume_snapshot (group_snapshot_id);
