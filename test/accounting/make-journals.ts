/**
 * Makes journals for the check by hledger and beancount: `make-journals.ts FOLDER` writes, for the demonstration, for a
 * marketplace with every type of transaction, and for a ledger whose people chose hostile names,
 *
 *   <name>.hledger, <name>.beancount        the exports
 *   <name>.hledger.balances, …              what the trial balance says: an account and its balance a line, sorted
 */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DEMO_PASSPHRASE } from '../../core/bin/demo/marketplace.ts'
import { demoPlace, makeDemo } from '../../core/bin/demo/run.ts'
import { beancount, beancountAccount } from '../../core/bin/export/beancount.ts'
import { hledger } from '../../core/bin/export/hledger.ts'
import { exportSource } from '../../core/bin/export/source.ts'
import { BOOK_CLASSES, type BookClass } from '../../core/domain/books.ts'
import { writePartsDurably } from '../../core/drivers/durable-file.ts'
import { MemoryLedger, openMemoryReader } from '../../core/drivers/memory/store.ts'
import { openSqliteReader } from '../../core/drivers/sqlite/store.ts'
import { trialBalance } from '../../core/ledger/queries.ts'
import type { StoreReader } from '../../core/ledger/store.ts'
import { hostileLedger } from '../cli/hostile.ts'
import { openMarketplace, trade } from '../ledger/marketplace.ts'
import { memoryHome, TestLedger } from '../ledger/support.ts'

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('Say into which folder: make-journals.ts FOLDER')

async function writeJournals(name: string, store: StoreReader): Promise<void> {
  const { books, size } = (await trialBalance(store, false)) as { books: Record<string, string>; size: number }
  for (const [format, writer, accountOf] of [
    ['hledger', hledger, (book: string) => book],
    ['beancount', beancount, (book: string) => beancountAccount(classAndAccount(book))],
  ] as const) {
    const file = join(folder!, `${name}.${format}`)
    await writePartsDurably(file, writer(await exportSource(store)))
    const balances = Object.entries(books).filter(([, amount]) => amount !== '0')
    const lines = balances.map(([book, amount]) => `${accountOf(book)} ${sixDecimals(amount)}\n`)
    writeFileSync(`${file}.balances`, lines.sort().join(''))
  }
  await store.close()
  process.stdout.write(`${name}: ${size} entries\n`)
}

function classAndAccount(book: string): { book: BookClass; account?: string } {
  if (BOOK_CLASSES.includes(book as BookClass)) return { book: book as BookClass }
  const [name, account] = book.split(':') as [BookClass, string]
  return { book: name, account }
}

function sixDecimals(amount: string): string {
  const [whole, fraction = ''] = amount.split('.')
  return `${whole}.${fraction.padEnd(6, '0')}`
}

async function market(): Promise<StoreReader> {
  const memory = new MemoryLedger()
  const test = await TestLedger.found(memoryHome(memory))
  await trade(test, await openMarketplace(test))
  await test.close()
  return openMemoryReader(memory)
}

async function writeDemo(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'nimledger-demo-'))
  const place = demoPlace({ dir, passphrase: {} })
  const made = await makeDemo(place, DEMO_PASSPHRASE, () => {})
  if ('status' in made) throw new Error(`The demonstration was not made: ${made.message}`)
  await writeJournals('demo', await openSqliteReader(dir))
  rmSync(dir, { recursive: true })
}

mkdirSync(folder, { recursive: true })
await writeDemo()
await writeJournals('market', await market())
await writeJournals('hostile', await openMemoryReader(await hostileLedger()))
