-- Routers and floating IPs. A router's interfaces and gateway are ports (device_id = router.id).

CREATE TABLE router (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  admin_state_up INTEGER NOT NULL,
  -- BUILD until the host has it, ACTIVE, ERROR.
  status TEXT NOT NULL,
  -- Both or neither.
  gateway_network_id TEXT REFERENCES network (id),
  gateway_port_id TEXT,
  enable_snat INTEGER NOT NULL,
  -- JSON: [{destination, nexthop}]
  routes TEXT NOT NULL,
  availability_zone_hints TEXT NOT NULL,
  tags TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revision INTEGER NOT NULL
) STRICT;
CREATE INDEX router_project ON router (project_id, seq);
CREATE INDEX router_name ON router (name);
CREATE INDEX router_gateway ON router (gateway_network_id);

CREATE TABLE floating_ip (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT NOT NULL,
  description TEXT NOT NULL,
  floating_network_id TEXT NOT NULL REFERENCES network (id),
  -- The port on the external network that holds the address.
  floating_port_id TEXT NOT NULL,
  floating_ip_address TEXT NOT NULL,
  -- All three or none.
  port_id TEXT,
  fixed_ip_address TEXT,
  router_id TEXT REFERENCES router (id),
  -- ACTIVE while the router leads it to its port, DOWN, ERROR.
  status TEXT NOT NULL,
  dns_name TEXT NOT NULL,
  dns_domain TEXT NOT NULL,
  tags TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  UNIQUE (floating_network_id, floating_ip_address),
  -- One floating IP of a network for a fixed address; rows without a port do not count.
  UNIQUE (floating_network_id, port_id, fixed_ip_address)
) STRICT;
CREATE INDEX floating_ip_project ON floating_ip (project_id, seq);
CREATE INDEX floating_ip_port ON floating_ip (port_id) WHERE port_id IS NOT NULL;
CREATE INDEX floating_ip_router ON floating_ip (router_id) WHERE router_id IS NOT NULL;
CREATE INDEX floating_ip_address ON floating_ip (floating_ip_address);
