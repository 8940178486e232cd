-- The import that each layer's served edition came from: after going back it is not the latest one.
CREATE VIEW dothi.served_import AS
SELECT i.* FROM dothi.layer l
JOIN dothi.edition e ON e.layer = l.id AND e.number = l.edition
JOIN dothi.import i ON i.id = e.import;
