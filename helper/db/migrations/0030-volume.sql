-- Block storage service. Times are milliseconds since the epoch, sizes GiB.
CREATE TABLE volume (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  name TEXT,
  description TEXT,
  size INTEGER NOT NULL,
  -- creating, available, reserved, attaching, in-use, detaching, maintenance, deleting, error, error_deleting, ...
  status TEXT NOT NULL,
  -- What it was before a copy of it began, to which it goes back.
  previous_status TEXT,
  -- attached, detached
  attach_status TEXT NOT NULL,
  migration_status TEXT,
  availability_zone TEXT NOT NULL,
  -- <host>@<back end>#<pool>; null until the scheduler has chosen.
  host TEXT,
  backend TEXT,
  -- raw, qcow2
  format TEXT,
  volume_type_id TEXT NOT NULL,
  snapshot_id TEXT,
  source_volid TEXT,
  bootable INTEGER NOT NULL,
  multiattach INTEGER NOT NULL,
  -- Null until somebody says.
  readonly INTEGER,
  -- Where it is being moved.
  target_backend TEXT,
  -- Null where its type says nothing of encryption.
  encryption_key_id TEXT,
  group_id TEXT,
  consumes_quota INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  launched_at INTEGER
) STRICT;
CREATE INDEX volume_by_project ON volume (project_id, created_at, id);
CREATE INDEX volume_by_age ON volume (created_at, id);
CREATE INDEX volume_by_backend ON volume (backend);
CREATE INDEX volume_by_type ON volume (volume_type_id);
CREATE INDEX volume_by_status ON volume (status);

CREATE TABLE volume_metadata (
  volume_id TEXT NOT NULL REFERENCES volume (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (volume_id, key)
) STRICT, WITHOUT ROWID;

-- What the image said that it was made of.
CREATE TABLE volume_image_metadata (
  volume_id TEXT NOT NULL REFERENCES volume (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (volume_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE volume_snapshot (
  id TEXT PRIMARY KEY,
  volume_id TEXT NOT NULL REFERENCES volume (id),
  project_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  name TEXT,
  description TEXT,
  -- creating, available, deleting, error, error_deleting, restoring, unmanaging
  status TEXT NOT NULL,
  progress TEXT NOT NULL,
  volume_size INTEGER NOT NULL,
  volume_type_id TEXT NOT NULL,
  backend TEXT NOT NULL,
  format TEXT NOT NULL,
  group_snapshot_id TEXT,
  consumes_quota INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX volume_snapshot_by_project ON volume_snapshot (project_id, created_at, id);
CREATE INDEX volume_snapshot_by_age ON volume_snapshot (created_at, id);
CREATE INDEX volume_snapshot_by_volume ON volume_snapshot (volume_id, created_at);

CREATE TABLE volume_snapshot_metadata (
  snapshot_id TEXT NOT NULL REFERENCES volume_snapshot (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (snapshot_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE volume_type (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  description TEXT,
  is_public INTEGER NOT NULL,
  qos_specs_id TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX volume_type_by_age ON volume_type (created_at, id);
CREATE INDEX volume_type_by_qos ON volume_type (qos_specs_id);

CREATE TABLE volume_type_extra_spec (
  volume_type_id TEXT NOT NULL REFERENCES volume_type (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (volume_type_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE volume_type_access (
  volume_type_id TEXT NOT NULL REFERENCES volume_type (id) ON DELETE CASCADE,
  project_id TEXT NOT NULL,
  PRIMARY KEY (volume_type_id, project_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE volume_type_encryption (
  volume_type_id TEXT PRIMARY KEY REFERENCES volume_type (id) ON DELETE CASCADE,
  encryption_id TEXT NOT NULL,
  provider TEXT NOT NULL,
  control_location TEXT NOT NULL,
  cipher TEXT,
  key_size INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER
) STRICT, WITHOUT ROWID;

-- Projects whose volumes are of another type than the cloud's default.
CREATE TABLE volume_default_type (
  project_id TEXT PRIMARY KEY,
  volume_type_id TEXT NOT NULL REFERENCES volume_type (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE volume_qos (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  -- front-end, back-end, both
  consumer TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE volume_qos_spec (
  qos_id TEXT NOT NULL REFERENCES volume_qos (id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (qos_id, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE volume_quota (
  project_id TEXT NOT NULL,
  resource TEXT NOT NULL,
  hard_limit INTEGER NOT NULL,
  PRIMARY KEY (project_id, resource)
) STRICT, WITHOUT ROWID;

CREATE TABLE volume_quota_class (
  class TEXT NOT NULL,
  resource TEXT NOT NULL,
  hard_limit INTEGER NOT NULL,
  PRIMARY KEY (class, resource)
) STRICT, WITHOUT ROWID;

-- Only what an administrator has said of a service; that it runs is not written down.
CREATE TABLE volume_service (
  binary TEXT NOT NULL,
  host TEXT NOT NULL,
  disabled INTEGER NOT NULL,
  disabled_reason TEXT,
  frozen INTEGER NOT NULL,
  PRIMARY KEY (binary, host)
) STRICT, WITHOUT ROWID;

CREATE TABLE volume_message (
  id TEXT PRIMARY KEY,
  project_id TEXT NOT NULL,
  request_id TEXT NOT NULL,
  resource_type TEXT NOT NULL,
  resource_uuid TEXT,
  event_id TEXT NOT NULL,
  message_level TEXT NOT NULL,
  user_message TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX volume_message_by_project ON volume_message (project_id, created_at, id);
CREATE INDEX volume_message_by_end ON volume_message (expires_at);

CREATE TABLE volume_transfer (
  id TEXT PRIMARY KEY,
  volume_id TEXT NOT NULL REFERENCES volume (id) ON DELETE CASCADE,
  name TEXT,
  salt TEXT NOT NULL,
  -- scrypt of the authorisation key, which is shown once.
  key_hash TEXT NOT NULL,
  no_snapshots INTEGER NOT NULL,
  source_project_id TEXT NOT NULL,
  destination_project_id TEXT,
  accepted INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX volume_transfer_by_project ON volume_transfer (source_project_id, created_at, id);
CREATE INDEX volume_transfer_by_volume ON volume_transfer (volume_id);

CREATE TABLE volume_attachment (
  id TEXT PRIMARY KEY,
  volume_id TEXT NOT NULL REFERENCES volume (id),
  project_id TEXT NOT NULL,
  -- The server; null for hosts that attach a volume themselves.
  instance_uuid TEXT,
  attached_host TEXT,
  mountpoint TEXT,
  -- reserved, attaching, attached, detaching
  attach_status TEXT NOT NULL,
  -- rw, ro
  attach_mode TEXT NOT NULL,
  -- JSON of what a client said of its host.
  connector TEXT,
  attached_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX volume_attachment_by_volume ON volume_attachment (volume_id, created_at);
CREATE INDEX volume_attachment_by_server ON volume_attachment (instance_uuid);
CREATE INDEX volume_attachment_by_project ON volume_attachment (project_id, created_at, id);
