-- Sharing is a row of rbac_policy, as for all that can be shared.
DROP INDEX qos_policy_shared;
ALTER TABLE qos_policy DROP COLUMN shared;

-- 1: the port's traffic is (or may be) shaped on the host.
ALTER TABLE port_plug ADD COLUMN shaped INTEGER NOT NULL DEFAULT 0;
