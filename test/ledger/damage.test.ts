/** What an audit finds in checkpoints, in what a store keeps beside the log, and in exported tiles. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { concatBytes, utf8 } from '../../core/base/bytes.ts'
import { MemoryLedger, openMemoryReader } from '../../core/drivers/memory/store.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { exportTiles, openTileFolder } from '../../core/drivers/tile-folder.ts'
import { audit } from '../../core/ledger/audit.ts'
import { signCheckpoint } from '../../core/log/checkpoint.ts'
import { ED25519, verifierKey } from '../../core/log/note.ts'
import { at, findIn, forge, idOf, OPTIONS, rootOf, small } from './forging.ts'
import { temporaryFolder } from './homes.ts'
import { ADA, auditOf, BOB, FOUNDED, ORIGIN, OTHER_SEQUENCER, SECOND, SEQUENCER } from './support.ts'

describe('an audit of checkpoints finds', () => {
  test('one that another key signed', async () => {
    const { memory } = await small()
    const forged = await forge(memory, () => {}, OTHER_SEQUENCER)
    expect(await findIn(forged)).toMatchObject({ whole: { what: 'checkpoint' }, logAlone: { what: 'checkpoint' } })
  })

  test('a log that names another key than the one given', async () => {
    const { memory } = await small()
    const trusted = verifierKey(sha256, ORIGIN, ED25519, OTHER_SEQUENCER.publicKey)
    expect(await findIn(memory, { trusted })).toMatchObject({ whole: { index: 0, what: 'wrong_key' } })
    const elsewhere = verifierKey(sha256, 'other.example/credits', ED25519, SEQUENCER.publicKey)
    expect(await findIn(memory, { trusted: elsewhere })).toMatchObject({ whole: { index: 0, what: 'wrong_key' } })
  })

  test('none, one of another log, one over another tree, one of more entries', async () => {
    const { memory } = await small()
    const sign = (head: object, sequencer = SEQUENCER) => {
      const { entries, rows, ids, tiles } = memory
      const copy = Object.assign(new MemoryLedger(), { entries, rows, ids, tiles })
      const own = { origin: ORIGIN, size: 6, root: rootOf(memory, 6), extensions: [], ...head }
      copy.checkpoint = signCheckpoint(own, [sequencer])
      return copy
    }
    expect(await findIn(sign({}))).toEqual({ whole: undefined, logAlone: undefined })
    expect(await findIn(sign({ size: 5, root: rootOf(memory, 5) }))).toEqual({ whole: undefined, logAlone: undefined })
    expect(await findIn(sign({ origin: 'x.example' }))).toMatchObject({ whole: { what: 'checkpoint' } })
    expect(await findIn(sign({ size: 7 }))).toMatchObject({ whole: { what: 'checkpoint', message: /7 entries; there are 6/ } })
    expect(await findIn(sign({ root: new Uint8Array(32) }))).toMatchObject({ logAlone: { what: 'root' } })
    expect(await findIn(sign({ size: 5 }))).toMatchObject({ logAlone: { what: 'root' } })
    expect(await findIn(sign({ size: 0, root: sha256(new Uint8Array()) }))).toEqual({ whole: undefined, logAlone: undefined })
    const without = sign({})
    without.checkpoint = undefined
    expect(await findIn(without)).toMatchObject({ whole: { what: 'no_checkpoint' } })
  })

  test('a fork from what an older checkpoint covered', async () => {
    const { memory } = await small()
    const olderAt = (size: number, source = memory) =>
      signCheckpoint({ origin: ORIGIN, size, root: rootOf(source, size), extensions: [] }, [SEQUENCER])
    const other = await forge(memory, (entries) => {
      entries[4] = at(entries[4]!, FOUNDED + 4 * SECOND + 1)
    })
    for (let size = 1; size <= 4; size++) expect((await findIn(other, { older: olderAt(size) })).whole).toBeUndefined()
    expect(await findIn(other, { older: olderAt(5) })).toMatchObject({ whole: { what: 'root', message: /the older checkpoint/ } })
    expect(await findIn(other, { older: olderAt(6) })).toMatchObject({ whole: { what: 'fork' } })
    const shorter = await forge(memory, (entries) => void entries.pop())
    expect(await findIn(shorter, { older: olderAt(6) })).toMatchObject({
      whole: { what: 'old_checkpoint', message: /covers 6.*5 now/ },
    })
    const foreign = signCheckpoint({ origin: ORIGIN, size: 3, root: rootOf(memory, 3), extensions: [] }, [OTHER_SEQUENCER])
    expect(await findIn(memory, { older: foreign })).toMatchObject({ whole: { what: 'old_checkpoint' } })
    expect(await findIn(memory, { older: utf8('no checkpoint') })).toMatchObject({ whole: { what: 'old_checkpoint' } })
  })
})

describe('an audit of a store finds', () => {
  const changes: readonly (readonly [string, (memory: MemoryLedger) => void, object])[] = [
    [
      'a row that was changed',
      (memory) => mapRow(memory, `account ${ADA.account}`, (value) => value.replace('"11000000"', '"91000000"')),
      { table: 'account', key: ADA.account, what: 'row' },
    ],
    [
      'a row that is missing',
      (memory) => void memory.rows.delete(`account ${BOB.account}`),
      { table: 'account', key: BOB.account, what: 'row' },
    ],
    [
      'a row too many',
      (memory) => void memory.rows.set('model x', { number: ++memory.lastRow, table: 'model', key: 'x', value: '{}' }),
      { table: 'model', key: 'x', what: 'row' },
    ],
    [
      'an id that is missing',
      (memory) => void memory.ids.delete(idOf(memory.entries[3]!.bytes, 3)),
      { table: 'ids', what: 'id' },
    ],
    [
      'an id of another entry',
      (memory) => void memory.ids.set(idOf(memory.entries[3]!.bytes, 3), 2),
      { table: 'ids', what: 'id' },
    ],
    ['an id of no entry', (memory) => void memory.ids.set('0'.repeat(48), 99), { table: 'ids', what: 'id' }],
    ['a second id of an entry', (memory) => void memory.ids.set('0'.repeat(48), 1), { table: 'ids', what: 'id' }],
    ['a tile that is missing', (memory) => void memory.tiles.delete('0/0'), { table: 'tiles', key: '0/0', what: 'tile' }],
    [
      'a tile too many',
      (memory) => void memory.tiles.set('1/0', { level: 1, number: 0, hashes: new Uint8Array(32) }),
      { table: 'tiles', key: '1/0', what: 'tile' },
    ],
    ['a tile that is too long', (memory) => lengthen(memory), { table: 'tiles', key: '0/0', what: 'tile' }],
    ['a hash that was changed', (memory) => flipTile(memory), { table: 'tiles', key: '0/0', what: 'tile' }],
    ['an entry that is missing at the end', (memory) => void memory.entries.pop(), { what: 'checkpoint' }],
    [
      'an entry that is missing in between',
      (memory) => void memory.entries.push(...memory.entries.splice(2, 1)),
      { index: 2, what: 'missing_entry' },
    ],
  ]

  test.each(changes)('%s', async (_what, change, defect) => {
    const { memory } = await small()
    change(memory)
    const reader = await openMemoryReader(memory)
    expect((await auditOf(reader, reader)).defects).toMatchObject([defect])
  })

  test('an entry that is not the one that was signed, by its index', async () => {
    const { memory } = await small()
    memory.entries[4] = { index: 4, ...at(memory.entries[4]!, FOUNDED + 4 * SECOND + 1) }
    expect((await findIn(memory)).whole).toMatchObject({ index: 4, what: 'leaf' })
  })
})

function mapRow(memory: MemoryLedger, path: string, change: (value: string) => string): void {
  const row = memory.rows.get(path)!
  const value = change(row.value)
  expect(value).not.toBe(row.value)
  memory.rows.set(path, { ...row, value })
}

function lengthen(memory: MemoryLedger): void {
  const tile = memory.tiles.get('0/0')!
  memory.tiles.set('0/0', { ...tile, hashes: concatBytes(tile.hashes, new Uint8Array(32)) })
}

function flipTile(memory: MemoryLedger): void {
  const tile = memory.tiles.get('0/0')!
  const hashes = new Uint8Array(tile.hashes)
  hashes[70]! ^= 1
  memory.tiles.set('0/0', { ...tile, hashes })
}

describe('an audit of exported tiles finds', () => {
  test.each([
    ['tile/entries/000.p/6', { what: /leaf|malformed|tile|bad_signature|missing_entry/ }],
    ['tile/0/000.p/6', { what: 'tile' }],
    ['checkpoint', { what: 'checkpoint' }],
  ])('a changed byte in %s', async (path, defect) => {
    const { test } = await small()
    const folder = temporaryFolder()
    await exportTiles(test.store, folder)
    const bytes = readFileSync(join(folder, path))
    const position = path === 'checkpoint' ? bytes.length - 6 : bytes.length - 30
    bytes[position]! ^= 1
    writeFileSync(join(folder, path), bytes)
    const { defects } = await audit(openTileFolder(folder), undefined, OPTIONS)
    expect(defects).toMatchObject([defect])
  })
})
