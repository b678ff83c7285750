-- The entries of a full bundle together in one row, compressed (bundles.ts): a quarter of the room. Those after the last full
-- bundle keep a row each. The file keeps its size; what became free is used by what comes.
CREATE TABLE bundles (
  number INTEGER PRIMARY KEY CHECK (number BETWEEN 0 AND 35184372088830),
  bytes BLOB NOT NULL CHECK (length(bytes) > 0),
  outcomes BLOB NOT NULL CHECK (length(outcomes) > 0)
) STRICT;
--> statement-breakpoint
WITH RECURSIVE
  full (number, "count") AS (
    SELECT 0, (SELECT count(*) / 256 FROM entries)
    UNION ALL
    SELECT number + 1, "count" FROM full WHERE number + 1 < "count"
  )
INSERT INTO bundles (number, bytes, outcomes)
SELECT
  number,
  (SELECT pack_entries("index", bytes) FROM entries WHERE "index" BETWEEN number * 256 AND number * 256 + 255),
  (SELECT pack_outcomes("index", outcome) FROM entries WHERE "index" BETWEEN number * 256 AND number * 256 + 255)
FROM full WHERE "count" > 0;
--> statement-breakpoint
ALTER TABLE entries RENAME TO entries_each;
--> statement-breakpoint
CREATE TABLE entries (
  "index" INTEGER PRIMARY KEY CHECK ("index" BETWEEN 0 AND 9007199254740991),
  bytes BLOB NOT NULL CHECK (length(bytes) > 0),
  outcome BLOB NOT NULL CHECK (length(outcome) > 0)
) STRICT;
--> statement-breakpoint
INSERT INTO entries SELECT "index", bytes, outcome FROM entries_each
WHERE "index" >= (SELECT count(*) * 256 FROM bundles) ORDER BY "index";
--> statement-breakpoint
DROP TABLE entries_each;
--> statement-breakpoint
CREATE TRIGGER entries_insert BEFORE INSERT ON entries
WHEN NEW."index" IS NOT coalesce(
  (SELECT max("index") + 1 FROM entries), (SELECT (max(number) + 1) * 256 FROM bundles), 0)
BEGIN
  SELECT RAISE(ABORT, 'entries are appended, one index after the other');
END;
--> statement-breakpoint
CREATE TRIGGER entries_update BEFORE UPDATE ON entries
BEGIN
  SELECT RAISE(ABORT, 'entries are never changed');
END;
--> statement-breakpoint
CREATE TRIGGER entries_delete BEFORE DELETE ON entries
WHEN NOT EXISTS (SELECT 1 FROM bundles WHERE number = OLD."index" / 256)
BEGIN
  SELECT RAISE(ABORT, 'entries are never deleted before a bundle has them');
END;
--> statement-breakpoint
CREATE TRIGGER bundles_insert BEFORE INSERT ON bundles
WHEN NEW.number IS NOT coalesce((SELECT max(number) + 1 FROM bundles), 0)
BEGIN
  SELECT RAISE(ABORT, 'bundles are appended, one number after the other');
END;
--> statement-breakpoint
CREATE TRIGGER bundles_update BEFORE UPDATE ON bundles
BEGIN
  SELECT RAISE(ABORT, 'bundles are never changed');
END;
--> statement-breakpoint
CREATE TRIGGER bundles_delete BEFORE DELETE ON bundles
BEGIN
  SELECT RAISE(ABORT, 'bundles are never deleted');
END;
--> statement-breakpoint
PRAGMA user_version = 4;
