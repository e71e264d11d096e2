-- Networks, subnets, ports, security groups. Routers and floating IPs: 0006.
-- seq gives lists their order (creation) and is never reused as an identity.

CREATE TABLE network (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  admin_state_up INTEGER NOT NULL,
  status TEXT NOT NULL,
  shared INTEGER NOT NULL,
  external INTEGER NOT NULL,
  is_default INTEGER NOT NULL,
  mtu INTEGER NOT NULL,
  port_security_enabled INTEGER NOT NULL,
  dns_domain TEXT NOT NULL,
  availability_zone_hints TEXT NOT NULL,
  network_type TEXT NOT NULL,
  physical_network TEXT,
  segmentation_id INTEGER,
  tags TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revision INTEGER NOT NULL
) STRICT;
CREATE INDEX network_project ON network (project_id, seq);
CREATE INDEX network_name ON network (name);
CREATE INDEX network_open ON network (seq) WHERE shared = 1 OR external = 1;

-- What a network has on the host. Outlives its network until the host is clean (R23): VNI and zone are not given to
-- another network before.
CREATE TABLE network_segment (
  network_id TEXT PRIMARY KEY,
  network_type TEXT NOT NULL,
  physical_network TEXT UNIQUE,
  vni INTEGER UNIQUE,
  zone INTEGER NOT NULL UNIQUE,
  released INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX network_segment_released ON network_segment (network_id) WHERE released = 1;

CREATE TABLE subnet (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  network_id TEXT NOT NULL REFERENCES network (id),
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  ip_version INTEGER NOT NULL,
  cidr TEXT NOT NULL,
  gateway_ip TEXT,
  enable_dhcp INTEGER NOT NULL,
  ipv6_ra_mode TEXT,
  ipv6_address_mode TEXT,
  subnetpool_id TEXT,
  allocation_pools TEXT NOT NULL,
  dns_nameservers TEXT NOT NULL,
  host_routes TEXT NOT NULL,
  service_types TEXT NOT NULL,
  tags TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revision INTEGER NOT NULL
) STRICT;
CREATE INDEX subnet_network ON subnet (network_id, seq);
CREATE INDEX subnet_project ON subnet (project_id, seq);
CREATE INDEX subnet_name ON subnet (name);

CREATE TABLE port (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  network_id TEXT NOT NULL REFERENCES network (id),
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  mac_address TEXT NOT NULL,
  admin_state_up INTEGER NOT NULL,
  status TEXT NOT NULL,
  device_id TEXT NOT NULL,
  device_owner TEXT NOT NULL,
  port_security_enabled INTEGER NOT NULL,
  allowed_address_pairs TEXT NOT NULL,
  extra_dhcp_opts TEXT NOT NULL,
  dns_name TEXT NOT NULL,
  vnic_type TEXT NOT NULL,
  binding_host TEXT NOT NULL,
  binding_profile TEXT NOT NULL,
  -- 1: compute made it for its server and deletes it with the server.
  made_by_compute INTEGER NOT NULL,
  -- Place among the server's NICs, and its device tag.
  nic_index INTEGER,
  nic_tag TEXT,
  tags TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  UNIQUE (network_id, mac_address)
) STRICT;
CREATE INDEX port_project ON port (project_id, seq);
CREATE INDEX port_network ON port (network_id, seq);
CREATE INDEX port_device ON port (device_id, seq);
CREATE INDEX port_mac ON port (mac_address);
CREATE INDEX port_name ON port (name);

-- address_key: 32 hexadecimal digits, so that text order is the order of addresses of either version.
CREATE TABLE port_ip (
  port_id TEXT NOT NULL REFERENCES port (id) ON DELETE CASCADE,
  subnet_id TEXT NOT NULL REFERENCES subnet (id),
  network_id TEXT NOT NULL,
  address TEXT NOT NULL,
  address_key TEXT NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (subnet_id, address_key)
) STRICT;
CREATE INDEX port_ip_port ON port_ip (port_id, position);
CREATE INDEX port_ip_network ON port_ip (network_id, address);
CREATE INDEX port_ip_address ON port_ip (address);

-- Ports that have (or may have) a tap and a filter. Outlives its port until the host is clean (R23).
CREATE TABLE port_plug (
  port_id TEXT PRIMARY KEY,
  network_id TEXT NOT NULL,
  mark INTEGER NOT NULL UNIQUE,
  -- 0: the host has nothing of it; 1: it has, or is about to; 2: being taken off.
  plugged INTEGER NOT NULL DEFAULT 0,
  released INTEGER NOT NULL DEFAULT 0,
  -- What its filter was last made for; to flush connections and lists of members when it goes.
  addresses TEXT NOT NULL DEFAULT '[]',
  -- Security groups whose members it counted among when it was plugged or deleted.
  groups TEXT NOT NULL DEFAULT '[]'
) STRICT;
CREATE INDEX port_plug_network ON port_plug (network_id);
CREATE INDEX port_plug_released ON port_plug (port_id) WHERE released = 1;

CREATE TABLE security_group (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  stateful INTEGER NOT NULL,
  is_default INTEGER NOT NULL,
  tags TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revision INTEGER NOT NULL
) STRICT;
CREATE INDEX security_group_project ON security_group (project_id, seq);
CREATE INDEX security_group_name ON security_group (name);
CREATE UNIQUE INDEX security_group_one_default ON security_group (project_id) WHERE is_default = 1;

CREATE TABLE security_group_rule (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  security_group_id TEXT NOT NULL REFERENCES security_group (id) ON DELETE CASCADE,
  description TEXT NOT NULL,
  direction TEXT NOT NULL,
  ethertype TEXT NOT NULL,
  protocol TEXT,
  port_range_min INTEGER,
  port_range_max INTEGER,
  remote_ip_prefix TEXT,
  normalized_cidr TEXT,
  remote_group_id TEXT REFERENCES security_group (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revision INTEGER NOT NULL
) STRICT;
CREATE INDEX security_group_rule_project ON security_group_rule (project_id, seq);
CREATE INDEX security_group_rule_group ON security_group_rule (security_group_id, seq);
CREATE INDEX security_group_rule_remote ON security_group_rule (remote_group_id) WHERE remote_group_id IS NOT NULL;

CREATE TABLE port_security_group (
  port_id TEXT NOT NULL REFERENCES port (id) ON DELETE CASCADE,
  security_group_id TEXT NOT NULL REFERENCES security_group (id),
  PRIMARY KEY (port_id, security_group_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX port_security_group_group ON port_security_group (security_group_id);

-- Free numbers by pool: a subnet's addresses (pool = its id), 'vni', 'zone', 'mark'. Keys are 32 hexadecimal digits.
CREATE TABLE network_free_range (
  pool TEXT NOT NULL,
  first TEXT NOT NULL,
  last TEXT NOT NULL,
  PRIMARY KEY (pool, first)
) STRICT, WITHOUT ROWID;

-- Where the search in a pool goes on, so that what was given back is not given out again at once.
CREATE TABLE network_pool (
  pool TEXT PRIMARY KEY,
  next TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE network_quota (
  project_id TEXT NOT NULL,
  resource TEXT NOT NULL,
  hard_limit INTEGER NOT NULL,
  PRIMARY KEY (project_id, resource)
) STRICT, WITHOUT ROWID;
