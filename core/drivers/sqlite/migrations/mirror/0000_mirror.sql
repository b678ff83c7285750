-- What a mirror holds of another's log, in the place of a guard: nothing here was signed by the program that keeps it. `digest` is
-- a SHA-256 over the rest.

-- Exactly one row, from the creation on. `checkpoint` covers entries that the book has, all of them; `shown` is the newest that the
-- log showed, whose entries may be on their way.
CREATE TABLE mirror (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  checkpoint BLOB CHECK (length(checkpoint) > 0),
  shown BLOB CHECK (length(shown) > 0),
  digest BLOB NOT NULL CHECK (length(digest) = 32)
) STRICT;
--> statement-breakpoint
CREATE TRIGGER mirror_delete BEFORE DELETE ON mirror
BEGIN
  SELECT RAISE(ABORT, 'what a mirror holds is never deleted');
END;
--> statement-breakpoint
-- 'NIMM' in ASCII. Set in the transaction that makes the tables, so a file that carries it has them all.
PRAGMA application_id = 1313426765;
--> statement-breakpoint
PRAGMA user_version = 1;
