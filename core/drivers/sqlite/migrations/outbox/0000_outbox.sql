-- Signed notes on their way to a hub, and its answers. Nothing else has them, so nothing that is not answered is ever deleted once
-- it may have left this machine.

-- The hub that was named last; one row or none.
CREATE TABLE hub (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  url TEXT NOT NULL,
  vkey TEXT NOT NULL
) STRICT;
--> statement-breakpoint
-- In the order in which they were put in. Times are milliseconds since 1970. `refusal` is {"code","message","data"} as JSON.
CREATE TABLE notes (
  sequence INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE CHECK (length(id) = 24),
  note BLOB NOT NULL CHECK (length(note) > 0),
  queued INTEGER NOT NULL CHECK (queued >= 0),
  state TEXT NOT NULL CHECK (state IN ('queued', 'sent', 'accepted', 'refused')),
  answered INTEGER CHECK (answered >= 0),
  "index" INTEGER CHECK ("index" >= 0),
  receipt BLOB CHECK (length(receipt) > 0),
  refusal TEXT,
  statement BLOB CHECK (length(statement) > 0),
  mirrored INTEGER NOT NULL DEFAULT 0 CHECK (mirrored IN (0, 1)),
  CHECK ((state IN ('accepted', 'refused')) = (answered IS NOT NULL)),
  CHECK ((state = 'accepted') = ("index" IS NOT NULL)),
  CHECK ((state = 'accepted') = (receipt IS NOT NULL)),
  CHECK ((state = 'refused') = (refusal IS NOT NULL)),
  CHECK (statement IS NULL OR state = 'refused'),
  CHECK (mirrored = 0 OR state = 'accepted')
) STRICT;
--> statement-breakpoint
CREATE INDEX notes_by_state ON notes (state, mirrored, sequence);
--> statement-breakpoint
CREATE TRIGGER notes_update BEFORE UPDATE OF sequence, id, note, queued ON notes
BEGIN
  SELECT RAISE(ABORT, 'a note in the outbox is never changed');
END;
--> statement-breakpoint
-- What was refused may yet be found in the log, which is then right. What was accepted stays so.
CREATE TRIGGER notes_state BEFORE UPDATE OF state ON notes
WHEN NOT (
  new.state = old.state
  OR (old.state = 'queued')
  OR (old.state = 'sent' AND new.state IN ('accepted', 'refused'))
  OR (old.state = 'refused' AND new.state = 'accepted')
)
BEGIN
  SELECT RAISE(ABORT, 'a note in the outbox never goes back');
END;
--> statement-breakpoint
CREATE TRIGGER notes_delete BEFORE DELETE ON notes WHEN old.state = 'sent'
BEGIN
  SELECT RAISE(ABORT, 'a note that was sent and not answered is never deleted');
END;
--> statement-breakpoint
-- 'NIMO' in ASCII. Set in the transaction that makes the tables, so a file that carries it has them all.
PRAGMA application_id = 1313426767;
--> statement-breakpoint
PRAGMA user_version = 1;
