-- What actions on servers have to remember, server groups, and the record of resizes.

-- The flavor before a resize that is not confirmed: JSON, as sagas/server-resize.ts has it.
ALTER TABLE server ADD COLUMN old_flavor TEXT;
-- vm_state before a resize that is not confirmed.
ALTER TABLE server ADD COLUMN old_vm_state TEXT;
-- The image that a server in rescue booted from.
ALTER TABLE server ADD COLUMN rescue_image_id TEXT;
-- The image that holds a shelved server's disk.
ALTER TABLE server ADD COLUMN shelved_image_id TEXT;

CREATE INDEX server_group_id ON server (group_id) WHERE deleted_at IS NULL AND group_id IS NOT NULL;

CREATE TABLE server_group (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  name TEXT NOT NULL,
  -- affinity, anti-affinity, soft-affinity, soft-anti-affinity
  policy TEXT NOT NULL,
  -- Of anti-affinity (2.64): how many members a host may have.
  max_per_host INTEGER,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX server_group_project ON server_group (project_id, seq);

-- Resizes, as os-migrations shows them.
CREATE TABLE compute_migration (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid TEXT NOT NULL UNIQUE,
  server_id TEXT NOT NULL,
  operation_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  host TEXT NOT NULL,
  node TEXT NOT NULL,
  -- 'resize' or 'migration'
  type TEXT NOT NULL,
  -- migrating, finished, confirmed, reverted, error
  status TEXT NOT NULL,
  old_flavor_id TEXT NOT NULL,
  new_flavor_id TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX compute_migration_server ON compute_migration (server_id, id);
CREATE INDEX compute_migration_changed ON compute_migration (updated_at);
