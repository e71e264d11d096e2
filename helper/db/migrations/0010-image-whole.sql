-- Image service: sharing, import, metadata definitions. Times are milliseconds since the epoch, sizes bytes.

-- Bytes in the staging area, while there are any.
ALTER TABLE image ADD COLUMN staged_size INTEGER;
-- Names of stores, separated by commas; null before the first import.
ALTER TABLE image ADD COLUMN importing_to_stores TEXT;
ALTER TABLE image ADD COLUMN failed_import TEXT;

CREATE TABLE image_member (
  image_id TEXT NOT NULL REFERENCES image (id) ON DELETE CASCADE,
  member_id TEXT NOT NULL,
  -- pending, accepted, rejected
  status TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (image_id, member_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX image_member_by_member ON image_member (member_id, status, image_id);

CREATE TABLE image_task (
  id TEXT PRIMARY KEY,
  -- api_image_import
  type TEXT NOT NULL,
  image_id TEXT NOT NULL,
  owner_id TEXT,
  user_id TEXT,
  request_id TEXT,
  -- pending, processing, success, failure
  status TEXT NOT NULL,
  -- JSON, as the caller gave it
  input TEXT NOT NULL,
  message TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  expires_at INTEGER
) STRICT;
CREATE INDEX image_task_by_image ON image_task (image_id, created_at);
CREATE INDEX image_task_by_age ON image_task (created_at, id);
CREATE INDEX image_task_by_expiry ON image_task (expires_at);

CREATE TABLE metadef_namespace (
  id INTEGER PRIMARY KEY,
  namespace TEXT NOT NULL UNIQUE,
  display_name TEXT,
  description TEXT,
  -- public, private
  visibility TEXT NOT NULL,
  protected INTEGER NOT NULL,
  owner_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX metadef_namespace_by_age ON metadef_namespace (created_at, namespace);

-- Objects, properties and tags of a namespace.
CREATE TABLE metadef_item (
  namespace_id INTEGER NOT NULL REFERENCES metadef_namespace (id) ON DELETE CASCADE,
  -- object, property, tag
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  -- JSON without the name
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (namespace_id, kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE metadef_resource_type (
  name TEXT PRIMARY KEY,
  protected INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO metadef_resource_type (name, protected, created_at, updated_at) VALUES
  ('OS::Glance::Image', 1, 0, 0),
  ('OS::Cinder::Volume', 1, 0, 0),
  ('OS::Nova::Flavor', 1, 0, 0),
  ('OS::Nova::Aggregate', 1, 0, 0),
  ('OS::Nova::Server', 1, 0, 0);

CREATE TABLE metadef_association (
  namespace_id INTEGER NOT NULL REFERENCES metadef_namespace (id) ON DELETE CASCADE,
  resource_type TEXT NOT NULL,
  prefix TEXT,
  properties_target TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (namespace_id, resource_type)
) STRICT, WITHOUT ROWID;
CREATE INDEX metadef_association_by_type ON metadef_association (resource_type);
