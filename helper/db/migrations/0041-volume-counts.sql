-- What a project has of block storage, for its quotas and limits: number and GiB of what counts. Kept by triggers;
-- nothing else writes here.
CREATE TABLE volume_count (
  project_id TEXT NOT NULL,
  -- The table that is counted.
  resource TEXT NOT NULL,
  n INTEGER NOT NULL,
  gib INTEGER NOT NULL,
  PRIMARY KEY (project_id, resource)
) STRICT, WITHOUT ROWID;

INSERT INTO volume_count
  SELECT project_id, 'volume', count(*), sum(size) FROM volume WHERE consumes_quota = 1 GROUP BY project_id;
CREATE TRIGGER volume_usage_made AFTER INSERT ON volume WHEN NEW.consumes_quota = 1 BEGIN
  INSERT INTO volume_count VALUES (NEW.project_id, 'volume', 1, NEW.size)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1, gib = gib + excluded.gib;
END;
CREATE TRIGGER volume_usage_gone AFTER DELETE ON volume WHEN OLD.consumes_quota = 1 BEGIN
  UPDATE volume_count SET n = n - 1, gib = gib - OLD.size
    WHERE project_id = OLD.project_id AND resource = 'volume';
  DELETE FROM volume_count WHERE project_id = OLD.project_id AND resource = 'volume' AND n = 0;
END;
CREATE TRIGGER volume_usage_changed AFTER UPDATE OF project_id, size, consumes_quota ON volume BEGIN
  UPDATE volume_count SET n = n - 1, gib = gib - OLD.size
    WHERE project_id = OLD.project_id AND resource = 'volume' AND OLD.consumes_quota = 1;
  DELETE FROM volume_count WHERE project_id = OLD.project_id AND resource = 'volume' AND n = 0;
  INSERT INTO volume_count SELECT NEW.project_id, 'volume', 1, NEW.size WHERE NEW.consumes_quota = 1
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1, gib = gib + excluded.gib;
END;

INSERT INTO volume_count
  SELECT project_id, 'volume_snapshot', count(*), sum(volume_size) FROM volume_snapshot WHERE consumes_quota = 1 GROUP BY project_id;
CREATE TRIGGER volume_snapshot_usage_made AFTER INSERT ON volume_snapshot WHEN NEW.consumes_quota = 1 BEGIN
  INSERT INTO volume_count VALUES (NEW.project_id, 'volume_snapshot', 1, NEW.volume_size)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1, gib = gib + excluded.gib;
END;
CREATE TRIGGER volume_snapshot_usage_gone AFTER DELETE ON volume_snapshot WHEN OLD.consumes_quota = 1 BEGIN
  UPDATE volume_count SET n = n - 1, gib = gib - OLD.volume_size
    WHERE project_id = OLD.project_id AND resource = 'volume_snapshot';
  DELETE FROM volume_count WHERE project_id = OLD.project_id AND resource = 'volume_snapshot' AND n = 0;
END;
CREATE TRIGGER volume_snapshot_usage_changed AFTER UPDATE OF project_id, volume_size, consumes_quota ON volume_snapshot BEGIN
  UPDATE volume_count SET n = n - 1, gib = gib - OLD.volume_size
    WHERE project_id = OLD.project_id AND resource = 'volume_snapshot' AND OLD.consumes_quota = 1;
  DELETE FROM volume_count WHERE project_id = OLD.project_id AND resource = 'volume_snapshot' AND n = 0;
  INSERT INTO volume_count SELECT NEW.project_id, 'volume_snapshot', 1, NEW.volume_size WHERE NEW.consumes_quota = 1
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1, gib = gib + excluded.gib;
END;

INSERT INTO volume_count
  SELECT project_id, 'volume_backup', count(*), sum(size) FROM volume_backup GROUP BY project_id;
CREATE TRIGGER volume_backup_usage_made AFTER INSERT ON volume_backup BEGIN
  INSERT INTO volume_count VALUES (NEW.project_id, 'volume_backup', 1, NEW.size)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1, gib = gib + excluded.gib;
END;
CREATE TRIGGER volume_backup_usage_gone AFTER DELETE ON volume_backup BEGIN
  UPDATE volume_count SET n = n - 1, gib = gib - OLD.size
    WHERE project_id = OLD.project_id AND resource = 'volume_backup';
  DELETE FROM volume_count WHERE project_id = OLD.project_id AND resource = 'volume_backup' AND n = 0;
END;
CREATE TRIGGER volume_backup_usage_changed AFTER UPDATE OF project_id, size ON volume_backup BEGIN
  UPDATE volume_count SET n = n - 1, gib = gib - OLD.size
    WHERE project_id = OLD.project_id AND resource = 'volume_backup';
  DELETE FROM volume_count WHERE project_id = OLD.project_id AND resource = 'volume_backup' AND n = 0;
  INSERT INTO volume_count VALUES (NEW.project_id, 'volume_backup', 1, NEW.size)
    ON CONFLICT (project_id, resource) DO UPDATE SET n = n + 1, gib = gib + excluded.gib;
END;

-- How many volumes of a project have a pair of metadata, for the summary, which shows every value of each key. Kept by
-- triggers; nothing else writes here.
CREATE TABLE volume_metadata_count (
  project_id TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  n INTEGER NOT NULL,
  PRIMARY KEY (project_id, key, value)
) STRICT, WITHOUT ROWID;
INSERT INTO volume_metadata_count
  SELECT project_id, key, value, count(*) FROM volume_metadata JOIN volume ON volume.id = volume_id
   GROUP BY project_id, key, value;
CREATE TRIGGER volume_metadata_usage_made AFTER INSERT ON volume_metadata BEGIN
  INSERT INTO volume_metadata_count SELECT project_id, NEW.key, NEW.value, 1 FROM volume WHERE id = NEW.volume_id
    ON CONFLICT (project_id, key, value) DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER volume_metadata_usage_gone AFTER DELETE ON volume_metadata BEGIN
  UPDATE volume_metadata_count SET n = n - 1
    WHERE project_id = (SELECT project_id FROM volume WHERE id = OLD.volume_id) AND key = OLD.key AND value = OLD.value;
  DELETE FROM volume_metadata_count
    WHERE project_id = (SELECT project_id FROM volume WHERE id = OLD.volume_id) AND key = OLD.key AND value = OLD.value
      AND n = 0;
END;
CREATE TRIGGER volume_metadata_usage_changed AFTER UPDATE OF value ON volume_metadata WHEN OLD.value <> NEW.value BEGIN
  UPDATE volume_metadata_count SET n = n - 1
    WHERE project_id = (SELECT project_id FROM volume WHERE id = OLD.volume_id) AND key = OLD.key AND value = OLD.value;
  DELETE FROM volume_metadata_count
    WHERE project_id = (SELECT project_id FROM volume WHERE id = OLD.volume_id) AND key = OLD.key AND value = OLD.value
      AND n = 0;
  INSERT INTO volume_metadata_count SELECT project_id, NEW.key, NEW.value, 1 FROM volume WHERE id = NEW.volume_id
    ON CONFLICT (project_id, key, value) DO UPDATE SET n = n + 1;
END;
-- Before the volume goes: after it, nothing says whose the pairs were.
CREATE TRIGGER volume_metadata_leaves BEFORE DELETE ON volume BEGIN
  DELETE FROM volume_metadata WHERE volume_id = OLD.id;
END;
CREATE TRIGGER volume_metadata_moves AFTER UPDATE OF project_id ON volume WHEN OLD.project_id <> NEW.project_id BEGIN
  UPDATE volume_metadata_count SET n = n - 1 WHERE project_id = OLD.project_id
    AND (key, value) IN (SELECT key, value FROM volume_metadata WHERE volume_id = NEW.id);
  DELETE FROM volume_metadata_count WHERE project_id = OLD.project_id AND n = 0
    AND (key, value) IN (SELECT key, value FROM volume_metadata WHERE volume_id = NEW.id);
  INSERT INTO volume_metadata_count SELECT NEW.project_id, key, value, 1 FROM volume_metadata WHERE volume_id = NEW.id
    ON CONFLICT (project_id, key, value) DO UPDATE SET n = n + 1;
END;

DROP INDEX volume_backup_usage;

-- Namespaces that a project sees: public ones, and its own.
CREATE INDEX metadef_namespace_public ON metadef_namespace (visibility, created_at, namespace);
CREATE INDEX metadef_namespace_own ON metadef_namespace (owner_id, visibility, created_at, namespace);
