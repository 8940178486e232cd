-- What was asked of the server and of the command line, and what became of it.
CREATE TABLE dothi.job (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind      text NOT NULL CHECK (kind IN ('import')),
  state     text NOT NULL CHECK (state IN ('queued', 'running', 'asking', 'done', 'failed', 'cancelled', 'interrupted')),
  source    text NOT NULL,                   -- name of the file, never a path
  upload    text,                            -- the upload that it reads; null: a file of the command line
  who       text NOT NULL DEFAULT session_user,
  options   jsonb NOT NULL DEFAULT '{}',
  progress  jsonb NOT NULL DEFAULT '{}',     -- layer, step, rows, total
  questions jsonb,                           -- what must be said before it can go on
  report    jsonb NOT NULL DEFAULT '[]',     -- accounts of the layers that are done, without their longest lists
  error     text,                            -- for the administrator
  attempts  integer NOT NULL DEFAULT 0,      -- how often it was begun
  cancel    boolean NOT NULL DEFAULT false,  -- whoever runs it is to stop
  created   timestamptz NOT NULL DEFAULT now(),
  started   timestamptz,
  ended     timestamptz
);
CREATE INDEX job_open ON dothi.job (id) WHERE state IN ('queued', 'running', 'asking');

-- Whoever runs a job holds an advisory lock for as long as it lives: a job without it was interrupted, whatever its row says.
CREATE FUNCTION dothi.job_state(id bigint, state text) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN state = 'running' AND NOT EXISTS (
    SELECT FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND classid = (hashtext('dothi job')::bigint & 4294967295)::oid AND objid = (id & 4294967295)::oid)
  THEN 'interrupted' ELSE state END
$$;

-- Keys of administrators: uploads, imports, jobs.
ALTER TABLE dothi.key ADD COLUMN admin boolean NOT NULL DEFAULT false CHECK (NOT admin OR layers IS NULL);
