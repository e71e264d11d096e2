-- Reads stay fast with many rows: indexes for what lists filter and sort by, and counts that are kept.

-- The catalog in its order; services and roles by what they are looked for.
DROP INDEX identity_service_type;
CREATE INDEX identity_service_type ON identity_service (type, id);
CREATE INDEX identity_service_name ON identity_service (name, id);
DROP INDEX identity_endpoint_service;
CREATE INDEX identity_endpoint_service ON identity_endpoint (service_id, interface, id);
CREATE INDEX identity_role_place ON identity_role (coalesce(domain_id, ''), id);

DROP INDEX image_by_name;
CREATE INDEX image_by_name ON image (name, created_at, id);

CREATE INDEX firewall_rule_name ON firewall_rule (name);
CREATE INDEX firewall_policy_name ON firewall_policy (name);
CREATE INDEX firewall_group_name ON firewall_group (name);
CREATE INDEX metering_label_name ON metering_label (name);
CREATE INDEX metering_label_rule_project ON metering_label_rule (project_id, seq);
CREATE INDEX address_scope_name ON address_scope (name);
CREATE INDEX address_group_name ON address_group (name);
CREATE INDEX subnetpool_name ON subnetpool (name);
CREATE INDEX segment_name ON segment (name);

-- Servers that are being worked on; those that ran in a time, and whose they were.
CREATE INDEX server_busy ON server (host) WHERE deleted_at IS NULL AND task_state IS NOT NULL;
CREATE INDEX server_lifetime ON server (terminated_at, launched_at);
CREATE INDEX server_owner ON server (project_id, id);
DROP INDEX server_past_terminated;
CREATE INDEX server_past_terminated ON server_past (terminated_at, launched_at);

-- What the claims on a host come to. Kept by triggers; nothing else writes here.
CREATE TABLE compute_host_claims (
  host TEXT PRIMARY KEY,
  claims INTEGER NOT NULL,
  vcpus INTEGER NOT NULL,
  ram_mib INTEGER NOT NULL,
  disk_gib INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO compute_host_claims
  SELECT host, count(*), sum(vcpus), sum(ram_mib), sum(disk_gib) FROM compute_claim GROUP BY host;
CREATE TRIGGER compute_claim_made AFTER INSERT ON compute_claim BEGIN
  INSERT INTO compute_host_claims VALUES (NEW.host, 1, NEW.vcpus, NEW.ram_mib, NEW.disk_gib)
    ON CONFLICT (host) DO UPDATE SET claims = claims + 1, vcpus = vcpus + excluded.vcpus,
      ram_mib = ram_mib + excluded.ram_mib, disk_gib = disk_gib + excluded.disk_gib;
END;
CREATE TRIGGER compute_claim_gone AFTER DELETE ON compute_claim BEGIN
  UPDATE compute_host_claims SET claims = claims - 1, vcpus = vcpus - OLD.vcpus, ram_mib = ram_mib - OLD.ram_mib,
    disk_gib = disk_gib - OLD.disk_gib WHERE host = OLD.host;
  DELETE FROM compute_host_claims WHERE host = OLD.host AND claims = 0;
END;
CREATE TRIGGER compute_claim_changed AFTER UPDATE ON compute_claim BEGIN
  UPDATE compute_host_claims SET claims = claims - 1, vcpus = vcpus - OLD.vcpus, ram_mib = ram_mib - OLD.ram_mib,
    disk_gib = disk_gib - OLD.disk_gib WHERE host = OLD.host;
  DELETE FROM compute_host_claims WHERE host = OLD.host AND claims = 0;
  INSERT INTO compute_host_claims VALUES (NEW.host, 1, NEW.vcpus, NEW.ram_mib, NEW.disk_gib)
    ON CONFLICT (host) DO UPDATE SET claims = claims + 1, vcpus = vcpus + excluded.vcpus,
      ram_mib = ram_mib + excluded.ram_mib, disk_gib = disk_gib + excluded.disk_gib;
END;

-- How many of a resource a project has, for its quotas. Kept by triggers; nothing else writes here.
CREATE TABLE network_count (
  project_id TEXT NOT NULL,
  -- The resource's table.
  resource TEXT NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (project_id, resource)
) STRICT, WITHOUT ROWID;

INSERT INTO network_count SELECT project_id, 'address_group', count(*) FROM address_group GROUP BY project_id;
CREATE TRIGGER address_group_counted AFTER INSERT ON address_group BEGIN
  INSERT INTO network_count VALUES (NEW.project_id, 'address_group', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER address_group_uncounted AFTER DELETE ON address_group BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'address_group';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'address_group' AND n = 0;
END;
CREATE TRIGGER address_group_recounted AFTER UPDATE OF project_id ON address_group WHEN OLD.project_id <> NEW.project_id BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'address_group';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'address_group' AND n = 0;
  INSERT INTO network_count VALUES (NEW.project_id, 'address_group', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;

INSERT INTO network_count SELECT project_id, 'firewall_group', count(*) FROM firewall_group GROUP BY project_id;
CREATE TRIGGER firewall_group_counted AFTER INSERT ON firewall_group BEGIN
  INSERT INTO network_count VALUES (NEW.project_id, 'firewall_group', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER firewall_group_uncounted AFTER DELETE ON firewall_group BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'firewall_group';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'firewall_group' AND n = 0;
END;
CREATE TRIGGER firewall_group_recounted AFTER UPDATE OF project_id ON firewall_group WHEN OLD.project_id <> NEW.project_id BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'firewall_group';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'firewall_group' AND n = 0;
  INSERT INTO network_count VALUES (NEW.project_id, 'firewall_group', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;

INSERT INTO network_count SELECT project_id, 'firewall_policy', count(*) FROM firewall_policy GROUP BY project_id;
CREATE TRIGGER firewall_policy_counted AFTER INSERT ON firewall_policy BEGIN
  INSERT INTO network_count VALUES (NEW.project_id, 'firewall_policy', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER firewall_policy_uncounted AFTER DELETE ON firewall_policy BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'firewall_policy';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'firewall_policy' AND n = 0;
END;
CREATE TRIGGER firewall_policy_recounted AFTER UPDATE OF project_id ON firewall_policy WHEN OLD.project_id <> NEW.project_id BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'firewall_policy';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'firewall_policy' AND n = 0;
  INSERT INTO network_count VALUES (NEW.project_id, 'firewall_policy', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;

INSERT INTO network_count SELECT project_id, 'firewall_rule', count(*) FROM firewall_rule GROUP BY project_id;
CREATE TRIGGER firewall_rule_counted AFTER INSERT ON firewall_rule BEGIN
  INSERT INTO network_count VALUES (NEW.project_id, 'firewall_rule', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER firewall_rule_uncounted AFTER DELETE ON firewall_rule BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'firewall_rule';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'firewall_rule' AND n = 0;
END;
CREATE TRIGGER firewall_rule_recounted AFTER UPDATE OF project_id ON firewall_rule WHEN OLD.project_id <> NEW.project_id BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'firewall_rule';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'firewall_rule' AND n = 0;
  INSERT INTO network_count VALUES (NEW.project_id, 'firewall_rule', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;

INSERT INTO network_count SELECT project_id, 'floating_ip', count(*) FROM floating_ip GROUP BY project_id;
CREATE TRIGGER floating_ip_counted AFTER INSERT ON floating_ip BEGIN
  INSERT INTO network_count VALUES (NEW.project_id, 'floating_ip', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER floating_ip_uncounted AFTER DELETE ON floating_ip BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'floating_ip';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'floating_ip' AND n = 0;
END;
CREATE TRIGGER floating_ip_recounted AFTER UPDATE OF project_id ON floating_ip WHEN OLD.project_id <> NEW.project_id BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'floating_ip';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'floating_ip' AND n = 0;
  INSERT INTO network_count VALUES (NEW.project_id, 'floating_ip', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;

INSERT INTO network_count SELECT project_id, 'network', count(*) FROM network GROUP BY project_id;
CREATE TRIGGER network_counted AFTER INSERT ON network BEGIN
  INSERT INTO network_count VALUES (NEW.project_id, 'network', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER network_uncounted AFTER DELETE ON network BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'network';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'network' AND n = 0;
END;
CREATE TRIGGER network_recounted AFTER UPDATE OF project_id ON network WHEN OLD.project_id <> NEW.project_id BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'network';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'network' AND n = 0;
  INSERT INTO network_count VALUES (NEW.project_id, 'network', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;

INSERT INTO network_count SELECT project_id, 'port', count(*) FROM port GROUP BY project_id;
CREATE TRIGGER port_counted AFTER INSERT ON port BEGIN
  INSERT INTO network_count VALUES (NEW.project_id, 'port', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER port_uncounted AFTER DELETE ON port BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'port';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'port' AND n = 0;
END;
CREATE TRIGGER port_recounted AFTER UPDATE OF project_id ON port WHEN OLD.project_id <> NEW.project_id BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'port';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'port' AND n = 0;
  INSERT INTO network_count VALUES (NEW.project_id, 'port', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;

INSERT INTO network_count SELECT project_id, 'qos_policy', count(*) FROM qos_policy GROUP BY project_id;
CREATE TRIGGER qos_policy_counted AFTER INSERT ON qos_policy BEGIN
  INSERT INTO network_count VALUES (NEW.project_id, 'qos_policy', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER qos_policy_uncounted AFTER DELETE ON qos_policy BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'qos_policy';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'qos_policy' AND n = 0;
END;
CREATE TRIGGER qos_policy_recounted AFTER UPDATE OF project_id ON qos_policy WHEN OLD.project_id <> NEW.project_id BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'qos_policy';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'qos_policy' AND n = 0;
  INSERT INTO network_count VALUES (NEW.project_id, 'qos_policy', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;

INSERT INTO network_count SELECT project_id, 'rbac_policy', count(*) FROM rbac_policy GROUP BY project_id;
CREATE TRIGGER rbac_policy_counted AFTER INSERT ON rbac_policy BEGIN
  INSERT INTO network_count VALUES (NEW.project_id, 'rbac_policy', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER rbac_policy_uncounted AFTER DELETE ON rbac_policy BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'rbac_policy';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'rbac_policy' AND n = 0;
END;
CREATE TRIGGER rbac_policy_recounted AFTER UPDATE OF project_id ON rbac_policy WHEN OLD.project_id <> NEW.project_id BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'rbac_policy';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'rbac_policy' AND n = 0;
  INSERT INTO network_count VALUES (NEW.project_id, 'rbac_policy', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;

INSERT INTO network_count SELECT project_id, 'router', count(*) FROM router GROUP BY project_id;
CREATE TRIGGER router_counted AFTER INSERT ON router BEGIN
  INSERT INTO network_count VALUES (NEW.project_id, 'router', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER router_uncounted AFTER DELETE ON router BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'router';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'router' AND n = 0;
END;
CREATE TRIGGER router_recounted AFTER UPDATE OF project_id ON router WHEN OLD.project_id <> NEW.project_id BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'router';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'router' AND n = 0;
  INSERT INTO network_count VALUES (NEW.project_id, 'router', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;

INSERT INTO network_count SELECT project_id, 'security_group', count(*) FROM security_group GROUP BY project_id;
CREATE TRIGGER security_group_counted AFTER INSERT ON security_group BEGIN
  INSERT INTO network_count VALUES (NEW.project_id, 'security_group', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER security_group_uncounted AFTER DELETE ON security_group BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'security_group';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'security_group' AND n = 0;
END;
CREATE TRIGGER security_group_recounted AFTER UPDATE OF project_id ON security_group WHEN OLD.project_id <> NEW.project_id BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'security_group';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'security_group' AND n = 0;
  INSERT INTO network_count VALUES (NEW.project_id, 'security_group', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;

INSERT INTO network_count SELECT project_id, 'security_group_rule', count(*) FROM security_group_rule GROUP BY project_id;
CREATE TRIGGER security_group_rule_counted AFTER INSERT ON security_group_rule BEGIN
  INSERT INTO network_count VALUES (NEW.project_id, 'security_group_rule', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER security_group_rule_uncounted AFTER DELETE ON security_group_rule BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'security_group_rule';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'security_group_rule' AND n = 0;
END;
CREATE TRIGGER security_group_rule_recounted AFTER UPDATE OF project_id ON security_group_rule WHEN OLD.project_id <> NEW.project_id BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'security_group_rule';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'security_group_rule' AND n = 0;
  INSERT INTO network_count VALUES (NEW.project_id, 'security_group_rule', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;

INSERT INTO network_count SELECT project_id, 'subnet', count(*) FROM subnet GROUP BY project_id;
CREATE TRIGGER subnet_counted AFTER INSERT ON subnet BEGIN
  INSERT INTO network_count VALUES (NEW.project_id, 'subnet', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER subnet_uncounted AFTER DELETE ON subnet BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'subnet';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'subnet' AND n = 0;
END;
CREATE TRIGGER subnet_recounted AFTER UPDATE OF project_id ON subnet WHEN OLD.project_id <> NEW.project_id BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'subnet';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'subnet' AND n = 0;
  INSERT INTO network_count VALUES (NEW.project_id, 'subnet', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;

INSERT INTO network_count SELECT project_id, 'subnetpool', count(*) FROM subnetpool GROUP BY project_id;
CREATE TRIGGER subnetpool_counted AFTER INSERT ON subnetpool BEGIN
  INSERT INTO network_count VALUES (NEW.project_id, 'subnetpool', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER subnetpool_uncounted AFTER DELETE ON subnetpool BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'subnetpool';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'subnetpool' AND n = 0;
END;
CREATE TRIGGER subnetpool_recounted AFTER UPDATE OF project_id ON subnetpool WHEN OLD.project_id <> NEW.project_id BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'subnetpool';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'subnetpool' AND n = 0;
  INSERT INTO network_count VALUES (NEW.project_id, 'subnetpool', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;

INSERT INTO network_count SELECT project_id, 'trunk', count(*) FROM trunk GROUP BY project_id;
CREATE TRIGGER trunk_counted AFTER INSERT ON trunk BEGIN
  INSERT INTO network_count VALUES (NEW.project_id, 'trunk', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER trunk_uncounted AFTER DELETE ON trunk BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'trunk';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'trunk' AND n = 0;
END;
CREATE TRIGGER trunk_recounted AFTER UPDATE OF project_id ON trunk WHEN OLD.project_id <> NEW.project_id BEGIN
  UPDATE network_count SET n = n - 1 WHERE project_id = OLD.project_id AND resource = 'trunk';
  DELETE FROM network_count WHERE project_id = OLD.project_id AND resource = 'trunk' AND n = 0;
  INSERT INTO network_count VALUES (NEW.project_id, 'trunk', 1)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1;
END;
