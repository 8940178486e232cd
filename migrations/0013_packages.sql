-- Planning packages (Circular 16/2025/TT-BXD): sets of layers that came in as one.
CREATE TABLE dothi.package (
  id     text PRIMARY KEY,                  -- what the ids of its layers begin with
  title  text NOT NULL,
  source text NOT NULL,                     -- the file's or folder's name, never a path
  report jsonb NOT NULL,                    -- what it holds of the circular and what it lacks
  at     timestamptz NOT NULL DEFAULT now()
);

-- {"id", "theme", "dataset", "class"}: where in which package a layer belongs.
ALTER TABLE dothi.layer ADD COLUMN package jsonb;
