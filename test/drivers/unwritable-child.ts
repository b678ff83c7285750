/**
 * Reads the ledger in a folder as somebody who may not write there, and prints what it found, and how many temporary folders it
 * made meanwhile and left behind: unwritable-child.ts FOLDER.
 */

import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { openSqliteReader } from '../../core/drivers/sqlite/store.ts'
import { becomeNobody } from '../support/nobody.ts'

becomeNobody()

async function read(folder: string) {
  const store = await openSqliteReader(folder)
  const size = await store.size()
  const found = { size, entries: (await store.entries(0, size)).length, defects: await store.defects(), made: made() }
  await store.close()
  return { ...found, left: made() }
}

const made = () => readdirSync(tmpdir()).length

const answer = await read(process.argv[2]!).catch(({ code, message }) => ({ code, message }))
process.stdout.write(JSON.stringify(answer))
