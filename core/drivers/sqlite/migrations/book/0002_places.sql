-- Rows in order of arrival, each with a number that it keeps: new ones are at the end, and a change finds its row by the number.
-- By table and key they would be all over the file, and every changed row would be a page to write.
ALTER TABLE state RENAME TO state_by_key;
--> statement-breakpoint
CREATE TABLE state (
  row INTEGER PRIMARY KEY,
  "table" TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL
) STRICT;
--> statement-breakpoint
INSERT INTO state ("table", key, value) SELECT "table", key, value FROM state_by_key ORDER BY "table", key;
--> statement-breakpoint
DROP TABLE state_by_key;
--> statement-breakpoint
-- The index of the rows by hashes of table and key (places.ts), which are narrow. Different rows may have the same place.
CREATE TABLE places (
  place INTEGER NOT NULL,
  row INTEGER NOT NULL,
  PRIMARY KEY (place, row)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO places (place, row) SELECT place_of("table", key), row FROM state ORDER BY 1, 2;
--> statement-breakpoint
PRAGMA user_version = 3;
