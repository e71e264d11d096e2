-- What usage reports, quotas of users, passwords of guests and the record of resizes need beside what is there.

-- Servers whose rows are forgotten, as far as the usage of their projects counts them.
CREATE TABLE server_past (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  name TEXT NOT NULL,
  flavor_name TEXT NOT NULL,
  vcpus INTEGER NOT NULL,
  ram_mib INTEGER NOT NULL,
  -- Root and ephemeral.
  disk_gib INTEGER NOT NULL,
  launched_at INTEGER NOT NULL,
  terminated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX server_past_project ON server_past (project_id, id);
CREATE INDEX server_past_terminated ON server_past (terminated_at);

-- They are remembered for 400 days: a year of usage and the month in which it is asked for.
CREATE TRIGGER server_forgotten AFTER DELETE ON server
WHEN OLD.launched_at IS NOT NULL AND OLD.terminated_at IS NOT NULL
BEGIN
  INSERT OR IGNORE INTO server_past
  VALUES (OLD.seq, OLD.id, OLD.project_id, OLD.name, OLD.flavor_name, OLD.vcpus, OLD.ram_mib,
    OLD.disk_gib + OLD.ephemeral_gib, OLD.launched_at, OLD.terminated_at);
  DELETE FROM server_past WHERE terminated_at < OLD.terminated_at - 34560000000;
END;

-- All that ever ran.
CREATE VIEW server_period AS
  SELECT id, project_id, name, flavor_name, vcpus, ram_mib, disk_gib + ephemeral_gib AS disk_gib, vm_state,
    launched_at, terminated_at
  FROM server WHERE launched_at IS NOT NULL
  UNION ALL
  SELECT id, project_id, name, flavor_name, vcpus, ram_mib, disk_gib, 'deleted', launched_at, terminated_at
  FROM server_past;

-- Limits of one user within a project.
CREATE TABLE compute_user_quota (
  project_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  resource TEXT NOT NULL,
  hard_limit INTEGER NOT NULL,
  PRIMARY KEY (project_id, user_id, resource)
) STRICT, WITHOUT ROWID;

-- What the guest left at the metadata service's 'password': encrypted with the key pair's public key by the guest.
ALTER TABLE server ADD COLUMN guest_password TEXT;

-- The flavors' numbers, which os-migrations shows; the flavors may be gone since.
ALTER TABLE compute_migration ADD COLUMN old_flavor_number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE compute_migration ADD COLUMN new_flavor_number INTEGER NOT NULL DEFAULT 0;
