/** Books and backups as earlier versions made them: by their own SQL, which later migrations begin with. */

import { readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import Sqlite from 'better-sqlite3'
import { BOOK, removeDatabase } from '../../core/drivers/sqlite/database.ts'
import { EntryRows } from '../../core/drivers/sqlite/entry-rows.ts'

const MIGRATIONS = ['0000_book.sql', '0001_forms.sql', '0002_places.sql']

const COPY_ROWS = `
  INSERT INTO ids SELECT * FROM later.ids;
  INSERT INTO tiles SELECT * FROM later.tiles;`

/** Puts a database of version 2 or 3, with what this one holds, in its place. */
export function toVersion(version: 2 | 3, path: string): void {
  const old = new Sqlite(`${path}.old`)
  try {
    old.pragma('page_size = 4096')
    old.function('place_of', (_table: unknown, _key: unknown) => null)
    for (const name of MIGRATIONS.slice(0, version)) old.exec(readFileSync(join(BOOK.migrationsFolder, name), 'utf8'))
    copyEntries(old, path)
    old.prepare('ATTACH ? AS later').run(path)
    const sqlOf = old.prepare<[string], string>('SELECT sql FROM later.sqlite_schema WHERE name = ?').pluck()
    old.exec(sqlOf.get('__drizzle_migrations')!)
    old.exec(`INSERT INTO __drizzle_migrations SELECT * FROM later.__drizzle_migrations WHERE rowid <= ${version}`)
    old.exec(COPY_ROWS)
    if (version === 2) old.exec('INSERT INTO state SELECT "table", key, value FROM later.state')
    else old.exec('INSERT INTO state SELECT * FROM later.state; INSERT INTO places SELECT * FROM later.places')
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

/** In those versions every entry had a row of its own. */
function copyEntries(old: Sqlite.Database, path: string): void {
  const later = new Sqlite(path, { readonly: true })
  later.defaultSafeIntegers()
  try {
    const insert = old.prepare('INSERT INTO entries ("index", bytes, outcome) VALUES (?, ?, ?)')
    const rows = new EntryRows(later)
    for (const { index, bytes, outcome } of rows.read(0, rows.size())) insert.run(index, bytes, outcome)
  } finally {
    later.close()
  }
}
