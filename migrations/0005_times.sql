-- When features are: the field of an instant, or those of the start and the end of an interval. Null: the only date that
-- there is; empty: none.
ALTER TABLE dothi.layer ADD COLUMN time_field text, ADD COLUMN time_end_field text;
