-- Compute service: volumes that servers have, or are about to have or to lose. What of it block storage knows is in
-- volume_attachment.
CREATE TABLE server_volume (
  attachment_id TEXT PRIMARY KEY,
  server_id TEXT NOT NULL REFERENCES server (id) ON DELETE CASCADE,
  volume_id TEXT NOT NULL,
  -- nova's id of the block device mapping.
  bdm_uuid TEXT NOT NULL,
  -- The guest's name of it: 'vdb'.
  target TEXT NOT NULL,
  tag TEXT,
  delete_on_termination INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX server_volume_by_server ON server_volume (server_id, created_at);
CREATE INDEX server_volume_by_volume ON server_volume (volume_id);
