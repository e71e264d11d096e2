-- What routers and ports can do beyond the basics: port forwarding, conntrack helpers, metering, firewall groups, QoS,
-- trunks, DNS domains of ports.

-- Ports of a floating IP that lead to ports of a fixed address. Ranges are as long as each other, or inside is one.
CREATE TABLE port_forwarding (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  description TEXT NOT NULL,
  floatingip_id TEXT NOT NULL REFERENCES floating_ip (id),
  protocol TEXT NOT NULL,
  external_first INTEGER NOT NULL,
  external_last INTEGER NOT NULL,
  internal_first INTEGER NOT NULL,
  internal_last INTEGER NOT NULL,
  internal_port_id TEXT NOT NULL,
  internal_ip_address TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revision INTEGER NOT NULL
) STRICT;
CREATE INDEX port_forwarding_floating ON port_forwarding (floatingip_id, seq);
CREATE INDEX port_forwarding_port ON port_forwarding (internal_port_id);

CREATE TABLE conntrack_helper (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  description TEXT NOT NULL,
  router_id TEXT NOT NULL REFERENCES router (id) ON DELETE CASCADE,
  helper TEXT NOT NULL,
  protocol TEXT NOT NULL,
  port INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  UNIQUE (router_id, protocol, port, helper)
) STRICT;

CREATE TABLE metering_label (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  -- 1: counts at all routers, not only at its project's.
  shared INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revision INTEGER NOT NULL
) STRICT;
CREATE INDEX metering_label_project ON metering_label (project_id, seq);
CREATE INDEX metering_label_shared ON metering_label (seq) WHERE shared = 1;

CREATE TABLE metering_label_rule (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  description TEXT NOT NULL,
  metering_label_id TEXT NOT NULL REFERENCES metering_label (id) ON DELETE CASCADE,
  direction TEXT NOT NULL,
  excluded INTEGER NOT NULL,
  -- The inside's addresses, whatever its name says (neutron's driver, deprecated there).
  remote_ip_prefix TEXT,
  source_ip_prefix TEXT,
  destination_ip_prefix TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revision INTEGER NOT NULL
) STRICT;
CREATE INDEX metering_label_rule_label ON metering_label_rule (metering_label_id, seq);

CREATE TABLE firewall_rule (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  shared INTEGER NOT NULL,
  enabled INTEGER NOT NULL,
  -- tcp, udp, icmp, a number; NULL is any.
  protocol TEXT,
  ip_version INTEGER NOT NULL,
  source_ip_address TEXT,
  destination_ip_address TEXT,
  -- '80' or '80:90'
  source_port TEXT,
  destination_port TEXT,
  action TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revision INTEGER NOT NULL
) STRICT;
CREATE INDEX firewall_rule_project ON firewall_rule (project_id, seq);
CREATE INDEX firewall_rule_shared ON firewall_rule (seq) WHERE shared = 1;

CREATE TABLE firewall_policy (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  shared INTEGER NOT NULL,
  audited INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revision INTEGER NOT NULL
) STRICT;
CREATE INDEX firewall_policy_project ON firewall_policy (project_id, seq);
CREATE INDEX firewall_policy_shared ON firewall_policy (seq) WHERE shared = 1;

CREATE TABLE firewall_policy_rule (
  firewall_policy_id TEXT NOT NULL REFERENCES firewall_policy (id) ON DELETE CASCADE,
  firewall_rule_id TEXT NOT NULL REFERENCES firewall_rule (id),
  -- From 1 on, without gaps.
  position INTEGER NOT NULL,
  PRIMARY KEY (firewall_policy_id, firewall_rule_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX firewall_policy_rule_rule ON firewall_policy_rule (firewall_rule_id);

CREATE TABLE firewall_group (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  shared INTEGER NOT NULL,
  admin_state_up INTEGER NOT NULL,
  -- INACTIVE without ports, PENDING_UPDATE until the routers have it, ACTIVE, DOWN, ERROR.
  status TEXT NOT NULL,
  ingress_firewall_policy_id TEXT REFERENCES firewall_policy (id),
  egress_firewall_policy_id TEXT REFERENCES firewall_policy (id),
  is_default INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revision INTEGER NOT NULL
) STRICT;
CREATE INDEX firewall_group_project ON firewall_group (project_id, seq);
CREATE INDEX firewall_group_shared ON firewall_group (seq) WHERE shared = 1;
CREATE INDEX firewall_group_ingress ON firewall_group (ingress_firewall_policy_id);
CREATE INDEX firewall_group_egress ON firewall_group (egress_firewall_policy_id);
CREATE UNIQUE INDEX firewall_group_one_default ON firewall_group (project_id) WHERE is_default = 1;

CREATE TABLE firewall_group_port (
  port_id TEXT PRIMARY KEY REFERENCES port (id) ON DELETE CASCADE,
  firewall_group_id TEXT NOT NULL REFERENCES firewall_group (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX firewall_group_port_group ON firewall_group_port (firewall_group_id);

CREATE TABLE qos_policy (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  shared INTEGER NOT NULL,
  is_default INTEGER NOT NULL,
  tags TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revision INTEGER NOT NULL
) STRICT;
CREATE INDEX qos_policy_project ON qos_policy (project_id, seq);
CREATE INDEX qos_policy_name ON qos_policy (name);
CREATE INDEX qos_policy_shared ON qos_policy (seq) WHERE shared = 1;
CREATE UNIQUE INDEX qos_policy_one_default ON qos_policy (project_id) WHERE is_default = 1;

-- Which of the numbers a rule has depends on its type. Rates in kbit/s (or 1000 packets/s), bursts in kbit (packets).
CREATE TABLE qos_rule (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  description TEXT NOT NULL,
  qos_policy_id TEXT NOT NULL REFERENCES qos_policy (id) ON DELETE CASCADE,
  type TEXT NOT NULL,
  direction TEXT,
  max_kbps INTEGER,
  max_burst_kbps INTEGER,
  dscp_mark INTEGER,
  min_kbps INTEGER,
  max_kpps INTEGER,
  max_burst_kpps INTEGER,
  min_kpps INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revision INTEGER NOT NULL
) STRICT;
CREATE INDEX qos_rule_policy ON qos_rule (qos_policy_id, seq);

ALTER TABLE network ADD COLUMN qos_policy_id TEXT REFERENCES qos_policy (id);
ALTER TABLE port ADD COLUMN qos_policy_id TEXT REFERENCES qos_policy (id);
ALTER TABLE floating_ip ADD COLUMN qos_policy_id TEXT REFERENCES qos_policy (id);
ALTER TABLE router ADD COLUMN gateway_qos_policy_id TEXT REFERENCES qos_policy (id);
CREATE INDEX network_qos ON network (qos_policy_id) WHERE qos_policy_id IS NOT NULL;
CREATE INDEX port_qos ON port (qos_policy_id) WHERE qos_policy_id IS NOT NULL;
CREATE INDEX floating_ip_qos ON floating_ip (qos_policy_id) WHERE qos_policy_id IS NOT NULL;
CREATE INDEX router_qos ON router (gateway_qos_policy_id) WHERE gateway_qos_policy_id IS NOT NULL;

ALTER TABLE port ADD COLUMN dns_domain TEXT NOT NULL DEFAULT '';

CREATE TABLE trunk (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  admin_state_up INTEGER NOT NULL,
  port_id TEXT NOT NULL UNIQUE REFERENCES port (id),
  -- DOWN until its port is on the host, BUILD, ACTIVE, DEGRADED, ERROR.
  status TEXT NOT NULL,
  tags TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revision INTEGER NOT NULL
) STRICT;
CREATE INDEX trunk_project ON trunk (project_id, seq);
CREATE INDEX trunk_name ON trunk (name);

CREATE TABLE trunk_subport (
  seq INTEGER PRIMARY KEY,
  port_id TEXT NOT NULL UNIQUE REFERENCES port (id),
  trunk_id TEXT NOT NULL REFERENCES trunk (id) ON DELETE CASCADE,
  segmentation_type TEXT NOT NULL,
  segmentation_id INTEGER NOT NULL,
  UNIQUE (trunk_id, segmentation_type, segmentation_id)
) STRICT;
