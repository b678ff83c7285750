/**
 * One transaction's changes on top of the rows, and the record of what it did: postings, payment, lines, accounts touched. Money
 * moves through the few methods here and no other way; invariants.ts checks the whole before anybody sees it.
 */

import { assert } from '../base/assert.ts'
import { withNew } from './aged-sum.ts'
import { ACCOUNT_BOOKS, type AccountBook, type BookClass, isAccountBook, PLATFORM_BOOKS } from './books.ts'
import { REVENUE_HOLD_DAYS } from './credits.ts'
import type { Aside, Effects, LineOutcome, PaymentFigures } from './define.ts'
import { assertInvariants } from './invariants.ts'
import { counted } from './key-limits.ts'
import { add, type Micros, micros, splitFee, ZERO } from './money.ts'
import type { Outcome, Payment, Posting } from './outcome.ts'
import { inForce } from './policy.ts'
import type { Purse } from './purse.ts'
import * as purses from './purse.ts'
import * as state from './state.ts'
import { type RowKey, RowMap } from './table.ts'
import type { Seconds } from './time.ts'
import { View } from './view.ts'

/** A row as a transaction leaves it; undefined where it was removed. */
interface RowChange {
  readonly key: RowKey
  readonly row: unknown
}

export type Changes = readonly RowChange[]

export interface Execution {
  readonly status: 'executed'
  readonly outcome: Outcome
  /** The rows changed, each once. */
  readonly changes: Changes
}

/** What one entry moves on one book. */
interface Movement {
  readonly book: BookClass
  readonly account: string | undefined
  amountMicros: Micros
}

export class Run extends View implements Effects<never> {
  readonly changes = new RowMap<RowChange>()
  /** In the order in which the books were moved first. */
  readonly #movements: Movement[] = []
  /** The same by account; the platform's own under the empty name. */
  readonly #movementsOf = new Map<string, Movement[]>()
  payment: Payment | undefined
  lines: readonly LineOutcome[] | undefined
  /** What the signer's key spent. */
  spentMicros: Micros = ZERO

  override get<Row>(key: RowKey<Row>): Row | undefined {
    const change = this.changes.get(key)
    return change === undefined ? this.rows.get(key) : (change.row as Row | undefined)
  }

  put<Row>(key: RowKey<Row>, row: Row): void {
    // Reading first asserts that the row was declared: what is written was seen.
    if (!this.changes.has(key)) this.rows.get(key)
    this.changes.set(key, { key, row })
  }

  remove(key: RowKey): void {
    this.put(key, undefined)
  }

  post(book: keyof typeof PLATFORM_BOOKS, amountMicros: bigint): void {
    const { field } = PLATFORM_BOOKS[book]
    const treasury = this.need(state.treasury)
    this.put(state.treasury, { ...treasury, [field]: micros(treasury[field] + amountMicros) })
    this.#record(book, undefined, amountMicros)
  }

  postTo(account: string, book: AccountBook, amountMicros: bigint): void {
    const { field } = ACCOUNT_BOOKS[book]
    const row = this.need(state.accounts.at(account))
    this.put(state.accounts.at(account), { ...row, [field]: micros(row[field] + amountMicros) })
    if (book === 'receivable') {
      const treasury = this.need(state.treasury)
      this.put(state.treasury, { ...treasury, receivablesMicros: micros(treasury.receivablesMicros + amountMicros) })
    }
    this.#record(book, account, amountMicros)
  }

  take(account: string, amountMicros: Micros): state.Slice[] {
    const { purse, slices } = purses.burn(this.#settled(account), amountMicros)
    this.#movePurse(account, purse)
    return slices
  }

  takePaid(account: string, amountMicros: Micros): void {
    const purse = this.#settled(account)
    assert(amountMicros <= purses.paidIn(purse), 'no more paid credits are taken than there are')
    this.#movePurse(account, { ...purse, walletMicros: micros(purse.walletMicros - amountMicros) })
  }

  give(account: string, slices: readonly state.Slice[]): void {
    this.#movePurse(account, purses.refill(this.#settled(account), slices, this.time))
  }

  grant(account: string, lot: state.Lot): void {
    this.#movePurse(account, purses.withLot(this.#settled(account), lot, this.time))
  }

  setAside(account: string, { kind, id }: Aside, amountMicros: Micros, endsAt: Seconds): void {
    if (kind === 'holds') this.spentMicros = add(this.spentMicros, amountMicros)
    this.#movePurse(account, purses.setAside(this.#settled(account), kind, { id, endsAt, amountMicros }))
  }

  release(account: string, { kind, id }: Aside, takenMicros: Micros): state.Slice[] {
    const { purse, taken } = purses.release(this.#purse(account), kind, id, takenMicros, this.time)
    this.#movePurse(account, purse)
    return taken
  }

  draw(account: string, { kind, id }: Aside, amountMicros: Micros): state.Slice[] {
    const { purse, taken } = purses.draw(this.#purse(account), kind, id, amountMicros)
    this.#movePurse(account, purse)
    return taken
  }

  moveEnd(account: string, { kind, id }: Aside, endsAt: Seconds): void {
    const moved = purses.withEnd(this.#purse(account), kind, id, endsAt)
    this.#movePurse(account, endsAt > this.time ? moved : purses.settle(moved, this.time))
  }

  #purse(account: string): Purse {
    const { walletMicros, heldMicros, receivableMicros } = this.need(state.accounts.at(account))
    const wallet = this.get(state.wallets.at(account)) ?? purses.EMPTY_WALLET
    return { wallet, walletMicros, heldMicros, owedMicros: micros(-receivableMicros), lapsedMicros: ZERO }
  }

  /** What time alone decides is posted with the first movement of the wallet, in the same entry. */
  #settled(account: string): Purse {
    return purses.settle(this.#purse(account), this.time)
  }

  /** Makes the account's rows and the postings what the purse says. */
  #movePurse(account: string, after: Purse): void {
    const before = this.#purse(account)
    const moved = (book: AccountBook, amountMicros: bigint) => amountMicros !== 0n && this.postTo(account, book, amountMicros)
    moved('held', after.heldMicros - before.heldMicros)
    moved('wallet', after.walletMicros - before.walletMicros)
    moved('receivable', before.owedMicros - after.owedMicros)
    if (after.lapsedMicros > 0n) this.post('promotions', after.lapsedMicros)
    if (after.wallet === before.wallet) return
    const { lots, holds, reserves } = after.wallet
    if (lots.length + holds.length + reserves.length === 0) this.remove(state.wallets.at(account))
    else this.put(state.wallets.at(account), after.wallet)
  }

  earn(account: string, amountMicros: Micros): Micros {
    const owedMicros = micros(-this.need(state.accounts.at(account)).receivableMicros)
    const coveredMicros = owedMicros < amountMicros ? owedMicros : amountMicros
    if (coveredMicros > 0n) this.postTo(account, 'receivable', coveredMicros)
    const restMicros = micros(amountMicros - coveredMicros)
    this.postTo(account, 'earnings', restMicros)
    return restMicros
  }

  collect(kind: 'fees' | 'plans', amountMicros: Micros): void {
    const row = state.revenue.at(kind)
    this.post(`revenue:${kind}`, amountMicros)
    this.put(row, withNew(this.get(row), amountMicros, this.time, REVENUE_HOLD_DAYS))
  }

  pay(payer: string, payee: string, grossMicros: Micros, slices?: readonly state.Slice[]): PaymentFigures {
    const { feeBps, earningsHoldDays } = inForce(this)
    const taken = slices ?? this.#spend(payer, grossMicros)
    const split = splitFee(grossMicros, feeBps, this.need(state.accounts.at(payee)).carry)
    this.collect('fees', split.feeMicros)
    const earnedMicros = this.earn(payee, split.takeHomeMicros)
    this.put(state.accounts.at(payee), { ...this.need(state.accounts.at(payee)), carry: split.carry })
    const before = this.get(state.earnings.at(payee))
    this.put(state.earnings.at(payee), withNew(before, earnedMicros, this.time, earningsHoldDays))
    const figures = { feeMicros: split.feeMicros, slices: purses.toRemember(taken) }
    this.#recordPayment({ payer, payee, grossMicros, feeBps, ...figures })
    return figures
  }

  payPlatform(payer: string, amountMicros: Micros): void {
    const slices = purses.toRemember(this.#spend(payer, amountMicros))
    this.collect('plans', amountMicros)
    this.#recordPayment({ payer, grossMicros: amountMicros, feeMicros: ZERO, feeBps: 0, slices })
  }

  /** A payment of nothing moves no wallet. */
  #spend(payer: string, amountMicros: Micros): state.Slice[] {
    if (amountMicros === 0n) return []
    if (payer === this.signer) this.spentMicros = add(this.spentMicros, amountMicros)
    return this.take(payer, amountMicros)
  }

  #recordPayment(payment: Payment): void {
    const before = this.payment
    if (before === undefined) this.payment = payment
    else {
      // Many payments in one entry, the lines of a batch, are told one by one by the lines; here stands their sum.
      const { feeBps } = payment
      const grossMicros = add(before.grossMicros, payment.grossMicros)
      this.payment = { grossMicros, feeMicros: add(before.feeMicros, payment.feeMicros), feeBps, slices: [] }
    }
  }

  recordLines(lines: readonly LineOutcome[]): void {
    this.lines = lines
    const { feeBps } = inForce(this)
    const { grossMicros, feeMicros } = this.payment ?? { grossMicros: ZERO, feeMicros: ZERO }
    this.payment = { grossMicros, feeMicros, feeBps, slices: [] }
  }

  #record(book: BookClass, account: string | undefined, amountMicros: bigint): void {
    const movements = this.#movementsOf.get(account ?? '') ?? []
    const before = movements.find((one) => one.book === book)
    if (before !== undefined) {
      before.amountMicros = micros(before.amountMicros + amountMicros)
      return
    }
    const movement = { book, account, amountMicros: micros(amountMicros) }
    this.#movements.push(movement)
    if (movements.push(movement) === 1) this.#movementsOf.set(account ?? '', movements)
  }

  /** What the entry moved on a book so far. */
  movedMicros(book: BookClass, account: string | undefined): Micros {
    return this.#movementsOf.get(account ?? '')?.find((one) => one.book === book)?.amountMicros ?? ZERO
  }

  finish(): Execution {
    this.#countSpending()
    const touched = this.#touch()
    const postings = this.#settledPostings()
    assertInvariants(this, postings)
    const created = this.created === '' ? {} : { created: this.created }
    const payment = this.payment === undefined ? {} : { payment: this.payment }
    const lines = this.lines === undefined ? {} : { lines: this.lines }
    return { status: 'executed', outcome: { postings, touched, ...payment, ...created, ...lines }, changes: this.changes.values }
  }

  /** What a key with a budget spent counts against it, for the types that the scope `spend` is for. */
  #countSpending(): void {
    if (this.keyId === undefined || this.spentMicros === 0n || this.definition.scope !== 'spend') return
    const row = state.keys.at(this.signer, this.keyId)
    const key = this.need(row)
    if (key.budget === undefined) return
    const spent = counted(key, this.time, this.spentMicros)!
    assert(spent.amountMicros <= key.budget.amountMicros, () => `the key ${this.keyId} spends within its budget`)
    this.put(row, { ...key, spent })
  }

  /** Counts the entry for its signers and for the owner of every row it changed. */
  #touch(): Outcome['touched'] {
    const owners = new Set(this.signers)
    for (const { key, row } of this.changes.values) {
      const owner = key.table.owner(row ?? this.rows.get(key), key.key)
      if (owner !== undefined) owners.add(owner)
    }
    return [...owners].map((account) => {
      const row = this.need(state.accounts.at(account))
      this.put(state.accounts.at(account), { ...row, entries: row.entries + 1, last: this.index })
      const { number } = row
      return row.entries > 0 ? { account, number, previous: row.last } : { account, number }
    })
  }

  #settledPostings(): Posting[] {
    const settled: Posting[] = []
    for (const { book, account, amountMicros } of this.#movements) {
      if (amountMicros === 0n) continue
      const balanceMicros =
        account !== undefined && isAccountBook(book)
          ? this.need(state.accounts.at(account))[ACCOUNT_BOOKS[book].field]
          : this.need(state.treasury)[PLATFORM_BOOKS[book as keyof typeof PLATFORM_BOOKS].field]
      settled.push(account === undefined ? { book, amountMicros, balanceMicros } : { book, account, amountMicros, balanceMicros })
    }
    return settled
  }
}
