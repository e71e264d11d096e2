-- Subnet pools, address scopes, RBAC policies, address groups, segments, what agents were told.

-- Who else may use an object. A network's columns shared and external say what its '*' policies say.
CREATE TABLE rbac_policy (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  object_type TEXT NOT NULL,
  object_id TEXT NOT NULL,
  -- access_as_shared, access_as_external
  action TEXT NOT NULL,
  -- A project, or '*' for all.
  target_tenant TEXT NOT NULL,
  UNIQUE (object_id, action, target_tenant)
) STRICT;
CREATE INDEX rbac_policy_project ON rbac_policy (project_id, seq);
CREATE INDEX rbac_policy_target ON rbac_policy (object_type, target_tenant, action, object_id);

INSERT INTO rbac_policy (id, project_id, object_type, object_id, action, target_tenant)
SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8'
         || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))),
       project_id, 'network', id, 'access_as_shared', '*'
  FROM network WHERE shared = 1 ORDER BY seq;
INSERT INTO rbac_policy (id, project_id, object_type, object_id, action, target_tenant)
SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8'
         || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))),
       project_id, 'network', id, 'access_as_external', '*'
  FROM network WHERE external = 1 ORDER BY seq;

CREATE TABLE address_scope (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  name TEXT NOT NULL,
  ip_version INTEGER NOT NULL
) STRICT;
CREATE INDEX address_scope_project ON address_scope (project_id, seq);

CREATE TABLE subnetpool (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  ip_version INTEGER NOT NULL,
  -- JSON: blocks that do not touch each other.
  prefixes TEXT NOT NULL,
  min_prefixlen INTEGER NOT NULL,
  max_prefixlen INTEGER NOT NULL,
  default_prefixlen INTEGER NOT NULL,
  -- In /32 of version 4 and /64 of version 6.
  default_quota INTEGER,
  address_scope_id TEXT REFERENCES address_scope (id),
  is_default INTEGER NOT NULL,
  tags TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revision INTEGER NOT NULL
) STRICT;
CREATE INDEX subnetpool_project ON subnetpool (project_id, seq);
CREATE INDEX subnetpool_scope ON subnetpool (address_scope_id) WHERE address_scope_id IS NOT NULL;
CREATE UNIQUE INDEX subnetpool_default ON subnetpool (ip_version) WHERE is_default = 1;
CREATE INDEX subnet_subnetpool ON subnet (subnetpool_id) WHERE subnetpool_id IS NOT NULL;

CREATE TABLE address_group (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  -- JSON: blocks of either version.
  addresses TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revision INTEGER NOT NULL
) STRICT;
CREATE INDEX address_group_project ON address_group (project_id, seq);
ALTER TABLE security_group_rule ADD COLUMN remote_address_group_id TEXT REFERENCES address_group (id);
CREATE INDEX security_group_rule_addresses ON security_group_rule (remote_address_group_id)
  WHERE remote_address_group_id IS NOT NULL;

-- Segments as the API has them. The first one of a network is its place on the host (network_segment).
CREATE TABLE segment (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  network_id TEXT NOT NULL REFERENCES network (id) ON DELETE CASCADE,
  name TEXT,
  description TEXT NOT NULL,
  network_type TEXT NOT NULL,
  physical_network TEXT,
  segmentation_id INTEGER,
  -- 1: the one on the host.
  is_first INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revision INTEGER NOT NULL
) STRICT;
CREATE INDEX segment_network ON segment (network_id, seq);
CREATE INDEX segment_vni ON segment (segmentation_id) WHERE segmentation_id IS NOT NULL;
INSERT INTO segment (id, network_id, description, network_type, physical_network, segmentation_id, is_first,
                     created_at, updated_at, revision)
SELECT lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-8'
         || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6))),
       id, '', network_type, physical_network, segmentation_id, 1, created_at, updated_at, 1
  FROM network ORDER BY seq;
ALTER TABLE subnet ADD COLUMN segment_id TEXT;
CREATE INDEX subnet_segment ON subnet (segment_id) WHERE segment_id IS NOT NULL;

-- What administrators changed at this host's agents.
CREATE TABLE network_agent (
  id TEXT PRIMARY KEY,
  admin_state_up INTEGER NOT NULL,
  description TEXT
) STRICT, WITHOUT ROWID;

-- Networks and routers that were taken off the DHCP and L3 agent: the host has no DHCP server or router for them.
CREATE TABLE agent_unscheduled (
  resource_id TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;

CREATE TABLE auto_allocated_topology (
  project_id TEXT PRIMARY KEY,
  network_id TEXT NOT NULL REFERENCES network (id) ON DELETE CASCADE,
  router_id TEXT
) STRICT, WITHOUT ROWID;
