/**
 * One transaction's changes on top of the rows, and the record of what it did: postings, payment, lines, accounts touched. Money
 * moves through the few methods here and no other way; invariants.ts checks the whole before anybody sees it.
 */

import { assert, InvariantError } from '../base/assert.ts'
import { withNew } from './aged-sum.ts'
import { ACCOUNT_BOOKS, type AccountBook, type BookClass, PLATFORM_BOOKS, type PlatformBook } from './books.ts'
import { REVENUE_HOLD_DAYS } from './credits.ts'
import type { Aside, Effects, LineOutcome, PaymentFigures, Takings } from './define.ts'
import { assertInvariants } from './invariants.ts'
import { spentWith } from './key-limits.ts'
import { add, type FeeSplit, type Micros, micros, splitFee, ZERO } from './money.ts'
import type { Outcome, Payment, Posting, Touched } from './outcome.ts'
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

/** What one entry moves on one book: its posting, whose balance is filled in at the end. */
type Movement = Draft<Posting>

/** A row that the transaction works on: as it was before, and as it is now. */
export interface WorkedRow extends RowChange {
  readonly before: unknown
  row: unknown
  isChanged: boolean
  /** The row was copied for this transaction and nobody has seen the copy, so it may be written to. */
  isDraft: boolean
  /** What is moved on the row's books, once something is. */
  movements: Movement[] | undefined
}

type Draft<Row> = { -readonly [field in keyof Row]: Row[field] }

export class Run extends View implements Effects<never> {
  /** In the order in which they were first changed. */
  readonly changed: WorkedRow[] = []
  readonly #worked = new RowMap<WorkedRow>()
  /** In the order in which the books were moved first; and the rows that the books are of. */
  readonly #movements: Movement[] = []
  readonly #movedRows: WorkedRow[] = []
  payment: Payment | undefined
  lines: readonly LineOutcome[] | undefined
  /** What the signer's key spent. */
  spentMicros: Micros = ZERO

  override get<Row>(key: RowKey<Row>): Row | undefined {
    const worked = this.#worked.get(key)
    if (worked === undefined) return this.rows.get(key)
    // The caller may keep the row, so from now on it stays as it is.
    worked.isDraft = false
    return worked.row as Row | undefined
  }

  put<Row>(key: RowKey<Row>, row: Row): void {
    // Reading it asserts that the row was declared: nothing is written that was not read.
    const worked = this.#work(key)
    worked.row = row
    worked.isDraft = false
    this.#change(worked)
  }

  #work(key: RowKey): WorkedRow {
    const known = this.#worked.get(key)
    if (known !== undefined) return known
    const before: unknown = this.rows.get(key)
    const worked = { key, before, row: before, isChanged: false, isDraft: false, movements: undefined }
    this.#worked.add(key, worked)
    return worked
  }

  #change(worked: WorkedRow): void {
    if (worked.isChanged) return
    worked.isChanged = true
    this.changed.push(worked)
  }

  /** A copy of the row that can be written to, as the row's new value. */
  #draft<Row extends object>(key: RowKey<Row>): Draft<Row> {
    return this.#draftOf(this.#work(key)) as Draft<Row>
  }

  #draftOf(worked: WorkedRow): object {
    if (worked.isDraft) return worked.row as object
    const draft = { ...existing(worked) }
    worked.row = draft
    worked.isDraft = true
    this.#change(worked)
    return draft
  }

  /** The account's row as it is now; the caller only looks at it, and is done with it before anything changes. */
  #peek(account: string): state.Account {
    return existing(this.#work(state.accounts.at(account))) as state.Account
  }

  remove(key: RowKey): void {
    this.put(key, undefined)
  }

  post(book: keyof typeof PLATFORM_BOOKS, amountMicros: bigint): void {
    const treasury = this.#work(state.treasury)
    addTo(this.#draftOf(treasury), PLATFORM_BOOKS[book].field, amountMicros)
    this.#record(treasury, book, undefined, amountMicros)
  }

  postTo(account: string, book: AccountBook, amountMicros: bigint): void {
    const row = this.#work(state.accounts.at(account))
    addTo(this.#draftOf(row), ACCOUNT_BOOKS[book].field, amountMicros)
    if (book === 'receivable') addTo(this.#draft(state.treasury), 'receivablesMicros', amountMicros)
    this.#record(row, book, account, amountMicros)
  }

  take(account: string, amountMicros: Micros): state.Slice[] {
    const before = this.#purse(account)
    const { purse, slices } = purses.burn(this.#settled(before), amountMicros)
    this.#movePurse(account, before, purse)
    return slices
  }

  takePaid(account: string, amountMicros: Micros): void {
    const before = this.#purse(account)
    const settled = this.#settled(before)
    assert(amountMicros <= purses.paidIn(settled), 'no more paid credits are taken than there are')
    this.#movePurse(account, before, purses.withoutPaid(settled, amountMicros))
  }

  give(account: string, slices: readonly state.Slice[]): void {
    const before = this.#purse(account)
    this.#movePurse(account, before, purses.refill(this.#settled(before), slices, this.time))
  }

  grant(account: string, lot: state.Lot): void {
    const before = this.#purse(account)
    this.#movePurse(account, before, purses.withLot(this.#settled(before), lot, this.time))
  }

  setAside(account: string, { kind, id }: Aside, amountMicros: Micros, endsAt: Seconds): void {
    if (kind === 'holds') this.spentMicros = add(this.spentMicros, amountMicros)
    const before = this.#purse(account)
    this.#movePurse(account, before, purses.setAside(this.#settled(before), kind, { id, endsAt, amountMicros }))
  }

  release(account: string, { kind, id }: Aside, takenMicros: Micros): state.Slice[] {
    const before = this.#purse(account)
    const { purse, taken } = purses.release(before, kind, id, takenMicros, this.time)
    this.#movePurse(account, before, purse)
    return taken
  }

  draw(account: string, { kind, id }: Aside, amountMicros: Micros): state.Slice[] {
    const before = this.#purse(account)
    const { purse, taken } = purses.draw(before, kind, id, amountMicros)
    this.#movePurse(account, before, purse)
    return taken
  }

  moveEnd(account: string, { kind, id }: Aside, endsAt: Seconds): void {
    const before = this.#purse(account)
    const moved = purses.withEnd(before, kind, id, endsAt)
    this.#movePurse(account, before, endsAt > this.time ? moved : purses.settle(moved, this.time))
  }

  #purse(account: string): Purse {
    const { walletMicros, heldMicros, receivableMicros } = this.#peek(account)
    const wallet = this.get(state.wallets.at(account)) ?? purses.EMPTY_WALLET
    return { wallet, walletMicros, heldMicros, owedMicros: micros(-receivableMicros), lapsedMicros: ZERO }
  }

  /** What time alone decides is posted with the first movement of the wallet, in the same entry. */
  #settled(purse: Purse): Purse {
    return purses.settle(purse, this.time)
  }

  /** Changes the account's rows and makes the postings: the difference between the purse before and the purse after. */
  #movePurse(account: string, before: Purse, after: Purse): void {
    this.#moveTo(account, 'held', before.heldMicros, after.heldMicros)
    this.#moveTo(account, 'wallet', before.walletMicros, after.walletMicros)
    this.#moveTo(account, 'receivable', after.owedMicros, before.owedMicros)
    if (after.lapsedMicros > 0n) this.post('promotions', after.lapsedMicros)
    if (after.wallet === before.wallet) return
    const { lots, holds, reserves } = after.wallet
    if (lots.length + holds.length + reserves.length === 0) this.remove(state.wallets.at(account))
    else this.put(state.wallets.at(account), after.wallet)
  }

  #moveTo(account: string, book: AccountBook, fromMicros: Micros, toMicros: Micros): void {
    if (fromMicros !== toMicros) this.postTo(account, book, toMicros - fromMicros)
  }

  earn(account: string, amountMicros: Micros): Micros {
    const owedMicros = micros(-this.#peek(account).receivableMicros)
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
    const { feeBps } = inForce(this)
    const taken = slices ?? this.#spend(payer, grossMicros)
    const split = splitFee(grossMicros, feeBps, this.#peek(payee).carry)
    this.#receive(payee, split)
    const figures = { feeMicros: split.feeMicros, slices: purses.toRemember(taken) }
    this.#recordPayment({ payer, payee, grossMicros, feeBps, ...figures })
    return figures
  }

  /** What a payment brings to the platform and to the creator. */
  #receive(payee: string, { feeMicros, takeHomeMicros, carry }: FeeSplit): void {
    const { earningsHoldDays } = inForce(this)
    this.collect('fees', feeMicros)
    const earnedMicros = this.earn(payee, takeHomeMicros)
    this.#draft(state.accounts.at(payee)).carry = carry
    const earnings = state.earnings.at(payee)
    this.put(earnings, withNew(this.get(earnings), earnedMicros, this.time, earningsHoldDays))
  }

  takings(payee: string): Takings {
    const { feeBps } = inForce(this)
    let { carry } = this.#peek(payee)
    let grossMicros = ZERO
    let feeMicros = ZERO
    let first: FeeSplit | undefined
    let hasBegun = false
    return {
      add: (addedMicros) => {
        const split = splitFee(addedMicros, feeBps, carry)
        carry = split.carry
        grossMicros = micros(grossMicros + addedMicros)
        feeMicros = micros(feeMicros + split.feeMicros)
        first ??= split
        return split.feeMicros
      },
      begin: () => {
        if (hasBegun) return
        assert(first !== undefined, 'books are moved by payments')
        this.#receive(payee, first)
        hasBegun = true
      },
      settle: () => {
        if (first === undefined) return
        assert(hasBegun, 'the credits of payments were taken')
        const laterFeeMicros = micros(feeMicros - first.feeMicros)
        const laterHomeMicros = micros(grossMicros - feeMicros - first.takeHomeMicros)
        this.#receive(payee, { feeMicros: laterFeeMicros, takeHomeMicros: laterHomeMicros, carry })
        // The lines tell the payments one by one; here stands their sum.
        this.#recordPayment({ grossMicros, feeMicros, feeBps, slices: [] })
      },
    }
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
    assert(this.payment === undefined, 'an entry makes one payment, or takings of many')
    this.payment = payment
  }

  recordLines(lines: readonly LineOutcome[]): void {
    this.lines = lines
    this.payment ??= { grossMicros: ZERO, feeMicros: ZERO, feeBps: inForce(this).feeBps, slices: [] }
  }

  #record(worked: WorkedRow, book: BookClass, account: string | undefined, amountMicros: bigint): void {
    const before = movementOn(worked, book)
    if (before !== undefined) {
      before.amountMicros = micros(before.amountMicros + amountMicros)
      return
    }
    const movedMicros = micros(amountMicros)
    const movement: Movement =
      account === undefined
        ? { book, amountMicros: movedMicros, balanceMicros: ZERO }
        : { book, account, amountMicros: movedMicros, balanceMicros: ZERO }
    this.#movements.push(movement)
    this.#movedRows.push(worked)
    if (worked.movements === undefined) worked.movements = [movement]
    else worked.movements.push(movement)
  }

  finish(): Execution {
    this.#countSpending()
    const touched = this.#touch()
    const postings = this.#settledPostings()
    assertInvariants(this, postings)
    const outcome: Draft<Outcome> = { postings, touched }
    if (this.payment !== undefined) outcome.payment = this.payment
    if (this.created !== '') outcome.created = this.created
    if (this.lines !== undefined) outcome.lines = this.lines
    return { status: 'executed', outcome, changes: this.changed }
  }

  /** Counts what was spent against the budget of the key, for types that the scope `spend` covers. */
  #countSpending(): void {
    if (this.keyId === undefined || this.spentMicros === 0n || this.definition.scope !== 'spend') return
    const row = state.keys.at(this.signer, this.keyId)
    const key = this.need(row)
    if (key.budget === undefined) return
    const spent = spentWith(key, this.time, this.spentMicros)!
    assert(spent.amountMicros <= key.budget.amountMicros, () => `the key ${this.keyId} spends within its budget`)
    this.put(row, { ...key, spent })
  }

  /** Counts the entry for its signers and for the owner of every row it changed. */
  #touch(): Outcome['touched'] {
    const owners: string[] = []
    for (const account of this.signers) if (!owners.includes(account)) owners.push(account)
    for (const { key, row, before } of this.changed) {
      const owner = key.table.owner(row ?? before, key.key)
      if (owner !== undefined && !owners.includes(owner)) owners.push(owner)
    }
    return owners.map((account): Touched => {
      const row = this.#draft(state.accounts.at(account))
      const { number, entries, last } = row
      row.entries = entries + 1
      row.last = this.index
      return entries > 0 ? { account, number, previous: last } : { account, number }
    })
  }

  #settledPostings(): readonly Posting[] {
    let hasIdle = false
    for (let i = 0; i < this.#movements.length; i++) {
      const movement = this.#movements[i]!
      const { field } =
        movement.account === undefined
          ? PLATFORM_BOOKS[movement.book as PlatformBook]
          : ACCOUNT_BOOKS[movement.book as AccountBook]
      movement.balanceMicros = (this.#movedRows[i]!.row as Record<string, Micros>)[field]!
      if (movement.amountMicros === 0n) hasIdle = true
    }
    return hasIdle ? this.#movements.filter(({ amountMicros }) => amountMicros !== 0n) : this.#movements
  }
}

function existing({ key, row }: WorkedRow): object {
  if (row === undefined) throw new InvariantError(`the row ${key.path} exists`)
  return row as object
}

function addTo(row: object, field: string, amountMicros: bigint): void {
  const amounts = row as Record<string, bigint>
  amounts[field] = amounts[field]! + amountMicros
}

/** The movement on one of the row's books. */
function movementOn({ movements }: WorkedRow, book: BookClass): Movement | undefined {
  if (movements === undefined) return undefined
  for (const movement of movements) if (movement.book === book) return movement
  return undefined
}

/** What the entry moves on a book of the row. */
export function movedMicros(worked: WorkedRow, book: BookClass): Micros {
  return movementOn(worked, book)?.amountMicros ?? ZERO
}
