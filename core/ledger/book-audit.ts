/**
 * What a store keeps beside the entries, compared with what a replay of them made: the last part of an audit. By then every
 * entry's id was found at its index, and every tile of the tree was as it must be. What is left: whether there are others, and
 * whether the rows are those that the entries make.
 */

import { Malformed } from '../base/malformed.ts'
import { parseSignedTransaction, type Tools } from '../domain/envelope.ts'
import { tableNamed } from '../domain/table.ts'
import { HASH_BYTES } from '../log/merkle.ts'
import { tileWidth } from '../log/tiles.ts'
import { parseEntry } from './entry.ts'
import type { Defect } from './execution.ts'
import type { ReplayedRows } from './replayed-rows.ts'
import type { NumberedRow, StoreReader } from './store.ts'

/** Rows, ids or tiles read at a time. */
const PAGE = 1_000

interface Replayed {
  readonly size: number
  readonly rows: ReplayedRows
}

/** The first stored thing that is not as the entries say. */
export async function findForeign(store: StoreReader, { size, rows }: Replayed, tools: Tools): Promise<Defect | undefined> {
  return (await findForeignId(store, size, tools)) ?? (await findForeignTile(store, size)) ?? (await findForeignRow(store, rows))
}

/** If there are as many ids as entries, they are those that were found, since no two of these were at one index. */
async function findForeignId(store: StoreReader, size: number, tools: Tools): Promise<Defect | undefined> {
  let after: string | undefined
  let count = 0
  for (;;) {
    const page = await store.scanIds(after, PAGE)
    const odd = page.find(({ index }) => index >= size)
    if (odd !== undefined) return { table: 'ids', key: odd.id, what: 'id', message: 'The id is of no entry.' }
    count += page.length
    if (page.length < PAGE) break
    after = page.at(-1)!.id
  }
  return count === size ? undefined : nameForeignId(store, tools)
}

/** There are more ids than entries, so one is not the id of the entry that it is stored for. */
async function nameForeignId(store: StoreReader, { rules, sha256 }: Tools): Promise<Defect> {
  let after: string | undefined
  for (;;) {
    const page = await store.scanIds(after, PAGE)
    for (const { id, index } of page) {
      const [entry] = await store.entries(index, 1)
      const parsed = entry && parseEntry(entry.bytes)
      const note = parsed instanceof Malformed || parsed === undefined ? undefined : parsed.note
      const transaction = note && parseSignedTransaction(rules, sha256, note)
      const isOwn = transaction !== undefined && !(transaction instanceof Malformed) && transaction.id === id
      if (!isOwn) return { table: 'ids', key: id, what: 'id', message: 'The id is of no entry.' }
    }
    if (page.length < PAGE) return { table: 'ids', what: 'id', message: 'There are more ids than entries.' }
    after = page.at(-1)!.id
  }
}

async function findForeignTile(store: StoreReader, size: number): Promise<Defect | undefined> {
  let after: { level: number; number: number } | undefined
  for (;;) {
    const page = await store.scanTiles(after, PAGE)
    const odd = page.find(({ level, number, hashes }) => hashes.length !== tileWidth(level, number, size) * HASH_BYTES)
    if (odd !== undefined) {
      return { table: 'tiles', key: `${odd.level}/${odd.number}`, what: 'tile', message: 'The tile is not of this tree.' }
    }
    if (page.length < PAGE) return undefined
    after = page.at(-1)
  }
}

async function findForeignRow(store: StoreReader, rows: ReplayedRows): Promise<Defect | undefined> {
  let after: NumberedRow | undefined
  let count = 0
  for (;;) {
    const page: NumberedRow[] = await store.scanRows(after, PAGE)
    for (const { table, key, value } of page) {
      const expected = rows.text(table, key)
      const message = expected === undefined ? 'No entry makes this row.' : 'The row is not what the entries make it.'
      if (expected !== value) return { table, key, what: 'row', message }
    }
    count += page.length
    if (page.length < PAGE) break
    after = page.at(-1)
  }
  return count === rows.count ? undefined : nameMissingRow(store, rows)
}

async function nameMissingRow(store: StoreReader, rows: ReplayedRows): Promise<Defect> {
  for (const { table, key } of rows.all()) {
    const [stored] = await store.rows([tableNamed(table).at(key)])
    if (stored === undefined) return { table, key, what: 'row', message: 'The row is missing.' }
  }
  return { table: 'state', what: 'row', message: 'There are rows twice.' }
}
