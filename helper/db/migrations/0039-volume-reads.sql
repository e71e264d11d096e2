-- What lists of block storage filter by, and what quotas count.
CREATE INDEX volume_name ON volume (name, created_at, id);
CREATE INDEX volume_project_name ON volume (project_id, name, created_at, id);
CREATE INDEX volume_usage ON volume (project_id, consumes_quota, volume_type_id, size);
CREATE INDEX volume_snapshot_name ON volume_snapshot (name, created_at, id);
CREATE INDEX volume_snapshot_project_name ON volume_snapshot (project_id, name, created_at, id);
CREATE INDEX volume_snapshot_usage ON volume_snapshot (project_id, consumes_quota, volume_type_id, volume_size);
CREATE INDEX volume_snapshot_by_type ON volume_snapshot (volume_type_id);
CREATE INDEX volume_transfer_name ON volume_transfer (name, created_at, id);
