-- Servers. Times are milliseconds since the epoch, UTC. A row stays for a while after the server is gone (deleted_at),
-- for lists by changes-since; everything that counts or names servers looks at rows with deleted_at IS NULL.

CREATE TABLE server (
  -- The instance number: the domain is instance-%08x of it.
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  name TEXT NOT NULL,
  hostname TEXT NOT NULL,
  description TEXT,
  vm_state TEXT NOT NULL,
  task_state TEXT,
  -- nova's numbers: 0 no state, 1 running, 3 paused, 4 shut down, 6 crashed, 7 suspended.
  power_state INTEGER NOT NULL DEFAULT 0,
  progress INTEGER NOT NULL DEFAULT 0,
  host TEXT,
  node TEXT,
  -- The zone asked for (null: none was); the one shown follows from the host.
  requested_zone TEXT,
  availability_zone TEXT,
  image_id TEXT,
  -- Properties of the image as they were: they decide the hardware also after the image is gone.
  image_properties TEXT NOT NULL DEFAULT '{}',
  flavor_id TEXT NOT NULL,
  flavor_name TEXT NOT NULL,
  vcpus INTEGER NOT NULL,
  ram_mib INTEGER NOT NULL,
  disk_gib INTEGER NOT NULL,
  ephemeral_gib INTEGER NOT NULL,
  swap_mib INTEGER NOT NULL,
  extra_specs TEXT NOT NULL DEFAULT '{}',
  key_name TEXT,
  key_type TEXT,
  key_data TEXT,
  user_data TEXT,
  config_drive INTEGER NOT NULL DEFAULT 0,
  -- Files of personality (before 2.57): [{path, contents}].
  personality TEXT NOT NULL DEFAULT '[]',
  -- Only until the guest has had the chance to read it from its config drive; then null.
  admin_password TEXT,
  disk_config TEXT NOT NULL DEFAULT 'MANUAL',
  access_ip_v4 TEXT,
  access_ip_v6 TEXT,
  metadata TEXT NOT NULL DEFAULT '{}',
  tags TEXT NOT NULL DEFAULT '[]',
  -- Server group that the hints asked for.
  group_id TEXT,
  -- JSON list of certificate ids, or null (2.63).
  trusted_certs TEXT,
  locked_by TEXT,
  locked_reason TEXT,
  launch_index INTEGER NOT NULL DEFAULT 0,
  reservation_id TEXT NOT NULL,
  root_device_name TEXT NOT NULL DEFAULT '/dev/vda',
  request_spec TEXT NOT NULL,
  -- The cards as planned, before any port was made: RequestedNic[].
  nics TEXT NOT NULL DEFAULT '[]',
  security_group_ids TEXT NOT NULL DEFAULT '[]',
  fault_code INTEGER,
  fault_message TEXT,
  fault_details TEXT,
  fault_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  launched_at INTEGER,
  terminated_at INTEGER,
  deleted_at INTEGER
) STRICT;

CREATE INDEX server_project ON server (project_id, created_at, seq) WHERE deleted_at IS NULL;
CREATE INDEX server_all ON server (created_at, seq) WHERE deleted_at IS NULL;
CREATE INDEX server_host ON server (host) WHERE deleted_at IS NULL;
CREATE INDEX server_changed ON server (updated_at);
CREATE INDEX server_gone ON server (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX server_usage ON server (project_id, vcpus, ram_mib) WHERE deleted_at IS NULL;

-- What was done to servers, as os-instance-actions shows it; the events are in the operation's trace.
CREATE TABLE server_action (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  server_id TEXT NOT NULL REFERENCES server (id) ON DELETE CASCADE,
  action TEXT NOT NULL,
  request_id TEXT NOT NULL,
  user_id TEXT NOT NULL,
  project_id TEXT NOT NULL,
  -- Null for what is done at once, as lock.
  operation_id TEXT,
  message TEXT,
  started_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE INDEX server_action_server ON server_action (server_id, id);
CREATE INDEX server_action_request ON server_action (server_id, request_id);
CREATE INDEX server_action_operation ON server_action (operation_id) WHERE operation_id IS NOT NULL;

-- Which boot of the host the power states were last compared in: after another one, guests that ran run again.
CREATE TABLE compute_boot (
  host TEXT PRIMARY KEY,
  boot_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;
