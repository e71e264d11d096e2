-- Domains are projects that own users and projects (is_domain = 1, no domain of their own), as upstream has it.
CREATE TABLE identity_project (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  domain_id TEXT REFERENCES identity_project (id),
  parent_id TEXT REFERENCES identity_project (id),
  is_domain INTEGER NOT NULL DEFAULT 0,
  description TEXT NOT NULL DEFAULT '',
  enabled INTEGER NOT NULL DEFAULT 1,
  options TEXT NOT NULL DEFAULT '{}',
  -- Attributes beyond the known ones, JSON.
  extra TEXT NOT NULL DEFAULT '{}',
  created_at INTEGER NOT NULL
) STRICT;

CREATE UNIQUE INDEX identity_project_name ON identity_project (domain_id, name) WHERE is_domain = 0;
CREATE UNIQUE INDEX identity_domain_name ON identity_project (name) WHERE is_domain = 1;
CREATE INDEX identity_project_by_name ON identity_project (name);
CREATE INDEX identity_project_domain ON identity_project (domain_id, id);
CREATE INDEX identity_project_parent ON identity_project (parent_id);
CREATE INDEX identity_project_kind ON identity_project (is_domain, id);

CREATE TABLE identity_project_tag (
  project_id TEXT NOT NULL REFERENCES identity_project (id) ON DELETE CASCADE,
  tag TEXT NOT NULL,
  PRIMARY KEY (project_id, tag)
) STRICT, WITHOUT ROWID;

CREATE TABLE identity_user (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  domain_id TEXT NOT NULL REFERENCES identity_project (id),
  default_project_id TEXT,
  enabled INTEGER NOT NULL DEFAULT 1,
  -- Null: cannot log in with a password.
  password_hash TEXT,
  password_changed_at INTEGER,
  options TEXT NOT NULL DEFAULT '{}',
  extra TEXT NOT NULL DEFAULT '{}',
  created_at INTEGER NOT NULL,
  UNIQUE (domain_id, name)
) STRICT;

CREATE INDEX identity_user_name ON identity_user (name);
CREATE INDEX identity_user_domain ON identity_user (domain_id, id);

CREATE TABLE identity_group (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  domain_id TEXT NOT NULL REFERENCES identity_project (id),
  description TEXT NOT NULL DEFAULT '',
  extra TEXT NOT NULL DEFAULT '{}',
  UNIQUE (domain_id, name)
) STRICT;

CREATE INDEX identity_group_name ON identity_group (name);

CREATE TABLE identity_membership (
  user_id TEXT NOT NULL REFERENCES identity_user (id) ON DELETE CASCADE,
  group_id TEXT NOT NULL REFERENCES identity_group (id) ON DELETE CASCADE,
  PRIMARY KEY (user_id, group_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX identity_membership_group ON identity_membership (group_id, user_id);

CREATE TABLE identity_role (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  domain_id TEXT REFERENCES identity_project (id) ON DELETE CASCADE,
  description TEXT,
  options TEXT NOT NULL DEFAULT '{}',
  extra TEXT NOT NULL DEFAULT '{}'
) STRICT;

CREATE UNIQUE INDEX identity_role_name ON identity_role (name, coalesce(domain_id, ''));
CREATE INDEX identity_role_domain ON identity_role (domain_id);

CREATE TABLE identity_implied_role (
  prior_id TEXT NOT NULL REFERENCES identity_role (id) ON DELETE CASCADE,
  implied_id TEXT NOT NULL REFERENCES identity_role (id) ON DELETE CASCADE,
  PRIMARY KEY (prior_id, implied_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX identity_implied_role_implied ON identity_implied_role (implied_id);

-- target_id is 'all' for the system.
CREATE TABLE identity_assignment (
  actor_id TEXT NOT NULL,
  actor_kind TEXT NOT NULL CHECK (actor_kind IN ('user', 'group')),
  target_kind TEXT NOT NULL CHECK (target_kind IN ('project', 'domain', 'system')),
  target_id TEXT NOT NULL,
  role_id TEXT NOT NULL REFERENCES identity_role (id) ON DELETE CASCADE,
  inherited INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (actor_id, actor_kind, target_kind, target_id, role_id, inherited)
) STRICT, WITHOUT ROWID;

CREATE INDEX identity_assignment_target ON identity_assignment (target_id, target_kind);
CREATE INDEX identity_assignment_role ON identity_assignment (role_id);

CREATE TABLE identity_application_credential (
  id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  user_id TEXT NOT NULL REFERENCES identity_user (id) ON DELETE CASCADE,
  project_id TEXT NOT NULL REFERENCES identity_project (id) ON DELETE CASCADE,
  secret_hash TEXT NOT NULL,
  description TEXT,
  expires_at INTEGER,
  -- The same as it was given, to the microsecond, for answers.
  expires_text TEXT,
  unrestricted INTEGER NOT NULL DEFAULT 0,
  -- 1 when it was made with access rules, however few of them are left: it must never widen.
  ruled INTEGER NOT NULL DEFAULT 0,
  UNIQUE (user_id, name)
) STRICT;

CREATE INDEX identity_application_credential_project ON identity_application_credential (project_id);

CREATE TABLE identity_application_credential_role (
  application_credential_id TEXT NOT NULL
    REFERENCES identity_application_credential (id) ON DELETE CASCADE,
  role_id TEXT NOT NULL REFERENCES identity_role (id) ON DELETE CASCADE,
  PRIMARY KEY (application_credential_id, role_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX identity_application_credential_role_role ON identity_application_credential_role (role_id);

CREATE TABLE identity_access_rule (
  id TEXT PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES identity_user (id) ON DELETE CASCADE,
  service TEXT NOT NULL,
  path TEXT NOT NULL,
  method TEXT NOT NULL,
  UNIQUE (user_id, service, path, method)
) STRICT;

CREATE TABLE identity_application_credential_rule (
  application_credential_id TEXT NOT NULL
    REFERENCES identity_application_credential (id) ON DELETE CASCADE,
  access_rule_id TEXT NOT NULL REFERENCES identity_access_rule (id),
  PRIMARY KEY (application_credential_id, access_rule_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX identity_application_credential_rule_rule
  ON identity_application_credential_rule (access_rule_id);

-- Only what was granted at the login; all that a token says is read from the other tables at each use.
CREATE TABLE identity_token (
  -- SHA-256 of the token.
  hash BLOB PRIMARY KEY,
  user_id TEXT NOT NULL REFERENCES identity_user (id) ON DELETE CASCADE,
  scope_kind TEXT CHECK (scope_kind IN ('project', 'domain', 'system')),
  scope_id TEXT,
  application_credential_id TEXT
    REFERENCES identity_application_credential (id) ON DELETE CASCADE,
  -- Names with commas between them.
  methods TEXT NOT NULL,
  audit_id TEXT NOT NULL,
  -- The first token's of a chain of rescoping.
  audit_chain_id TEXT,
  issued_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX identity_token_user ON identity_token (user_id);
CREATE INDEX identity_token_scope ON identity_token (scope_id);
CREATE INDEX identity_token_expiry ON identity_token (expires_at);
CREATE INDEX identity_token_application_credential ON identity_token (application_credential_id)
  WHERE application_credential_id IS NOT NULL;

CREATE TABLE identity_region (
  id TEXT PRIMARY KEY,
  description TEXT NOT NULL DEFAULT '',
  parent_region_id TEXT REFERENCES identity_region (id)
) STRICT;

CREATE INDEX identity_region_parent ON identity_region (parent_region_id);

CREATE TABLE identity_service (
  id TEXT PRIMARY KEY,
  type TEXT NOT NULL,
  name TEXT,
  description TEXT,
  enabled INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE INDEX identity_service_type ON identity_service (type);

CREATE TABLE identity_endpoint (
  id TEXT PRIMARY KEY,
  service_id TEXT NOT NULL REFERENCES identity_service (id) ON DELETE CASCADE,
  interface TEXT NOT NULL CHECK (interface IN ('public', 'internal', 'admin')),
  region_id TEXT REFERENCES identity_region (id),
  -- With $(origin)s for the scheme, host and port that a request came with.
  url TEXT NOT NULL,
  enabled INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE INDEX identity_endpoint_service ON identity_endpoint (service_id);
CREATE INDEX identity_endpoint_region ON identity_endpoint (region_id);
