/** Books and backups as version 2 made them: by its own SQL, which later migrations begin with. */

import { readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { BOOK, removeDatabase } from '../../core/drivers/sqlite/database.ts'

const COPY_ROWS = `
  INSERT INTO entries SELECT * FROM later.entries ORDER BY "index";
  INSERT INTO ids SELECT * FROM later.ids;
  INSERT INTO tiles SELECT * FROM later.tiles;
  INSERT INTO state SELECT "table", key, value FROM later.state;
  INSERT INTO __drizzle_migrations SELECT * FROM later.__drizzle_migrations WHERE rowid <= 2`

/** Puts a database of version 2, with what this one holds, in its place. */
export function toVersion2(path: string): void {
  const old = new Sqlite(`${path}.old`)
  try {
    old.pragma('page_size = 4096')
    for (const name of ['0000_book.sql', '0001_forms.sql']) old.exec(readFileSync(join(BOOK.migrationsFolder, name), 'utf8'))
    old.prepare('ATTACH ? AS later').run(path)
    const sqlOf = old.prepare<[string], string>('SELECT sql FROM later.sqlite_schema WHERE name = ?').pluck()
    old.exec(sqlOf.get('__drizzle_migrations')!)
    old.exec(COPY_ROWS)
    const backup = sqlOf.get('backup')
    if (backup !== undefined) old.exec(`${backup}; INSERT INTO backup SELECT * FROM later.backup`)
    const setting = (name: string) => old.pragma(`later.${name}`, { simple: true })
    for (const name of ['application_id', 'journal_mode']) old.pragma(`main.${name} = ${setting(name)}`)
    old.exec('DETACH later')
  } finally {
    old.close()
  }
  removeDatabase(path)
  renameSync(`${path}.old`, path)
}
