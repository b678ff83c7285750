/**
 * Another process that writes to a ledger, for tests of locks and crashes: writer-child.ts FOLDER hold|append|append-much. It
 * says `ready` when it has the lock, then `size N` after every commit (and checkpoint, unless it appends much) that was
 * acknowledged, and the code of the StoreError that ends it.
 */

import { setImmediate } from 'node:timers/promises'
import { openSqliteWriter } from '../../core/drivers/sqlite/store.ts'
import { StoreError } from '../../core/ledger/store.ts'
import { largeCommit, sampleCheckpoint, sampleCommit } from './samples.ts'

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
  for (let size = await writer.size(); task === 'append-much'; ) {
    const commit = largeCommit(size)
    await writer.commit(commit)
    size += commit.entries.length
    say(`size ${size}`)
    // Events are heard between commits, as they are in a ledger.
    await setImmediate()
  }
} catch (error) {
  say(error instanceof StoreError ? error.code : String(error))
  process.exitCode = 1
}
