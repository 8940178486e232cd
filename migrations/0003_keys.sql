-- Who may write: keys. The secret is shown once and kept as its SHA-256 only; it has 256 random bits, so nothing is guessed.
CREATE TABLE dothi.key (
  id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name      text NOT NULL CHECK (name <> ''),
  sha256    bytea NOT NULL UNIQUE CHECK (length(sha256) = 32),
  layers    text[] CHECK (cardinality(layers) > 0),  -- null: every layer, also later ones
  created   timestamptz NOT NULL DEFAULT now(),
  last_used timestamptz,                             -- to the minute
  revoked   timestamptz
);

-- Whether a change must name the state it was made from (If-Match). QGIS names none.
ALTER TABLE dothi.layer ADD COLUMN require_if_match boolean NOT NULL DEFAULT false;

-- The server says for whom it writes. The journal runs as its owner, and believes nobody else.
ALTER TABLE dothi.change ALTER who SET DEFAULT
  CASE WHEN session_user = current_user THEN coalesce(nullif(current_setting('dothi.who', true), ''), session_user)
       ELSE session_user END;
