-- Kinds of routers, and the network that highly available routers of a project watch each other over.

ALTER TABLE router ADD COLUMN distributed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE router ADD COLUMN ha INTEGER NOT NULL DEFAULT 0;

CREATE TABLE ha_network (
  seq INTEGER PRIMARY KEY,
  project_id TEXT NOT NULL UNIQUE,
  network_id TEXT NOT NULL UNIQUE REFERENCES network (id) ON DELETE CASCADE
) STRICT;
