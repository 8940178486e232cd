-- A whole row by its alias is another column's name in a layer that has a column `i`; by `i.*` it never is.
DO $$ BEGIN
  EXECUTE replace(pg_get_functiondef('dothi.journal'::regproc), 'row_to_json(i)', 'row_to_json(i.*)');
END $$;
