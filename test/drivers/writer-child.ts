/**
 * Another process that writes to a ledger, for tests of locks and crashes: writer-child.ts FOLDER hold|append. It says `ready`
 * when it has the lock, then `size N` after every commit and checkpoint that were acknowledged, and the code of the StoreError
 * that ends it.
 */

import { openSqliteWriter } from '../../core/drivers/sqlite/store.ts'
import { StoreError } from '../../core/ledger/store.ts'
import { sampleCheckpoint, sampleCommit } from './samples.ts'

const [folder, task] = process.argv.slice(2)

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

try {
  const writer = await openSqliteWriter(folder!)
  say('ready')
  if (task === 'hold') setInterval(() => {}, 60_000)
  for (let size = await writer.size(); task === 'append'; size += 1) {
    const { entries, rows } = sampleCommit(size, 1)
    const outcome = new Uint8Array(2_000).fill(size)
    await writer.commit({ size, entries: entries.map((entry) => ({ ...entry, outcome })), rows, tiles: [] })
    await writer.replaceCheckpoint(await writer.checkpoint(), sampleCheckpoint(size + 1))
    say(`size ${size + 1}`)
  }
} catch (error) {
  say(error instanceof StoreError ? error.code : String(error))
  process.exitCode = 1
}
