-- What lists of backups and groups filter by, what quotas count of them, and what back ends have given away.
CREATE INDEX volume_backup_project_name ON volume_backup (project_id, name, created_at, id);
CREATE INDEX volume_backup_usage ON volume_backup (project_id, size);
CREATE INDEX volume_group_project_name ON volume_group (project_id, name, created_at, id);
CREATE INDEX volume_group_snapshot_project_name ON volume_group_snapshot (project_id, name, created_at, id);
DROP INDEX volume_by_backend;
CREATE INDEX volume_by_backend ON volume (backend, size);
