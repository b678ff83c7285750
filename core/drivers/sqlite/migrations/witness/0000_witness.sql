-- What a witness remembers: of each log the last checkpoint that it cosigned, with its own cosignature, which is what tells damage.
-- `size` is the checkpoint's. A log that went back would have the witness vouch for two histories, so it is never smaller.
CREATE TABLE cosigned (
  origin TEXT PRIMARY KEY,
  size INTEGER NOT NULL CHECK (size >= 0),
  checkpoint BLOB NOT NULL CHECK (length(checkpoint) > 0)
) STRICT, WITHOUT ROWID;
--> statement-breakpoint
CREATE TRIGGER cosigned_update BEFORE UPDATE ON cosigned WHEN NEW.origin <> OLD.origin OR NEW.size < OLD.size
BEGIN
  SELECT RAISE(ABORT, 'what was cosigned never goes back');
END;
--> statement-breakpoint
CREATE TRIGGER cosigned_delete BEFORE DELETE ON cosigned
BEGIN
  SELECT RAISE(ABORT, 'what was cosigned is never forgotten');
END;
--> statement-breakpoint
-- 'NIMW' in ASCII. Set in the transaction that makes the tables, so a file that carries it has them all.
PRAGMA application_id = 1313426775;
--> statement-breakpoint
PRAGMA user_version = 1;
