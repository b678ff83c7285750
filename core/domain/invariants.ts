/**
 * What must hold of every entry, whatever its type did. A broken invariant is a bug: the core stops rather than write it.
 */

import { assert, InvariantError } from '../base/assert.ts'
import { MAX_OUTSTANDING_MICROS } from '../base/limits.ts'
import { totalOf } from './aged-sum.ts'
import { ACCOUNT_BOOKS, type BookClass, bookName, isInRange, PLATFORM_BOOKS } from './books.ts'
import { outstanding } from './credits.ts'
import { ZERO } from './money.ts'
import type { Posting } from './outcome.ts'
import { limitInForce } from './plans.ts'
import { EMPTY_WALLET, paidIn } from './purse.ts'
import { movedMicros, type Run, type WorkedRow } from './run.ts'
import * as state from './state.ts'
import type { RowKey } from './table.ts'

export function assertInvariants(run: Run, postings: readonly Posting[]): void {
  assertPostings(run, postings)
  assertAgedSums(run, postings)
  for (const worked of run.changed) {
    const { key } = worked
    switch (key.table) {
      case state.entryRecords:
        throw new InvariantError('entries of the log are read, never written')
      case state.accounts:
        assertBooksOf(worked, ACCOUNT_FIELDS, key.key)
        break
      case state.wallets:
        assertWallet(run, key.key)
        break
      case state.treasury.table:
        assertBooksOf(worked, PLATFORM_FIELDS, undefined)
        break
      case state.deployments:
        assertPlanLimit(run, key as RowKey<state.Deployments>)
    }
  }
}

function assertPostings(run: Run, postings: readonly Posting[]): void {
  let sum = 0n
  let feesMicros = 0n
  let creatorsMicros = 0n
  let isIssuing = false
  for (const { book, account, amountMicros, balanceMicros } of postings) {
    sum += amountMicros
    if (book === 'revenue:fees') feesMicros += amountMicros
    if (book === 'earnings' || book === 'payable') creatorsMicros += amountMicros
    if (book === 'issued' && amountMicros < 0n) isIssuing = true
    if (!isInRange(book, balanceMicros)) throw new InvariantError(`the book ${bookName(book, account)} stays in its range`)
  }
  assert(sum === 0n, () => `postings of ${run.id} sum to zero`)
  const { grossMicros, feeMicros } = run.payment ?? { grossMicros: ZERO, feeMicros: ZERO }
  // A refund and a withdrawal take fees back; nothing but a payment adds to them.
  assert(feesMicros === feeMicros || (run.payment === undefined && feesMicros < 0n), 'fees are taken by payments alone')
  assert(creatorsMicros <= grossMicros - feeMicros, 'creators are paid by payments alone')
  const treasury = run.get(state.treasury)
  if (treasury !== undefined && isIssuing) {
    assert(outstanding(treasury) <= MAX_OUTSTANDING_MICROS, 'credits outstanding stay within their bound')
  }
}

/** Earnings and revenue are the sums of their days, so that what ages and what is owed never diverge. */
function assertAgedSums(run: Run, postings: readonly Posting[]): void {
  for (const { book, account, balanceMicros } of postings) {
    const row = agedRow(book, account)
    if (row === undefined || totalOf(run.get(row)) === balanceMicros) continue
    throw new InvariantError(`the days of ${bookName(book, account)} are its sum`)
  }
}

function agedRow(book: BookClass, account: string | undefined) {
  if (book === 'earnings') return state.earnings.at(account!)
  if (book === 'revenue:fees') return state.revenue.at('fees')
  return book === 'revenue:plans' ? state.revenue.at('plans') : undefined
}

type BookFields = readonly (readonly [book: BookClass, field: string])[]

function fieldsOf(books: Readonly<Partial<Record<BookClass, { readonly field: string }>>>): BookFields {
  return Object.entries(books).map(([book, { field }]) => [book as BookClass, field])
}

const ACCOUNT_FIELDS = fieldsOf(ACCOUNT_BOOKS)
const PLATFORM_FIELDS = fieldsOf(PLATFORM_BOOKS)

/** Every book changed by exactly what was posted to it: no type changes a balance without a posting. */
function assertBooksOf(worked: WorkedRow, books: BookFields, account: string | undefined): void {
  const before = worked.before as Record<string, bigint> | undefined
  const row = worked.row as Record<string, bigint>
  for (const [book, field] of books) {
    if (row[field] === (before?.[field] ?? 0n) + movedMicros(worked, book)) continue
    throw new InvariantError(`the book ${bookName(book, account)} changed by its postings`)
  }
}

/** Lots are within the wallet, and what is set aside is the held book. */
function assertWallet(run: Run, account: string): void {
  const { walletMicros, heldMicros } = run.need(state.accounts.at(account))
  const wallet = run.get(state.wallets.at(account)) ?? EMPTY_WALLET
  const paidMicros = paidIn({ wallet, walletMicros, heldMicros, owedMicros: ZERO, lapsedMicros: ZERO })
  assert(paidMicros >= 0n, () => `the lots of ${account} are within its wallet`)
  const asideMicros = [...wallet.holds, ...wallet.reserves].reduce((sum, { amountMicros }) => sum + amountMicros, 0n)
  assert(asideMicros === heldMicros, () => `what ${account} has set aside is what it has held`)
}

function assertPlanLimit(run: Run, key: RowKey<state.Deployments>): void {
  const before = run.rows.get(key)?.models.length ?? 0
  const now = run.need(key).models.length
  if (now > before) assert(now <= limitInForce(run, key.key), () => `account ${key.key} deploys within its plan`)
}
