-- Placement: who provides what, and who has which part of it.

CREATE TABLE placement_provider (
  seq INTEGER PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  -- Changes with everything that concerns the provider, so that two who change it at once notice.
  generation INTEGER NOT NULL DEFAULT 0,
  parent_uuid TEXT,
  -- Its own for the root of a tree.
  root_uuid TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX placement_provider_root ON placement_provider (root_uuid);
CREATE INDEX placement_provider_parent ON placement_provider (parent_uuid) WHERE parent_uuid IS NOT NULL;

CREATE TABLE placement_inventory (
  provider_uuid TEXT NOT NULL REFERENCES placement_provider (uuid) ON DELETE CASCADE,
  resource_class TEXT NOT NULL,
  total INTEGER NOT NULL,
  reserved INTEGER NOT NULL,
  min_unit INTEGER NOT NULL,
  max_unit INTEGER NOT NULL,
  step_size INTEGER NOT NULL,
  allocation_ratio REAL NOT NULL,
  PRIMARY KEY (provider_uuid, resource_class)
) STRICT, WITHOUT ROWID;
CREATE INDEX placement_inventory_class ON placement_inventory (resource_class);

CREATE TABLE placement_provider_trait (
  provider_uuid TEXT NOT NULL REFERENCES placement_provider (uuid) ON DELETE CASCADE,
  trait TEXT NOT NULL,
  PRIMARY KEY (provider_uuid, trait)
) STRICT, WITHOUT ROWID;
CREATE INDEX placement_provider_trait_name ON placement_provider_trait (trait);

CREATE TABLE placement_provider_aggregate (
  provider_uuid TEXT NOT NULL REFERENCES placement_provider (uuid) ON DELETE CASCADE,
  aggregate_uuid TEXT NOT NULL,
  PRIMARY KEY (provider_uuid, aggregate_uuid)
) STRICT, WITHOUT ROWID;

-- CUSTOM_ names; the standard ones are in the program.
CREATE TABLE placement_trait (
  name TEXT PRIMARY KEY,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE placement_resource_class (
  name TEXT PRIMARY KEY,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE placement_consumer (
  uuid TEXT PRIMARY KEY,
  project_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  generation INTEGER NOT NULL,
  -- 'INSTANCE', 'MIGRATION', ...; null while nobody has said.
  type TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX placement_consumer_project ON placement_consumer (project_id, user_id);

CREATE TABLE placement_allocation (
  consumer_uuid TEXT NOT NULL REFERENCES placement_consumer (uuid) ON DELETE CASCADE,
  provider_uuid TEXT NOT NULL REFERENCES placement_provider (uuid),
  resource_class TEXT NOT NULL,
  used INTEGER NOT NULL,
  PRIMARY KEY (consumer_uuid, provider_uuid, resource_class)
) STRICT, WITHOUT ROWID;
CREATE INDEX placement_allocation_provider ON placement_allocation (provider_uuid, resource_class, used);
