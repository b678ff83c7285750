/**
 * Makes logs for the check by Go: `make-fixtures.ts FOLDER` writes, for each of several sizes of one growing ledger and for the
 * demonstration's,
 *
 *   sound/<name>/log/…           the exported log
 *   sound/<name>/log.vkey        the key that signs its checkpoints
 *   sound/<name>/accounts.vkeys  the keys that its entries name, one a line, in order
 *
 * and under fork/ a log that is sound by itself, but signed with the same key over another history.
 *
 * Seeds, nonces and times are fixed, so the sizes come out the same in every run. The keys of the demonstration are new each
 * time.
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert } from '../../core/base/assert.ts'
import { tryFromHex } from '../../core/base/bytes.ts'
import { Malformed } from '../../core/base/malformed.ts'
import { DEMO_ORIGIN, DEMO_PASSPHRASE } from '../../core/bin/demo/marketplace.ts'
import { demoPlace, makeDemo } from '../../core/bin/demo/run.ts'
import { parseSignedTransaction } from '../../core/domain/envelope.ts'
import { rules } from '../../core/domain/transactions/index.ts'
import { MemoryLedger } from '../../core/drivers/memory/store.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { openSqliteReader } from '../../core/drivers/sqlite/store.ts'
import { exportTiles } from '../../core/drivers/tile-folder.ts'
import { parseEntry } from '../../core/ledger/entry.ts'
import type { LogReader } from '../../core/ledger/store.ts'
import { signCheckpoint } from '../../core/log/checkpoint.ts'
import { Frontier } from '../../core/log/merkle.ts'
import { ED25519, formatVerifierKey, verifierKey } from '../../core/log/note.ts'
import { transactionOf } from '../ledger/forging.ts'
import { openMarketplace, trade } from '../ledger/marketplace.ts'
import { LOG_KEY, memoryHome, ORIGIN, person, SEQUENCER, TestLedger } from '../ledger/support.ts'
import { filler } from './filler.ts'

/** Around every change of shape: one leaf, a partial tile, a full one, two full ones, and a partial third. */
const SIZES = [1, 2, 3, 255, 256, 257, 511, 512, 513, 700]

async function writeFixture(folder: string, log: LogReader, vkey: string): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const { entries } = await exportTiles(log, join(folder, 'log'))
  const keys = await namedKeys(log)
  writeFileSync(join(folder, 'log.vkey'), `${vkey}\n`)
  writeFileSync(join(folder, 'accounts.vkeys'), keys.map((key) => `${key}\n`).join(''))
  process.stdout.write(`${folder}: ${entries} entries, ${keys.length} keys\n`)
}

/** The keys of accounts, as the entries that open these accounts name them. */
async function namedKeys(log: LogReader): Promise<string[]> {
  const keys: string[] = []
  for (const { bytes } of await log.entries(0, await log.size())) {
    const entry = parseEntry(bytes)
    assert(!(entry instanceof Malformed), 'entries of a sound log are of the form')
    const transaction = parseSignedTransaction(rules, sha256, entry.note)
    assert(!(transaction instanceof Malformed), 'transactions of a sound log are of the form')
    const key = transaction.definition.publicKey?.(transaction.body as never)
    if (key !== undefined) keys.push(formatVerifierKey(verifierKey(sha256, transaction.signer, ED25519, tryFromHex(key)!)))
  }
  return keys
}

/** No ledger is ever empty, since its genesis founds it; but a reader of logs may meet a checkpoint of size 0. */
function emptyLog(): LogReader {
  const root = new Frontier(sha256).root()
  const checkpoint = signCheckpoint({ origin: ORIGIN, size: 0, root, extensions: [] }, [SEQUENCER])
  return {
    size: async () => 0,
    entries: async () => [],
    tile: async () => undefined,
    checkpoint: async () => checkpoint,
    close: async () => {},
  }
}

/** One ledger, exported whenever it has one of the sizes. A marketplace first, so that every type of transaction occurs. */
async function writeSizes(folder: string): Promise<void> {
  await writeFixture(join(folder, 'size-0'), emptyLog(), formatVerifierKey(LOG_KEY))
  const test = await TestLedger.found(memoryHome(new MemoryLedger()))
  const remaining = [...SIZES]
  const exportAtSize = async () => {
    if (test.ledger.size !== remaining[0]) return
    const reader = await test.home.openReader()
    await writeFixture(join(folder, `size-${remaining.shift()}`), reader, formatVerifierKey(LOG_KEY))
    await reader.close()
  }
  await exportAtSize()
  const first = person('Zoë')
  for (const note of [test.opening(first), test.topup(first, '1')]) {
    await submit(test, note)
    await exportAtSize()
  }
  await trade(test, await openMarketplace(test))
  for (let i = 0; remaining.length > 0; i++) {
    await submit(test, filler(test, i).note)
    await exportAtSize()
  }
  await test.close()
}

async function writeFork(folder: string): Promise<void> {
  const test = await TestLedger.found(memoryHome(new MemoryLedger()))
  await submit(test, test.opening(person('Mallory')))
  const reader = await test.home.openReader()
  await writeFixture(join(folder, 'size-2'), reader, formatVerifierKey(LOG_KEY))
  await reader.close()
}

async function submit(test: TestLedger, note: Uint8Array): Promise<void> {
  const answer = await test.ledger.submit(note)
  assert(answer.status === 'accepted', 'what fills the log is accepted')
}

async function writeDemo(folder: string): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'nimledger-demo-'))
  const place = demoPlace({ dir, passphrase: {} })
  const made = await makeDemo(place, DEMO_PASSPHRASE, () => {})
  assert('founded' in made, 'the demonstration is made')
  const reader = await openSqliteReader(dir)
  // The key that its genesis names: it was changed on the way, and still signs beside the new one.
  const { sequencerKey } = transactionOf((await reader.entries(0, 1))[0]!.bytes).body as { readonly sequencerKey: string }
  const logKey = verifierKey(sha256, DEMO_ORIGIN, ED25519, tryFromHex(sequencerKey)!)
  await writeFixture(join(folder, 'demo'), reader, formatVerifierKey(logKey))
  await reader.close()
  rmSync(dir, { recursive: true })
}

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('Say into which folder: make-fixtures.ts FOLDER')
await writeSizes(join(folder, 'sound'))
await writeDemo(join(folder, 'sound'))
await writeFork(join(folder, 'fork'))
