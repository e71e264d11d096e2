-- Image service: bases that are ready for guests, and those that are asked for. Times are milliseconds since the epoch.
CREATE TABLE image_cache (
  image_id TEXT PRIMARY KEY REFERENCES image (id) ON DELETE CASCADE,
  -- queued, cached
  status TEXT NOT NULL,
  -- Bytes of the base; 0 while it is queued.
  size INTEGER NOT NULL,
  hits INTEGER NOT NULL,
  last_accessed INTEGER NOT NULL,
  -- Since when it is queued or cached.
  last_modified INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX image_cache_by_status ON image_cache (status, last_modified, image_id);
