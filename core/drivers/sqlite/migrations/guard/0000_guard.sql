-- The guard: what the sequencer alone remembers. It is never part of a restore, and nothing else can tell what it should hold, so
-- every row carries a SHA-256 over its content.

-- Exactly one row, from the creation on. `refusals_digest` is the exclusive or of the digests of all refusals, so that a refusal
-- that was taken away or slipped in shows as well.
CREATE TABLE guard (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  stale_before INTEGER NOT NULL CHECK (stale_before BETWEEN 0 AND 4294967295),
  checkpoint BLOB CHECK (length(checkpoint) > 0),
  refusals_digest BLOB NOT NULL CHECK (length(refusals_digest) = 32),
  digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;
--> statement-breakpoint
CREATE TRIGGER guard_delete BEFORE DELETE ON guard
BEGIN
  SELECT RAISE(ABORT, 'the guard is never deleted');
END;
--> statement-breakpoint
-- Refusals by the id of their transaction, until its note has expired. The id begins with that time, so they expire in order.
CREATE TABLE refusals (
  id BLOB PRIMARY KEY CHECK (length(id) = 24),
  refusal TEXT NOT NULL,
  digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TRIGGER refusals_update BEFORE UPDATE ON refusals
BEGIN
  SELECT RAISE(ABORT, 'refusals are never changed');
END;
--> statement-breakpoint
-- 'NIMG' in ASCII. Set in the transaction that makes the tables, so a file that carries it has them all.
PRAGMA application_id = 1313426759;
--> statement-breakpoint
PRAGMA user_version = 1;
