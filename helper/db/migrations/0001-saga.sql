-- Durable operations. Journal: saga and saga_event; what people look at: trace. Times are milliseconds since the
-- epoch. A row of saga whose finished_at is null is open: it runs, waits, or is stuck.

-- The steps of a saga as it was when an operation was queued: shared by all operations of one definition.
CREATE TABLE saga_plan (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  title TEXT NOT NULL,
  service TEXT NOT NULL,
  version INTEGER NOT NULL,
  steps TEXT NOT NULL,
  step_count INTEGER NOT NULL,
  UNIQUE (name, version, title, service, steps)
) STRICT;

CREATE TABLE saga (
  -- Also the order in which operations get their locks.
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  plan INTEGER NOT NULL REFERENCES saga_plan (id),
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  resource_type TEXT NOT NULL,
  resource_id TEXT NOT NULL,
  request_id TEXT,
  project_id TEXT,
  user_id TEXT,
  input TEXT NOT NULL,
  locks TEXT NOT NULL,
  state TEXT NOT NULL
    CHECK (state IN ('queued', 'running', 'unwinding', 'stuck', 'succeeded', 'failed', 'cancelled')),
  cancel_requested INTEGER NOT NULL DEFAULT 0,
  steps_done INTEGER NOT NULL DEFAULT 0,
  -- Why it is being or was unwound, and why it is stuck: OperationError as JSON.
  error TEXT,
  stuck_error TEXT,
  created_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER
) STRICT;

CREATE INDEX saga_open ON saga (seq) WHERE finished_at IS NULL;
CREATE INDEX saga_finished ON saga (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX saga_resource ON saga (resource_type, resource_id, seq);
CREATE INDEX saga_project ON saga (project_id, seq);
CREATE INDEX saga_state ON saga (state, seq);
CREATE INDEX saga_request ON saga (request_id) WHERE request_id IS NOT NULL;

CREATE TABLE saga_event (
  id INTEGER PRIMARY KEY,
  saga INTEGER NOT NULL REFERENCES saga (seq) ON DELETE CASCADE,
  at INTEGER NOT NULL,
  type TEXT NOT NULL
    CHECK (type IN ('queued', 'started', 'succeeded', 'skipped', 'cancel', 'unwinding', 'undone', 'stuck', 'retry', 'ended')),
  step TEXT
) STRICT;

CREATE INDEX saga_event_saga ON saga_event (saga, id);

CREATE TRIGGER saga_event_is_append_only BEFORE UPDATE ON saga_event
BEGIN
  SELECT RAISE(ABORT, 'saga_event is append only');
END;

-- One row an attempt at a step or its undo, or an event from elsewhere.
CREATE TABLE trace (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  saga INTEGER NOT NULL REFERENCES saga (seq) ON DELETE CASCADE,
  step TEXT NOT NULL,
  number TEXT,
  service TEXT NOT NULL,
  direction TEXT NOT NULL CHECK (direction IN ('action', 'undo', 'event')),
  attempt INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  duration_ms REAL,
  outcome TEXT NOT NULL CHECK (outcome IN ('running', 'succeeded', 'failed', 'skipped', 'interrupted')),
  reason TEXT,
  -- TraceEntry[] as JSON; null when there were none.
  entries TEXT
) STRICT;

CREATE INDEX trace_saga ON trace (saga, id);
