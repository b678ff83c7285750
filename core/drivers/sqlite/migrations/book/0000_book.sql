-- The book: everything that follows from the log. One transaction commits a batch to all four tables.

-- The log itself: entry n is row n. No secondary index: one would halve the rate of appending, and queries have a database of
-- their own.
CREATE TABLE entries (
  "index" INTEGER PRIMARY KEY CHECK ("index" BETWEEN 0 AND 9007199254740991),
  bytes BLOB NOT NULL CHECK (length(bytes) > 0),
  outcome BLOB NOT NULL CHECK (length(outcome) > 0)
) STRICT;
--> statement-breakpoint
CREATE TRIGGER entries_insert BEFORE INSERT ON entries
WHEN NEW."index" IS NOT (SELECT coalesce(max("index") + 1, 0) FROM entries)
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
BEGIN
  SELECT RAISE(ABORT, 'entries are never deleted');
END;
--> statement-breakpoint
-- Which entry a transaction became. Ids begin with a time, so new ones land near the right edge of the tree of pages.
CREATE TABLE ids (
  id BLOB PRIMARY KEY CHECK (length(id) = 24),
  "index" INTEGER NOT NULL CHECK ("index" BETWEEN 0 AND 9007199254740991)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TRIGGER ids_update BEFORE UPDATE ON ids
BEGIN
  SELECT RAISE(ABORT, 'ids are never changed');
END;
--> statement-breakpoint
CREATE TRIGGER ids_delete BEFORE DELETE ON ids
BEGIN
  SELECT RAISE(ABORT, 'ids are never deleted');
END;
--> statement-breakpoint
-- The hash tree over the entries, c2sp.org/tlog-tiles: up to 256 hashes a row. A tile grows at its end until it is full.
CREATE TABLE tiles (
  level INTEGER NOT NULL CHECK (level BETWEEN 0 AND 63),
  number INTEGER NOT NULL CHECK (number BETWEEN 0 AND 9007199254740991),
  hashes BLOB NOT NULL CHECK (length(hashes) BETWEEN 32 AND 8192 AND length(hashes) % 32 = 0),
  PRIMARY KEY (level, number)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TRIGGER tiles_update BEFORE UPDATE ON tiles
WHEN NEW.level IS NOT OLD.level OR NEW.number IS NOT OLD.number OR substr(NEW.hashes, 1, length(OLD.hashes)) IS NOT OLD.hashes
BEGIN
  SELECT RAISE(ABORT, 'tiles only grow');
END;
--> statement-breakpoint
CREATE TRIGGER tiles_delete BEFORE DELETE ON tiles
BEGIN
  SELECT RAISE(ABORT, 'tiles are never deleted');
END;
--> statement-breakpoint
-- The state that the entries make, as canonical JSON: the last value of every row.
CREATE TABLE state (
  "table" TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY ("table", key)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
-- 'NIML' in ASCII. Set in the transaction that makes the tables, so a file that carries it has them all.
PRAGMA application_id = 1313426764;
--> statement-breakpoint
PRAGMA user_version = 1;
