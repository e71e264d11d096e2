-- What servers need beside themselves: flavors, key pairs, quotas, hosts, claims, aggregates.

CREATE TABLE flavor (
  seq INTEGER PRIMARY KEY,
  -- Free text: '1', 'm1.tiny' or a UUID.
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  vcpus INTEGER NOT NULL,
  ram_mib INTEGER NOT NULL,
  disk_gib INTEGER NOT NULL,
  ephemeral_gib INTEGER NOT NULL,
  swap_mib INTEGER NOT NULL,
  rxtx_factor REAL NOT NULL,
  is_public INTEGER NOT NULL,
  disabled INTEGER NOT NULL DEFAULT 0,
  description TEXT,
  -- JSON: {"hw:cpu_policy": "shared", ...}
  extra_specs TEXT NOT NULL DEFAULT '{}',
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX flavor_public ON flavor (is_public, id);

CREATE TABLE flavor_access (
  flavor_id TEXT NOT NULL REFERENCES flavor (id) ON DELETE CASCADE,
  project_id TEXT NOT NULL,
  PRIMARY KEY (flavor_id, project_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX flavor_access_project ON flavor_access (project_id, flavor_id);

CREATE TABLE keypair (
  -- The integer id that the API shows.
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  user_id TEXT NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  public_key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  UNIQUE (user_id, name)
) STRICT;

-- Limits of a project where they differ from the defaults; of a class: 'default' holds the defaults themselves.
CREATE TABLE compute_quota (
  project_id TEXT NOT NULL,
  resource TEXT NOT NULL,
  hard_limit INTEGER NOT NULL,
  PRIMARY KEY (project_id, resource)
) STRICT, WITHOUT ROWID;

CREATE TABLE compute_quota_class (
  class TEXT NOT NULL,
  resource TEXT NOT NULL,
  hard_limit INTEGER NOT NULL,
  PRIMARY KEY (class, resource)
) STRICT, WITHOUT ROWID;

CREATE TABLE compute_service (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid TEXT NOT NULL UNIQUE,
  host TEXT NOT NULL,
  -- 'nova-compute', 'nova-scheduler', 'nova-conductor'
  binary TEXT NOT NULL,
  disabled INTEGER NOT NULL DEFAULT 0,
  disabled_reason TEXT,
  forced_down INTEGER NOT NULL DEFAULT 0,
  -- Whether the hypervisor answered when it was last asked.
  up INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  UNIQUE (host, binary)
) STRICT;

CREATE TABLE compute_host (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid TEXT NOT NULL UNIQUE,
  host TEXT NOT NULL UNIQUE,
  -- The hypervisor's own name.
  node TEXT NOT NULL,
  hypervisor_type TEXT NOT NULL,
  hypervisor_version INTEGER NOT NULL,
  -- 'kvm', 'qemu' or 'simulated': what the filters compare hypervisor_type with.
  accelerator TEXT NOT NULL,
  cpu_arch TEXT NOT NULL,
  cpu_model TEXT NOT NULL,
  vcpus INTEGER NOT NULL,
  memory_mib INTEGER NOT NULL,
  -- The most that was ever free for servers, and what is free now.
  disk_gib INTEGER NOT NULL,
  disk_free_gib INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

-- What servers take of their host; the resource tracker.
CREATE TABLE compute_claim (
  server_id TEXT PRIMARY KEY,
  host TEXT NOT NULL,
  vcpus INTEGER NOT NULL,
  ram_mib INTEGER NOT NULL,
  disk_gib INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX compute_claim_host ON compute_claim (host, vcpus, ram_mib, disk_gib);

CREATE TABLE aggregate (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  uuid TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL UNIQUE,
  -- JSON, with 'availability_zone' where it has one.
  metadata TEXT NOT NULL DEFAULT '{}',
  created_at INTEGER NOT NULL,
  updated_at INTEGER
) STRICT;

CREATE TABLE aggregate_host (
  aggregate_id INTEGER NOT NULL REFERENCES aggregate (id) ON DELETE CASCADE,
  host TEXT NOT NULL,
  PRIMARY KEY (aggregate_id, host)
) STRICT, WITHOUT ROWID;
CREATE INDEX aggregate_host_host ON aggregate_host (host);
