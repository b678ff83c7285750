/**
 * The tables of the databases as Drizzle sees them: names, columns and their types, for typed queries and for drizzle-kit. The
 * tables are made by the SQL under migrations/, because STRICT, CHECK and triggers are beyond a Drizzle schema; a test makes sure
 * that the two agree.
 *
 * Integers are bigints, as every connection here returns them. The types say what a sound database holds; code that reads one
 * checks.
 */

import { blob, customType, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

const int64 = customType<{ data: bigint }>({ dataType: () => 'integer' })
const bytes = (name: string) => blob(name, { mode: 'buffer' })

export const entries = sqliteTable('entries', {
  index: int64('index').primaryKey(),
  bytes: bytes('bytes').notNull(),
  outcome: bytes('outcome').notNull(),
})

export const bundles = sqliteTable('bundles', {
  number: int64('number').primaryKey(),
  bytes: bytes('bytes').notNull(),
  outcomes: bytes('outcomes').notNull(),
})

export const ids = sqliteTable('ids', {
  id: bytes('id').primaryKey(),
  index: int64('index').notNull(),
})

export const tiles = sqliteTable(
  'tiles',
  {
    level: int64('level').notNull(),
    number: int64('number').notNull(),
    hashes: bytes('hashes').notNull(),
  },
  (table) => [primaryKey({ columns: [table.level, table.number] })],
)

export const state = sqliteTable('state', {
  row: int64('row').primaryKey(),
  table: text('table').notNull(),
  key: text('key').notNull(),
  value: text('value').notNull(),
})

export const places = sqliteTable(
  'places',
  {
    place: int64('place').notNull(),
    row: int64('row').notNull(),
  },
  (entry) => [primaryKey({ columns: [entry.place, entry.row] })],
)

export const guard = sqliteTable('guard', {
  one: int64('one').primaryKey(),
  staleBefore: int64('stale_before').notNull(),
  checkpoint: bytes('checkpoint'),
  refusalsDigest: bytes('refusals_digest').notNull(),
  digest: bytes('digest').notNull(),
})

export const mirror = sqliteTable('mirror', {
  one: int64('one').primaryKey(),
  checkpoint: bytes('checkpoint'),
  shown: bytes('shown'),
  digest: bytes('digest').notNull(),
})

export const cosigned = sqliteTable('cosigned', {
  origin: text('origin').primaryKey(),
  size: int64('size').notNull(),
  checkpoint: bytes('checkpoint').notNull(),
})

export const refusals = sqliteTable('refusals', {
  id: bytes('id').primaryKey(),
  refusal: text('refusal').notNull(),
  digest: bytes('digest').notNull(),
})

export const hub = sqliteTable('hub', {
  one: int64('one').primaryKey(),
  url: text('url').notNull(),
  vkey: text('vkey').notNull(),
})

export const notes = sqliteTable('notes', {
  sequence: int64('sequence').primaryKey(),
  id: bytes('id').notNull().unique(),
  note: bytes('note').notNull(),
  queued: int64('queued').notNull(),
  state: text('state', { enum: ['queued', 'sent', 'accepted', 'refused'] }).notNull(),
  answered: int64('answered'),
  index: int64('index'),
  receipt: bytes('receipt'),
  refusal: text('refusal'),
  statement: bytes('statement'),
  mirrored: int64('mirrored').notNull(),
})
