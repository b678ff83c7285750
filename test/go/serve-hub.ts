/**
 * A hub over a log that grows from size to size, for the check by Go (served.go). For each size it says, as a line of JSON, where
 * it serves, what its log and the accounts in it sign with, and its size; and goes on when a line tells it to. After the last
 * size it says {}, and serves until it is told once more.
 *
 *     serve-hub.ts [SIZE ...]
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { assert } from '../../core/base/assert.ts'
import { sha256 } from '../../core/drivers/sha256.ts'
import { createSqliteLedger } from '../../core/drivers/sqlite/store.ts'
import { ED25519, formatVerifierKey, verifierKey } from '../../core/log/note.ts'
import { HubClient } from '../../core/net/hub-client.ts'
import { parseHubUrl } from '../../core/net/hub-url.ts'
import { folderHome, LOG_KEY, OPERATOR, type Person, TestLedger } from '../ledger/support.ts'
import { SimulatedHub } from '../simulator/hub.ts'
import { filler } from './filler.ts'

/** Every size of a first tile's beginning, and those around each change of shape. */
const SIZES = [...range(1, 20), ...range(127, 129), ...range(254, 258), ...range(510, 514), 700]
const CALL_NOTES = 300

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
}

const given = process.argv.slice(2).map(Number)
const sizes = given.length > 0 ? given : SIZES

const folder = mkdtempSync(join(tmpdir(), 'nimledger-served-'))
await createSqliteLedger(folder)
const test = await TestLedger.found(folderHome(folder))
await test.close()
const hub = new SimulatedHub(folder, () => test.time)
await hub.start()
const client = new HubClient(parseHubUrl(hub.url!) as URL)
const turns = createInterface(process.stdin)[Symbol.asyncIterator]()
const accounts: Person[] = [OPERATOR]

for (const size of sizes) {
  while (hub.size < size) {
    const notes = Array.from({ length: Math.min(CALL_NOTES, size - hub.size) }, (_, i) => filler(test, hub.size + i - 1))
    const answers = await client.submit(notes.map(({ note }) => note))
    assert(
      answers.every(({ status }) => status === 'accepted'),
      'what fills the log is accepted',
    )
    accounts.push(...notes.flatMap(({ opened }) => opened ?? []))
  }
  const keys = accounts.map(({ account, pair }) => formatVerifierKey(verifierKey(sha256, account, ED25519, pair.publicKey)))
  process.stdout.write(`${JSON.stringify({ url: hub.url, size, vkey: formatVerifierKey(LOG_KEY), accounts: keys })}\n`)
  await turns.next()
}
process.stdout.write('{}\n')
await turns.next()
await hub.stop()
rmSync(folder, { recursive: true })
process.stdin.destroy()
