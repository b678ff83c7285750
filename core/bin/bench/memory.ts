/**
 * The memory of a sequencer whose ledger has a million accounts, in a process of its own: after it has opened the ledger, and
 * after every account has bought something. The accounts are written directly as rows like those of opened accounts, without
 * entries of their own, because the cost of a million openings is not the question here: such a ledger is of no other use.
 */

import { join } from 'node:path'
import { toHex } from '../../base/bytes.ts'
import { micros } from '../../domain/money.ts'
import { accountNumbers, accounts, keyrings, keys, platform, treasury } from '../../domain/state.ts'
import { encodeRow, type RowKey } from '../../domain/table.ts'
import { wholeSeconds } from '../../domain/time.ts'
import { openSqliteWriter } from '../../drivers/sqlite/store.ts'
import { readPlatform, readRow } from '../../ledger/queries.ts'
import type { StoreWriter } from '../../ledger/store.ts'
import { apart } from './apart.ts'
import { type BenchContext, type Figure, megabytes, rounded } from './figure.ts'
import { openMarket, payer } from './market.ts'
import { signedPurchases, writeNotes } from './notes.ts'
import { nextPurchases } from './purchases.ts'

const ACCOUNTS = 1_000_000
const ACCOUNTS_A_COMMIT = 5_000
const BALANCE = micros(1_000_000_000n)

export const memory: Figure = {
  name: 'memory',
  description: 'memory of a sequencer with a million accounts, all of which buy',
  onDemand: true,
  async *run(context) {
    const count = context.count ?? ACCOUNTS
    const folder = context.scratch()
    const { market, close } = await openMarket(folder, 1)
    await close()
    const store = await openSqliteWriter(folder)
    try {
      await populate(context, store, count)
    } finally {
      await store.close()
    }
    const notes = join(folder, 'notes')
    const range = nextPurchases(0, count, wholeSeconds(Date.now()))
    await writeNotes(notes, signedPurchases({ ...market, payers: count }, range))
    const { open, traded, peakBytes, seconds } = await apart({ name: 'memory', folder, notes })
    const opened = megabytes(open.processBytes)
    const sizes = { openMegabytes: opened, keptMegabytes: megabytes(traded.processBytes), peakMegabytes: megabytes(peakBytes) }
    const each = Math.round((traded.liveBytes - open.liveBytes) / count)
    yield { figure: 'memory', what: 'accounts', accounts: count, ...sizes, bytesAnAccount: each, seconds: rounded(seconds, 1) }
  },
}

/** Gives the market payers up to a number; it already has the first ones. */
async function populate(context: BenchContext, store: StoreWriter, payers: number): Promise<void> {
  const progress = context.progress('accounts')
  const like = (await readRow(store, accounts.at(payer(0).name)))!
  const ledger = await readPlatform(store)
  const books = (await readRow(store, treasury))!
  for (let from = 1; from < payers; from += ACCOUNTS_A_COMMIT) {
    const rows: Row[] = []
    const to = Math.min(payers, from + ACCOUNTS_A_COMMIT)
    for (let number = from; number < to; number++) {
      const { name, keyId, publicKey } = payer(number)
      const key = { publicKey: toHex(publicKey), scopes: ['all'], addedAt: like.openedAt }
      rows.push(
        row(accounts.at(name), { ...like, number: like.number + number, publicKey: key.publicKey, walletMicros: BALANCE }),
        row(accountNumbers.at(like.number + number), { account: name }),
        row(keys.at(name, keyId), key),
        row(keyrings.at(name), { keys: [{ key: keyId, isMaster: true }] }),
      )
    }
    const issuedMicros = micros(books.issuedMicros - BigInt(to - 1) * BALANCE)
    rows.push(row(platform, { ...ledger, accounts: ledger.accounts + to - 1 }), row(treasury, { ...books, issuedMicros }))
    await store.commit({ size: await store.size(), entries: [], rows, tiles: [] })
    progress(to, payers)
  }
}

type Row = ReturnType<typeof row>

function row<Value>(key: RowKey<Value>, value: Value) {
  return { table: key.table.name, key: key.key, value: encodeRow(value) }
}
