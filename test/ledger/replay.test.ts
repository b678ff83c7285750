/** What the sequencer wrote is found sound by an audit, which derives everything again: from store or log alone. */

import { describe, expect, test } from 'vitest'
import { rules } from '../../core/domain/transactions/index.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { exportTiles, openTileFolder } from '../../core/drivers/tile-folder.ts'
import { audit } from '../../core/ledger/audit.ts'
import { Replay } from '../../core/ledger/replay.ts'
import { ED25519, formatVerifierKey, parseVerifierKey, type VerifierKey, verifierKey } from '../../core/log/note.ts'
import { OPTIONS, transactionOf } from './forging.ts'
import { homes, type RestorableHome, temporaryFolder } from './homes.ts'
import { allRows, goOn, govern, openMarketplace, settleUp, trade } from './marketplace.ts'
import { ADA, accepted, auditOf, ORIGIN, OTHER_SEQUENCER, SEQUENCER, TestLedger } from './support.ts'

/** A ledger in which every transaction type happened. */
async function everything(home: RestorableHome): Promise<TestLedger<RestorableHome>> {
  const test = await TestLedger.found(home, { sequencerKeys: [SEQUENCER, OTHER_SEQUENCER] })
  const market = await openMarketplace(test)
  await trade(test, market)
  await govern(test, market)
  await goOn(test, market)
  await settleUp(test)
  return test
}

describe.each(homes)('a ledger on $kind', ({ make }) => {
  const home: () => Promise<RestorableHome> = make

  test('with every transaction type is found sound, with and without its store', async () => {
    const test = await everything(await home())
    const entries = await test.store.entries(0, 1_000)
    const types = new Set(entries.map(({ bytes }) => transactionOf(bytes).definition.type))
    expect([...types].sort()).toEqual([...rules.get(1)!.keys()].sort())
    const report = await test.audit()
    expect(report).toMatchObject({ ok: true, origin: ORIGIN, size: entries.length, unsigned: 0, defects: [] })
    // A call that two signed is one entry.
    expect(report).toMatchObject({ entries: entries.length, signatures: entries.length + 1, vkeySource: 'folder' })
    const vkey = formatVerifierKey(verifierKey(sha256, ORIGIN, ED25519, OTHER_SEQUENCER.publicKey))
    expect(report.vkey).toBe(vkey)
    const reader = await test.home.openReader()
    expect(await auditOf(reader)).toEqual(report)
    const trusted = parseVerifierKey(sha256, vkey) as VerifierKey
    expect(await auditOf(reader, reader, { trusted })).toEqual({ ...report, vkeySource: 'given' })
    await reader.close()
  })

  test('replays to the very rows that are stored, byte for byte, whatever the pages', async () => {
    const test = await everything(await home())
    const entries = await test.store.entries(0, 1_000)
    const stored = new Map((await allRows(test.store)).map(({ table, key, value }) => [`${table} ${key}`, value]))
    for (const size of [1, 7, 1_000]) {
      const replay = new Replay(OPTIONS, test.store)
      for (let from = 0; from < entries.length; from += size) {
        expect(await replay.add(entries.slice(from, from + size))).not.toHaveProperty('what')
      }
      const rows = new Map(Array.from(replay.rows.all(), ({ table, key, value }) => [`${table} ${key}`, value]))
      expect(rows).toEqual(stored)
      expect(Buffer.from(replay.root).toString('base64')).toBe((await test.audit()).root)
    }
  })

  test('exported as tiles is found the same by its log alone', async () => {
    const test = await everything(await home())
    for (let i = 0; i < 3; i++) {
      await Promise.all(Array.from({ length: 200 }, () => test.ledger.submit(test.model(ADA))))
      const folder = temporaryFolder()
      await exportTiles(test.store, folder)
      const log = openTileFolder(folder)
      const report = await test.audit()
      expect(report.ok).toBe(true)
      expect(await audit(log, undefined, OPTIONS)).toEqual(report)
      await log.close()
    }
  })

  test('contains what its older checkpoints covered', async () => {
    const test = await TestLedger.found(await home())
    const older = [test.ledger.checkpoint!]
    accepted(await test.ledger.submit(test.opening(ADA)))
    older.push(test.ledger.checkpoint!)
    await Promise.all(Array.from({ length: 300 }, () => test.ledger.submit(test.model(ADA))))
    older.push(test.ledger.checkpoint!)
    accepted(await test.ledger.submit(test.model(ADA)))
    for (const checkpoint of [...older, test.ledger.checkpoint!]) {
      expect(await test.audit({ older: checkpoint })).toMatchObject({ ok: true, size: 303 })
    }
  })
})
