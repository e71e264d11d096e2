-- Inherited grants are found by their target; most clouds have few of them.
CREATE INDEX identity_assignment_inherited ON identity_assignment (target_id) WHERE inherited = 1;

-- Password rules: failures in a row, when a password ends, and whether its user chose it.
ALTER TABLE identity_user ADD COLUMN failed_logins INTEGER NOT NULL DEFAULT 0;
ALTER TABLE identity_user ADD COLUMN failed_at INTEGER;
ALTER TABLE identity_user ADD COLUMN password_expires_at INTEGER;
ALTER TABLE identity_user ADD COLUMN password_chosen INTEGER NOT NULL DEFAULT 0;

-- Earlier passwords, the present one included, newest last.
CREATE TABLE identity_password (
  id INTEGER PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES identity_user (id) ON DELETE CASCADE,
  hash TEXT NOT NULL
) STRICT;

CREATE INDEX identity_password_user ON identity_password (user_id, id);

CREATE TABLE identity_trust (
  id TEXT PRIMARY KEY,
  trustor_user_id TEXT NOT NULL REFERENCES identity_user (id) ON DELETE CASCADE,
  trustee_user_id TEXT NOT NULL REFERENCES identity_user (id) ON DELETE CASCADE,
  -- Null: a trust without a project gives no roles at all.
  project_id TEXT REFERENCES identity_project (id) ON DELETE CASCADE,
  impersonation INTEGER NOT NULL,
  expires_at INTEGER,
  -- Null: any number of times.
  remaining_uses INTEGER,
  -- The trust that this one hands on; what ends that one ends this one.
  redelegated_trust_id TEXT REFERENCES identity_trust (id) ON DELETE CASCADE,
  -- How often it may still be handed on.
  redelegation_count INTEGER NOT NULL DEFAULT 0,
  -- The application credential it was made with.
  application_credential_id TEXT REFERENCES identity_application_credential (id) ON DELETE CASCADE,
  created_at INTEGER NOT NULL
) STRICT;

CREATE INDEX identity_trust_trustor ON identity_trust (trustor_user_id);
CREATE INDEX identity_trust_trustee ON identity_trust (trustee_user_id);
CREATE INDEX identity_trust_project ON identity_trust (project_id);
CREATE INDEX identity_trust_redelegated ON identity_trust (redelegated_trust_id);
CREATE INDEX identity_trust_application_credential ON identity_trust (application_credential_id);

CREATE TABLE identity_trust_role (
  trust_id TEXT NOT NULL REFERENCES identity_trust (id) ON DELETE CASCADE,
  role_id TEXT NOT NULL REFERENCES identity_role (id) ON DELETE CASCADE,
  PRIMARY KEY (trust_id, role_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX identity_trust_role_role ON identity_trust_role (role_id);

CREATE TABLE identity_credential (
  -- The SHA-256 of the access key for type ec2, as upstream has it.
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES identity_user (id) ON DELETE CASCADE,
  project_id TEXT REFERENCES identity_project (id) ON DELETE CASCADE,
  type TEXT NOT NULL,
  blob TEXT NOT NULL,
  -- What it was made with, whose bounds it keeps.
  application_credential_id TEXT REFERENCES identity_application_credential (id) ON DELETE CASCADE,
  trust_id TEXT REFERENCES identity_trust (id) ON DELETE CASCADE
) STRICT;

CREATE INDEX identity_credential_user ON identity_credential (user_id, type, id);
CREATE INDEX identity_credential_type ON identity_credential (type, id);
CREATE INDEX identity_credential_project ON identity_credential (project_id);
CREATE INDEX identity_credential_application_credential ON identity_credential (application_credential_id);
CREATE INDEX identity_credential_trust ON identity_credential (trust_id);

-- The last step of a one-time password that was taken: none is good twice.
CREATE TABLE identity_totp_step (
  credential_id TEXT PRIMARY KEY REFERENCES identity_credential (id) ON DELETE CASCADE,
  step INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

ALTER TABLE identity_token ADD COLUMN trust_id TEXT REFERENCES identity_trust (id) ON DELETE CASCADE;
ALTER TABLE identity_token ADD COLUMN credential_id TEXT REFERENCES identity_credential (id) ON DELETE CASCADE;
CREATE INDEX identity_token_trust ON identity_token (trust_id) WHERE trust_id IS NOT NULL;
CREATE INDEX identity_token_credential ON identity_token (credential_id) WHERE credential_id IS NOT NULL;

-- What somebody has shown so far who needs more methods to log in. SHA-256 of the receipt.
CREATE TABLE identity_receipt (
  hash BLOB PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES identity_user (id) ON DELETE CASCADE,
  methods TEXT NOT NULL,
  -- Of the password it was got with: a new one ends the receipt.
  password_changed_at INTEGER,
  issued_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX identity_receipt_user ON identity_receipt (user_id);
CREATE INDEX identity_receipt_expiry ON identity_receipt (expires_at);

CREATE TABLE identity_policy (
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  blob TEXT NOT NULL,
  extra TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE INDEX identity_policy_type ON identity_policy (type, id);

CREATE TABLE identity_consumer (
  id TEXT PRIMARY KEY,
  description TEXT,
  secret TEXT NOT NULL,
  extra TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE TABLE identity_domain_option (
  domain_id TEXT NOT NULL REFERENCES identity_project (id) ON DELETE CASCADE,
  option_group TEXT NOT NULL,
  name TEXT NOT NULL,
  -- JSON
  value TEXT NOT NULL,
  PRIMARY KEY (domain_id, option_group, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE identity_endpoint_group (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  description TEXT,
  -- JSON: what an endpoint must have to belong to it.
  filters TEXT NOT NULL
) STRICT;

CREATE TABLE identity_endpoint_group_project (
  endpoint_group_id TEXT NOT NULL REFERENCES identity_endpoint_group (id) ON DELETE CASCADE,
  project_id TEXT NOT NULL REFERENCES identity_project (id) ON DELETE CASCADE,
  PRIMARY KEY (endpoint_group_id, project_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX identity_endpoint_group_project_project ON identity_endpoint_group_project (project_id);

CREATE TABLE identity_project_endpoint (
  project_id TEXT NOT NULL REFERENCES identity_project (id) ON DELETE CASCADE,
  endpoint_id TEXT NOT NULL REFERENCES identity_endpoint (id) ON DELETE CASCADE,
  PRIMARY KEY (project_id, endpoint_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX identity_project_endpoint_endpoint ON identity_project_endpoint (endpoint_id);

CREATE TABLE identity_registered_limit (
  id TEXT PRIMARY KEY,
  service_id TEXT NOT NULL REFERENCES identity_service (id) ON DELETE CASCADE,
  region_id TEXT REFERENCES identity_region (id) ON DELETE CASCADE,
  resource_name TEXT NOT NULL,
  default_limit INTEGER NOT NULL,
  description TEXT
) STRICT;

CREATE UNIQUE INDEX identity_registered_limit_place
  ON identity_registered_limit (service_id, coalesce(region_id, ''), resource_name);
CREATE INDEX identity_registered_limit_region ON identity_registered_limit (region_id);

CREATE TABLE identity_limit (
  id TEXT PRIMARY KEY,
  registered_limit_id TEXT NOT NULL REFERENCES identity_registered_limit (id) ON DELETE CASCADE,
  project_id TEXT REFERENCES identity_project (id) ON DELETE CASCADE,
  domain_id TEXT REFERENCES identity_project (id) ON DELETE CASCADE,
  resource_limit INTEGER NOT NULL,
  description TEXT,
  CHECK ((project_id IS NULL) <> (domain_id IS NULL))
) STRICT;

CREATE UNIQUE INDEX identity_limit_place
  ON identity_limit (registered_limit_id, coalesce(project_id, domain_id));
CREATE INDEX identity_limit_project ON identity_limit (project_id);
CREATE INDEX identity_limit_domain ON identity_limit (domain_id);
