-- Who may reach a volume by iSCSI, from when it is kept for a user until it is given back.
CREATE TABLE volume_export (
  id TEXT PRIMARY KEY,
  volume_id TEXT NOT NULL REFERENCES volume (id) ON DELETE CASCADE,
  -- Null for what os-initialize_connection gave.
  attachment_id TEXT REFERENCES volume_attachment (id) ON DELETE CASCADE,
  -- The name of the initiator; null when the client did not say it.
  initiator TEXT,
  chap_user TEXT NOT NULL,
  chap_password TEXT NOT NULL,
  -- The UUID of the hypervisor's secret with the password.
  secret_id TEXT NOT NULL,
  -- 1 when the user has let go of it, and the attachment is about to go.
  ended INTEGER NOT NULL
) STRICT;
CREATE INDEX volume_export_by_volume ON volume_export (volume_id, id);
CREATE INDEX volume_export_by_attachment ON volume_export (attachment_id);
