-- Image service. Times are milliseconds since the epoch, sizes bytes.
CREATE TABLE image (
  id TEXT PRIMARY KEY,
  name TEXT,
  -- queued, saving, active, deactivated
  status TEXT NOT NULL,
  -- public, community, shared, private
  visibility TEXT NOT NULL,
  owner_id TEXT,
  disk_format TEXT,
  container_format TEXT,
  min_disk INTEGER NOT NULL,
  min_ram INTEGER NOT NULL,
  protected INTEGER NOT NULL,
  os_hidden INTEGER NOT NULL,
  size INTEGER,
  virtual_size INTEGER,
  md5 TEXT,
  sha512 TEXT,
  -- The stored data: image_data.sha256.
  sha256 TEXT,
  -- Why no guest can be made of it, though its bytes are kept.
  unusable TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX image_by_age ON image (created_at, id);
CREATE INDEX image_by_owner ON image (owner_id, created_at, id);
CREATE INDEX image_by_visibility ON image (visibility, created_at, id);
CREATE INDEX image_by_name ON image (name);
CREATE INDEX image_by_data ON image (sha256);
CREATE INDEX image_by_status ON image (status);

CREATE TABLE image_property (
  image_id TEXT NOT NULL REFERENCES image (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (image_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE image_tag (
  image_id TEXT NOT NULL REFERENCES image (id) ON DELETE CASCADE,
  tag TEXT NOT NULL,
  PRIMARY KEY (image_id, tag)
) STRICT, WITHOUT ROWID;

-- Content-addressed data: one file per content, however many images have it.
CREATE TABLE image_data (
  sha256 TEXT PRIMARY KEY,
  size INTEGER NOT NULL
) STRICT;

-- Who (a server) has disks on top of a content, so that it is kept when its images are gone.
CREATE TABLE image_lease (
  user_id TEXT PRIMARY KEY,
  sha256 TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX image_lease_by_data ON image_lease (sha256);
